"""Clips as a source of sound that does not end: one over and over, alone or with noise at a chosen SNR. Worker thread.

For hearing a model at work without a microphone. The noise is brought to the clip's rate once, when it is opened.
"""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from realtime.base.audiofile import open_audio
from realtime.base.errors import AudioFileError
from realtime.base.ring import Ring
from realtime.base.units import db_to_gain

AHEAD_S = 0.25
"""Sound kept ready; a new SNR is heard after at most so long."""

MAX_CLIP_S = 600.0
CHUNK = 1024


def read_clip(path: Path, channel: int | None = None) -> tuple[NDArray[np.float32], float]:
    """Return one channel, float32[n], of a file and its rate in Hz. [worker-thread]

    Raises
    ------
    AudioFileError
        If it cannot be read, is empty, is longer than `MAX_CLIP_S` or has no such channel.
    """
    with open_audio(path) as file:
        rate, n_channels = float(file.samplerate), file.channels
        if file.frames > MAX_CLIP_S * rate:
            raise AudioFileError(
                f"{path} lasts {file.frames / rate / 60:.0f} minutes; a clip has at most {MAX_CLIP_S / 60:.0f}: "
                "give a shorter one, or 'unfold enhance' for a whole recording"
            )
        try:
            frames = file.read(dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, OSError) as error:
            raise AudioFileError(f"{path} is damaged ({error}); copy it anew") from None
    if not len(frames):
        raise AudioFileError(f"{path} holds no sound; give another file")
    if channel is not None and channel >= n_channels:
        raise AudioFileError(f"{path} has {n_channels} channel(s), not {channel + 1}; pick another")
    samples = frames.mean(axis=1) if channel is None else frames[:, channel]
    return np.ascontiguousarray(samples, np.float32), rate


def resampled(x: NDArray[np.float32], rate: float, wanted: float) -> NDArray[np.float32]:
    """Return a clip at another rate, band-limited, as if it were periodic. [thread-safe]"""
    if rate == wanted:
        return x
    n = max(1, round(len(x) * wanted / rate))
    spectrum = np.fft.rfft(x)
    return (np.fft.irfft(spectrum[: n // 2 + 1], n) * (n / len(x))).astype(np.float32)


class ClipSource:
    """Plays a clip in a loop into `ring`, and noise under it.

    Parameters
    ----------
    path : Path
        The clip.
    noise : Path or None
        Mixed in, in a loop of its own.
    snr_db : float
        Energy of the clip over that of the noise, both over their whole length; live.
    channel : int or None
        The channel of the clip to take; None mixes all.

    Raises
    ------
    AudioFileError
        If a file cannot be used.
    """

    def __init__(self, path: Path, noise: Path | None = None, snr_db: float = 0.0, channel: int | None = None) -> None:
        self._clip, self.sample_rate = read_clip(path, channel)
        self._noise: NDArray[np.float32] | None = None
        if noise is not None:
            samples, rate = read_clip(noise)
            samples = resampled(samples, rate, self.sample_rate)
            level = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
            wanted = float(np.sqrt(np.mean(self._clip.astype(np.float64) ** 2)))
            self._noise = samples * np.float32(wanted / max(level, 1e-9))
        self.snr_db = snr_db
        self.ring = Ring(int(AHEAD_S * self.sample_rate))
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, ended: Callable[[], None]) -> None:
        """Play; `ended` is never called, for a loop has no end. [main-thread]"""
        self._thread = threading.Thread(target=self._feed, name="clip source", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop playing. [main-thread]"""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _feed(self) -> None:
        place = 0
        while not self._stop.is_set():
            at = np.arange(place, place + CHUNK)
            rows = self._clip[at % len(self._clip)]
            if self._noise is not None:
                rows = rows + self._noise[at % len(self._noise)] * np.float32(db_to_gain(-self.snr_db))
            rows = rows[:, None]
            place += CHUNK
            while len(rows := rows[self.ring.write(rows) :]):
                if self._stop.wait(0.01):
                    return
