"""Dry and wet to disk, lined up to the sample: a worker drains the wave ring into two files. Worker thread.

The files' headers are renewed four times a second, so a take that is killed still opens and lacks at most the last
second; past 4 GB a WAV becomes RF64. A full ring refuses rows and counts them; it never holds up the sound.
"""

import contextlib
import itertools
import threading
import time
from pathlib import Path

import numpy as np
import soundfile

from realtime.base.audiofile import create_audio, renew_header
from realtime.base.errors import AudioFileError
from realtime.base.ring import Ring

SYNC_S = 0.25


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
        self.n_frames = 0
        self.problem: str | None = None
        self._ring = ring
        self._stop = threading.Event()
        subtype = "FLOAT" if kind == "wav" else "PCM_24"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.dry, self.wet = _free_names(folder, kind)
        except OSError as error:
            raise AudioFileError(f"{folder} cannot be recorded into ({error}); name a folder you can write") from None
        self._files = [
            create_audio(path, round(sample_rate), 1, kind.upper(), subtype) for path in (self.dry, self.wet)
        ]
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
                        renew_header(file)
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
            f"the take ended after {self.n_frames} frames, as {self.dry.parent} takes no more ({reason.rstrip('.')}); "
            "what was written is kept; free some space and start a new take"
        )
        # The other file is still worth closing when one cannot be.
        for finish in (renew_header, soundfile.SoundFile.close):
            for file in self._files:
                with contextlib.suppress(soundfile.LibsndfileError, OSError):
                    finish(file)


def _free_names(folder: Path, kind: str) -> tuple[Path, Path]:
    stamp = time.strftime("%Y-%m-%d_%H-%M-%S")
    for n in itertools.count(1):
        take = stamp if n == 1 else f"{stamp}-{n}"
        dry, wet = folder / f"{take}-dry.{kind}", folder / f"{take}-wet.{kind}"
        if not (dry.exists() or wet.exists()):
            break
    return dry, wet
