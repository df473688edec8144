"""One stream under one kind of pressure, in a process of its own; prints what it counted as JSON.

    python -m benchmarks.pressure CALLBACK PRESSURE SECONDS BLOCK

The engine is the same on both sides. "compiled" gives PortAudio the engine's address; "python" is an ordinary
sounddevice callback that calls that same address. Meanwhile this process's main thread does what PRESSURE says.
"""

import ctypes
import gc
import json
import random
import sys
import time
from collections.abc import Callable
from typing import Any

import sounddevice as sd

from realtime.devices.portaudio import PortAudioStream, find_device
from realtime.engine.callback import process_block
from realtime.engine.preset import load_preset
from realtime.host import Host

HOLD_S = 0.5
SETTLE_S = 0.5  # until the connections are made and the first blocks through
NUMBERS = [random.random() for _ in range(1_000_000)]


def idle() -> None:
    """Do nothing: the main thread sleeps without the GIL."""
    time.sleep(0.1)


def hold() -> None:
    """Keep the GIL for half a second, as a C extension may (PyDLL does not release it), then rest a tenth."""
    ctypes.PyDLL(None).usleep(int(1e6 * HOLD_S))
    time.sleep(0.1)


def sort() -> None:
    """Sort a million numbers: one call that never lets go."""
    sorted(NUMBERS)


def collect() -> None:
    """Make rubbish in cycles and collect it."""
    for _ in range(200_000):
        cycle: list[Any] = []
        cycle.append(cycle)
    gc.collect()


PRESSURES: dict[str, Callable[[], None]] = {"idle": idle, "hold": hold, "sort": sort, "collect": collect}


def _stream(kind: str, host: Host, rate: float, block: int) -> Any:
    source, target = find_device("system", "input"), find_device("system", "output")
    if kind == "compiled":
        return PortAudioStream(host.callback, host.state.address, source, target, (1, 1), rate, block)
    call, state = process_block.ctypes, host.state.address

    def callback(given: Any, wanted: Any, frames: int, _time: Any, flags: Any) -> None:
        call(given.ctypes.data, wanted.ctypes.data, frames, None, int(flags._flags), state)

    return sd.Stream(rate, block, (source.index, target.index), 1, "float32", "low", callback=callback)


def main() -> None:
    """Run the program."""
    kind, pressure, seconds, block = sys.argv[1], PRESSURES[sys.argv[2]], float(sys.argv[3]), int(sys.argv[4])
    rate = find_device("system", "input").sample_rate
    host = Host(load_preset("default").chain(rate))
    stream = _stream(kind, host, rate, block)
    stream.start()
    time.sleep(SETTLE_S)
    host.reset()
    frames, began = int(host.state["frames"]), time.perf_counter()
    while time.perf_counter() - began < seconds:
        pressure()
    elapsed, done = time.perf_counter() - began, int(host.state["frames"]) - frames
    dropouts = host.status().dropouts
    stream.stop()
    print(json.dumps({"done": done / block, "expected": elapsed * rate / block, "dropouts": dropouts}))


if __name__ == "__main__":
    main()
