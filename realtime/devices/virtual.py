"""A device without hardware: a clock that calls the callback once per block, in real time or as fast as possible.

The loop is compiled and holds no GIL, so it keeps time as a sound card's thread does. Its sound comes from a source
ring, and it waits for the source rather than lose a sample. A thread of its own; started and stopped on the main.
"""

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from realtime.base.intrinsics import call_callback, load_acquire, now_ns, sleep_ns
from realtime.base.memory import aligned, clock_address, sleep_address
from realtime.base.ring import Ring, ring_available
from realtime.base.safety import realtime

STOP, ENDED = 0, 16  # int64 indices into the control words, on cache lines of their own
PATIENCE_NS = 1_000_000


@realtime("int64(int64, int64, int64, int64, int64[::1], int64[::1], int64, float64)")
def _tick(
    callback: int,
    state: int,
    clock: int,
    sleep: int,
    source: NDArray[np.int64],
    control: NDArray[np.int64],
    block: int,
    block_ns: float,
) -> np.int64:
    """Call the callback block after block until stopped or out of sound; return the frames. [worker-thread]"""
    frames = np.int64(0)
    began = now_ns(clock)
    running = True
    while running and load_acquire(control, STOP) == 0:
        ended = load_acquire(control, ENDED) != 0
        n = min(block, ring_available(source))
        if n < block and not ended:
            sleep_ns(sleep, PATIENCE_NS)
        elif n == 0:
            running = False
        else:
            due = began + np.int64(block_ns * (frames + n) / block)
            wait = due - now_ns(clock)
            while wait > 0 and load_acquire(control, STOP) == 0:
                sleep_ns(sleep, min(wait, 100_000_000))
                wait = due - now_ns(clock)
            call_callback(callback, n, state)
            frames += n
    return frames


class VirtualStream:
    """A stream driven by the monotonic clock.

    Parameters
    ----------
    callback, state : int
        Addresses of the callback and of what it is handed; it must read `source`.
    source : Ring
        Samples to come; call `end` when the last one is written.
    sample_rate : float
        Hz.
    block : int
        Frames.
    realtime : bool
        False runs as fast as possible.
    """

    def __init__(
        self, callback: int, state: int, source: Ring, sample_rate: float, block: int, realtime: bool = True
    ) -> None:
        self._control = aligned(32, np.int64)
        block_ns = 1e9 * block / sample_rate if realtime else 0.0
        arguments = (
            callback, state, clock_address(), sleep_address(), source.header, self._control, block, block_ns,
        )  # fmt: skip
        self._thread = threading.Thread(target=_tick, args=arguments, name="virtual device", daemon=True)

    def start(self) -> None:
        """Let blocks flow. [main-thread]"""
        self._thread.start()

    def end(self) -> None:
        """Say that the source holds all there is: the stream stops after it. [thread-safe]"""
        self._control[ENDED] = 1

    def stop(self, owner: Any = None) -> bool:
        """Stop within one block; always True: this device cannot die. [main-thread]"""
        self._control[STOP] = 1
        if self._thread.is_alive():
            self._thread.join()
        return True

    @property
    def active(self) -> bool:
        """Return whether blocks still flow. [thread-safe]"""
        return self._thread.is_alive()

    @property
    def latency_s(self) -> float:
        """Return 0: there is no hardware behind it. [thread-safe]"""
        return 0.0
