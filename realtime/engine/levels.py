"""Peaks and energies of what comes in and goes out: the audio thread counts, the host takes, and nothing is lost.

Peaks are taken by an atomic exchange with zero. Energies are never reset: whoever reads subtracts what was read last.
They are read whole: `TURN` is odd while they change, and has moved on if they changed meanwhile.
"""

import numpy as np
from numba import carray
from numpy.typing import NDArray

from realtime.base.intrinsics import as_pointer, exchange, floats, integers, load_acquire, store_release
from realtime.base.memory import aligned
from realtime.base.safety import realtime
from realtime.dsp.meter import energy, peak
from realtime.engine.state import ENGINE

TURN, FRAMES, ENERGY_IN, ENERGY_OUT, PEAK_IN, PEAK_OUT, WORDS = range(7)
"""Indices of the words, int64, and how many there are; energies are sums of squares, the bits of float64."""

PEAK_UNIT = 2.0**40
"""A peak of 1: peaks are whole numbers, which can be exchanged."""

TRIES = 100


@realtime("void(int64, int64)")
def count_levels(engine: int, n: int) -> None:
    """Meter n frames of `x` and `wet`. [audio-thread]"""
    e = carray(as_pointer(engine), (1,), ENGINE)[0]
    x, wet = floats(e.x, n), floats(e.wet, n)
    words, sums = integers(e.levels, WORDS), carray(as_pointer(e.levels), (WORDS,), np.float64)
    words[PEAK_IN] = max(words[PEAK_IN], np.int64(peak(x) * PEAK_UNIT))
    words[PEAK_OUT] = max(words[PEAK_OUT], np.int64(peak(wet) * PEAK_UNIT))
    energy_in, energy_out, turn = energy(x), energy(wet), words[TURN]
    exchange(words, TURN, turn + 1)
    words[FRAMES] += n
    sums[ENERGY_IN] += energy_in
    sums[ENERGY_OUT] += energy_out
    store_release(words, TURN, turn + 2)


@realtime("int64(int64[::1], int64)")
def _take(words: NDArray[np.int64], index: int) -> int:
    """Return a word and leave zero. [worker-thread]"""
    return exchange(words, index, 0)


@realtime("boolean(int64[::1], int64[::1])")
def _copy(words: NDArray[np.int64], copy: NDArray[np.int64]) -> bool:
    """Copy frames and energies; return whether they belong together. [worker-thread]"""
    for _ in range(TRIES):
        turn = load_acquire(words, TURN)
        for i in range(FRAMES, ENERGY_OUT + 1):
            copy[i] = load_acquire(words, i)
        if turn % 2 == 0 and load_acquire(words, TURN) == turn:
            return True
    return False


class Levels:
    """The words, and what the host has read of them so far. Main thread."""

    def __init__(self) -> None:
        self.words = aligned(WORDS, np.int64)
        self._copy, self._read = aligned(WORDS, np.int64), np.zeros(WORDS, np.int64)

    def read(self) -> tuple[float, float, float, float]:
        """Return peak and RMS of the input, then of the output, since the last call; 1 is full scale. [main-thread]"""
        peak_in, peak_out = (_take(self.words, i) / PEAK_UNIT for i in (PEAK_IN, PEAK_OUT))
        n = int(self._copy[FRAMES] - self._read[FRAMES]) if _copy(self.words, self._copy) else 0
        if n == 0:
            return peak_in, 0.0, peak_out, 0.0
        sums = self._copy.view(np.float64) - self._read.view(np.float64)
        self._read[:] = self._copy
        return peak_in, float(np.sqrt(sums[ENERGY_IN] / n)), peak_out, float(np.sqrt(sums[ENERGY_OUT] / n))
