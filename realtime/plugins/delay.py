"""A delay of a fixed time, exact to the sample; it reports its delay as latency."""

from typing import Any

import numpy as np
from numba import carray

from realtime.base.memory import State
from realtime.base.safety import realtime_callback
from realtime.dsp.delayline import delay_block, delay_line
from realtime.plugin import RUN_SIGNATURE, Descriptor, Process

DELAY = np.dtype([("line", np.int64)], align=True)


@realtime_callback(RUN_SIGNATURE)
def _run(state: Any, source: Any, target: Any, n_frames: int) -> int:
    """Pass the block through the delay line. [audio-thread]"""
    s = carray(state, (1,), DELAY)[0]
    delay_block(s.line, carray(source, (n_frames,)), carray(target, (n_frames,)))
    return 0


class Delay:
    """Delays by a time fixed while active.

    Parameters
    ----------
    milliseconds : float
        0 to 10000.
    """

    descriptor = Descriptor("delay", "Delay", "Delays the sound by a fixed time, to line it up with a picture.")

    def __init__(self, milliseconds: float = 100.0) -> None:
        if not 0 <= milliseconds <= 10_000:
            raise ValueError(f"a delay of {milliseconds} ms was asked for; 0 to 10000 ms are possible")
        self.milliseconds = milliseconds

    def activate(self, sample_rate: float, max_block: int) -> Process:
        """Allocate the line. [main-thread & !active]"""
        latency = round(self.milliseconds * sample_rate / 1000)
        state = State(DELAY, line=delay_line(latency))
        return Process(_run.address, state.address, np.zeros(0, np.float32), latency, keep=[state])

    def deactivate(self) -> None:
        """Nothing to release. [main-thread]"""
