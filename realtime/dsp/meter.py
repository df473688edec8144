"""Peak, energy and sanity of a block. Audio thread."""

import numpy as np
from numpy.typing import NDArray

from realtime.base.safety import realtime


@realtime("float32(float32[::1])")
def peak(x: NDArray[np.float32]) -> np.float32:
    """Return the largest magnitude of a block, linear. [audio-thread]"""
    highest = np.float32(0)
    for i in range(x.size):
        highest = max(highest, abs(x[i]))
    return highest


@realtime("float64(float32[::1])")
def energy(x: NDArray[np.float32]) -> float:
    """Return the sum of squares of a block. [audio-thread]"""
    total = np.float64(0)
    for i in range(x.size):
        total += np.float64(x[i]) * np.float64(x[i])
    return total


@realtime("boolean(float32[::1], float32)")
def within(x: NDArray[np.float32], limit: float) -> bool:
    """Return whether every sample is a number of at most that magnitude. [audio-thread]"""
    good = True
    for i in range(x.size):
        good &= abs(x[i]) <= limit  # false for NaN too
    return good
