"""A gain in dB: the smallest complete plugin. Copy this file to write your own."""

from typing import Any

import numpy as np
from numba import carray

from realtime.base.intrinsics import floats
from realtime.base.memory import State
from realtime.base.safety import realtime_callback
from realtime.plugin import RUN_SIGNATURE, Descriptor, Parameter, Process

GAIN = np.dtype([("parameters", np.int64), ("gain", np.float32), ("step", np.float32)], align=True)


@realtime_callback(RUN_SIGNATURE)
def _run(state: Any, source: Any, target: Any, n_frames: int) -> int:
    """Multiply by the gain, gliding to a new one within a few ms. [audio-thread]"""
    s = carray(state, (1,), GAIN)[0]
    x, y = carray(source, (n_frames,)), carray(target, (n_frames,))
    wanted = np.float32(10) ** (floats(s.parameters, 1)[0] / np.float32(20))
    gain = s.gain
    for i in range(n_frames):
        gain += (wanted - gain) * s.step
        y[i] = x[i] * gain
    s.gain = gain
    return 0


class Gain:
    """Gain in dB, click-free."""

    descriptor = Descriptor(
        "gain", "Gain", "Makes the sound louder or softer.", (Parameter("gain", "Gain", -60.0, 24.0, 0.0, "dB"),)
    )

    def activate(self, sample_rate: float, max_block: int) -> Process:
        """Allocate the state. [main-thread & !active]"""
        parameters = np.array([0.0], np.float32)
        # A time constant of 5 ms: too short to be heard as a fade, too long to click.
        state = State(GAIN, parameters=parameters, gain=1.0, step=1 - np.exp(-1 / (0.005 * sample_rate)))
        return Process(_run.address, state.address, parameters, latency=0, keep=[state])

    def deactivate(self) -> None:
        """Nothing to release. [main-thread]"""
