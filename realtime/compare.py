"""Other chains on the sound that was heard: what they would have made of it, and what they would cost. Worker thread.

Nothing here touches the running engine: samples that the wave ring has handed out go through an engine of its own, at
the pace of whoever calls. Best effort: who is late leaves samples out.
"""

import time
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.base.units import gain_to_db
from realtime.dsp.stft import window_size, windows
from realtime.engine.chain import Chain
from realtime.render import Stream

Floats = NDArray[np.float32]

RECENT_S = 1.0
"""Sound over which removal and load are told."""

_CHUNK = 4096


@dataclass(frozen=True)
class Followed:
    """What a chain made of some samples.

    Attributes
    ----------
    magnitudes : float32[n, n_bins]
        Of its output, lined up with the input; 1 is a sine of full scale.
    removed_db : float
        By how much the energy of the last second falls; negative where it rises.
    load : float
        CPU time over duration of the last second.
    """

    magnitudes: Floats
    removed_db: float
    load: float


class Follower:
    """Runs a chain behind the sound.

    Parameters
    ----------
    chain : Chain
        Active; this engine's own.
    n_bins : int
        Bins wanted, from 0 Hz up.
    """

    def __init__(self, chain: Chain, n_bins: int) -> None:
        self._stream, self._rate, self._n_bins = Stream(chain), chain.sample_rate, n_bins
        n_fft = window_size(chain.sample_rate)
        self.hop = n_fft // 4
        self._window = windows(n_fft, n_fft, self.hop)[0]
        self._full_scale = np.float32(np.sum(self._window) / 2)
        self._skip = chain.latency
        self._dry_tail = np.zeros(chain.latency, np.float32)
        self._tail = np.zeros(n_fft - self.hop, np.float32)
        self._recent: deque[tuple[int, float, float, float]] = deque()

    def follow(self, x: Floats) -> Followed:
        """Take the next samples, float32[n]. [worker-thread]"""
        began = time.thread_time()
        blocks = [self._stream.process(x[i : i + _CHUNK]) for i in range(0, len(x), _CHUNK)]
        took = time.thread_time() - began
        y = np.concatenate([*blocks, np.zeros(0, np.float32)])
        dry = np.concatenate([self._dry_tail, x])
        self._dry_tail = dry[len(x) :]
        self._remember(len(x), _energy(dry[: len(x)]), _energy(y), took)
        skipped = min(self._skip, len(y))
        self._skip -= skipped
        n, before, after, seconds = (sum(column) for column in zip(*self._recent, strict=True))
        removed = gain_to_db(before**0.5) - gain_to_db(after**0.5) if before > 0 else 0.0
        return Followed(self._columns(y[skipped:]), removed, seconds * self._rate / n if n else 0.0)

    def _remember(self, n: int, before: float, after: float, seconds: float) -> None:
        self._recent.append((n, before, after, seconds))
        while len(self._recent) > 1 and sum(r[0] for r in self._recent) - self._recent[0][0] >= RECENT_S * self._rate:
            self._recent.popleft()

    def _columns(self, y: Floats) -> Floats:
        samples = np.concatenate([self._tail, y])
        n_fft = len(self._window)
        n = max(0, (len(samples) - n_fft) // self.hop + 1)
        self._tail = samples[n * self.hop :]
        if not n:
            return np.zeros((0, self._n_bins), np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(samples, n_fft)[:: self.hop][:n]
        spectrum = np.abs(np.fft.rfft(frames * self._window, axis=1))[:, : self._n_bins]
        return np.asarray(spectrum / self._full_scale, np.float32)


def _energy(x: Floats) -> float:
    return float(np.sum(np.square(x, dtype=np.float64)))


def depth_loads(chain: Chain, depths: tuple[int, ...], seconds: float = 0.5) -> tuple[float, ...]:
    """Return the share of one core that a chain takes at every depth of its denoiser. [worker-thread]

    Parameters
    ----------
    chain : Chain
        Active, with a denoiser; not one that is heard.
    depths : tuple of int
        Layers.
    seconds : float
        Noise to run at each depth, after as much to warm up with.
    """
    place = chain.parameter("denoise", "layers")[1]
    stream = Stream(chain)
    x = np.random.default_rng(0).normal(0, 0.1, round(seconds * chain.sample_rate)).astype(np.float32)
    loads = []
    for depth in (depths[0], *depths):
        place[0] = depth
        began = time.thread_time()
        for i in range(0, len(x), _CHUNK):
            stream.process(x[i : i + _CHUNK])
        loads.append((time.thread_time() - began) / seconds)
    return tuple(loads[1:])
