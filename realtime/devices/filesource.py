"""An audio file as a source of sound: a worker reads it into a ring ahead of the stream. Worker thread."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from realtime.base.audiofile import open_audio, read_blocks
from realtime.base.errors import AudioFileError
from realtime.base.ring import Ring

AHEAD_S = 2.0
READ_FRAMES = 4096


class FileSource:
    """Reads one file, mixed to one channel or with one picked, into `ring`.

    Parameters
    ----------
    path : Path
        Anything soundfile reads.
    channel : int or None
        The channel to take; None mixes all.
    tail : int
        Frames of silence after the end, so that a delayed chain gives its last sound.

    Raises
    ------
    AudioFileError
        If the file cannot be read or has no such channel.
    """

    def __init__(self, path: Path, channel: int | None = None, tail: int = 0) -> None:
        self._file = open_audio(path)
        if channel is not None and channel >= self._file.channels:
            raise AudioFileError(f"{path} has {self._file.channels} channel(s), not {channel + 1}; pick another")
        self.sample_rate = float(self._file.samplerate)
        self.n_frames = int(self._file.frames)
        self.channel = channel
        self.tail = tail
        self.problem: str | None = None
        self.ring = Ring(int(AHEAD_S * self.sample_rate))
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, ended: Callable[[], None]) -> None:
        """Read ahead; call `ended` once the last sample is in the ring. [main-thread]

        Returns with sound in the ring, so that the stream's first block holds the file's first sample. A file that
        proves to be damaged, or to hold what is no sound, ends there, and `problem` says so.
        """
        self._thread = threading.Thread(target=self._feed, args=(ended,), name="file source", daemon=True)
        self._thread.start()
        while self.ring.is_empty and not self._ended.is_set():
            time.sleep(0.001)

    @property
    def drained(self) -> bool:
        """Return whether the stream has taken the last sample. [main-thread]"""
        return self._ended.is_set() and self.ring.is_empty

    def stop(self) -> None:
        """Stop reading and close the file. [main-thread]"""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._file.close()

    def _feed(self, ended: Callable[[], None]) -> None:
        if self.n_frames == 0:
            self.problem = f"{self._file.name} is empty: there is no sound in it; give another file"
        try:
            for frames in read_blocks(self._file, READ_FRAMES):
                if not self._put(frames.mean(axis=1) if self.channel is None else frames[:, self.channel]):
                    return
        except AudioFileError as error:
            self.problem = str(error)
        if self._put(np.zeros(self.tail, np.float32)):
            self._ended.set()
            ended()

    def _put(self, samples: np.ndarray) -> bool:
        rows = samples.astype(np.float32)[:, None]
        while len(rows):
            rows = rows[self.ring.write(rows) :]
            if len(rows) and self._stop.wait(0.02):
                return False
        return not self._stop.is_set()
