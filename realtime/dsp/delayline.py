"""A delay of a fixed number of samples, exact bit for bit. Audio thread."""

import numpy as np
from numba import carray
from numpy.typing import NDArray

from realtime.base.intrinsics import as_pointer, floats
from realtime.base.memory import State, aligned
from realtime.base.safety import realtime

DELAY_LINE = np.dtype([("delay", np.int64), ("position", np.int64), ("samples", np.int64)], align=True)


def delay_line(delay: int) -> State:
    """Return a line of silence. [main-thread]

    Parameters
    ----------
    delay : int
        Samples >= 0.
    """
    return State(DELAY_LINE, delay=delay, samples=aligned(max(1, delay)))


@realtime("void(int64, float32[::1], float32[::1])")
def delay_block(address: int, x: NDArray[np.float32], y: NDArray[np.float32]) -> None:
    """Write x delayed to y; x and y may be the same array. [audio-thread]

    Parameters
    ----------
    address : int64
        Of a `DELAY_LINE` record.
    x, y : float32[n]
        Input and output.
    """
    line = carray(as_pointer(address), (1,), DELAY_LINE)[0]
    samples, position = floats(line.samples, line.delay), line.position
    for i in range(x.size):
        new = x[i]
        if line.delay == 0:
            y[i] = new
        else:
            y[i] = samples[position]
            samples[position] = new
            position += 1
            if position == line.delay:
                position = 0
    line.position = position
