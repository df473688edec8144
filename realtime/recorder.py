"""Dry and wet to disk, lined up to the sample: a worker drains the wave ring into two files. Worker thread.

The files' headers are renewed every half second, so a take that is killed still opens and lacks at most the last
second. A full ring refuses rows and counts them; it never holds up the sound.
"""

import threading
import time
from pathlib import Path

import numpy as np
import soundfile

from realtime.base.errors import AudioFileError
from realtime.base.ring import Ring

SYNC_S = 0.5
_UPDATE_HEADER_NOW = 0x1060  # SFC_UPDATE_HEADER_NOW of sndfile.h


def _renew_header(file: soundfile.SoundFile) -> None:
    """Write the header for what the file holds now (soundfile has no public call for it)."""
    soundfile._snd.sf_command(file._file, _UPDATE_HEADER_NOW, soundfile._ffi.NULL, 0)
    file.flush()


class Recorder:
    """One take.

    Parameters
    ----------
    ring : Ring
        Rows (dry, wet), float32.
    folder : Path
        Made if missing; the files are named by date and time.
    sample_rate : float
        Hz.
    kind : str
        "wav" (32-bit float) or "flac" (24 bit).

    Raises
    ------
    AudioFileError
        If the files cannot be made.
    """

    def __init__(self, ring: Ring, folder: Path, sample_rate: float, kind: str = "wav") -> None:
        stamp = time.strftime("%Y-%m-%d_%H-%M-%S")
        self.dry = _free_name(folder, stamp, f"dry.{kind}")
        self.wet = _free_name(folder, stamp, f"wet.{kind}")
        self.n_frames = 0
        self.problem: str | None = None
        self._ring = ring
        self._stop = threading.Event()
        subtype = "FLOAT" if kind == "wav" else "PCM_24"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._files = [
                soundfile.SoundFile(path, "w", round(sample_rate), 1, subtype) for path in (self.dry, self.wet)
            ]
        except (soundfile.LibsndfileError, OSError, ValueError) as error:
            raise AudioFileError(f"{folder} cannot be recorded into ({error}); name a folder you can write") from None
        self._thread = threading.Thread(target=self._drain, name="recorder", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is left and close the files; the sender must have stopped. [main-thread]"""
        self._stop.set()
        self._thread.join()

    def _drain(self) -> None:
        renewed = time.monotonic()
        while True:
            last = self._stop.is_set()
            rows = self._ring.read()
            try:
                self._write(rows)
                if time.monotonic() - renewed > SYNC_S:
                    renewed = time.monotonic()
                    for file in self._files:
                        _renew_header(file)
                if last:
                    for file in self._files:
                        file.close()
                    return
            except (soundfile.LibsndfileError, OSError) as error:
                self._end_early(str(error))
                return
            self._stop.wait(0.05)

    def _write(self, rows: np.ndarray) -> None:
        if len(rows):
            for column, file in enumerate(self._files):
                file.write(np.ascontiguousarray(rows[:, column]))
            self.n_frames += len(rows)

    def _end_early(self, reason: str) -> None:
        self.problem = (
            f"the take ended after {self.n_frames} frames ({reason}); what was written is kept in {self.dry.parent}"
        )
        for file in self._files:
            try:
                file.close()
            except (soundfile.LibsndfileError, OSError):
                continue  # the other file is still worth closing


def _free_name(folder: Path, stamp: str, ending: str) -> Path:
    path, n = folder / f"{stamp}-{ending}", 2
    while path.exists():
        path, n = folder / f"{stamp}-{n}-{ending}", n + 1
    return path
