"""The window on a stream, repainting and being resized, in a process of its own; prints what was counted as JSON.

    python -m benchmarks.window CALLBACK SECONDS BLOCK

"compiled" is the window as it is. For "python" the stream's callback is an ordinary sounddevice callback that calls the
same engine. The screen is in memory; everything else is as a user has it.
"""

import json
import sys
import time
from typing import Any

import sounddevice as sd
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from threadpoolctl import threadpool_limits

import gui.sound
from gui.sound import Setup
from gui.window import Window
from realtime.devices.portaudio import Device, find_device
from realtime.engine.callback import process_block
from realtime.engine.preset import load_preset

SETTLE_S = 2.0
SIZES = ((1280, 800), (1400, 860), (1600, 900), (1360, 820))


class PythonStream:
    """What `PortAudioStream` is, with a Python callback."""

    def __init__(
        self, _callback: int, state: int, source: Device, target: Device, channels: tuple[int, int], rate: float,
        block: int,
    ) -> None:  # fmt: skip
        call = process_block.ctypes

        def callback(given: Any, wanted: Any, frames: int, _time: Any, flags: Any) -> None:
            call(given.ctypes.data, wanted.ctypes.data, frames, None, int(flags._flags), state)

        devices = (source.index, target.index)
        self._stream = sd.Stream(rate, block, devices, channels, "float32", "low", callback=callback)
        self.start, self.latency_s = self._stream.start, None

    def stop(self, owner: Any = None) -> bool:
        """Stop and close."""
        self._stream.stop()
        self._stream.close()
        return True

    @property
    def active(self) -> bool:
        """Return whether the stream runs."""
        return bool(self._stream.active)


def main() -> None:
    """Run the program."""
    kind, seconds, block = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    if kind == "python":
        gui.sound.PortAudioStream = PythonStream  # type: ignore[misc,assignment]
    threadpool_limits(1)
    application = QApplication([])
    window = Window(load_preset("default"), remember=False)
    rate = find_device("system", "input").sample_rate
    window.desk.setup = Setup("system", "system", rate=rate, block=block)
    window.show()
    window.begin()
    sound = window.desk.sound
    if sound is None:
        sys.exit(window.notice.text.text())
    host, sizes = sound.host, [*SIZES] * round(10 * seconds)
    began = frames = 0.0
    n_painted = 0

    def start() -> None:
        nonlocal began, frames, n_painted
        n_painted = window.picture.output.canvas.n_painted
        host.reset()
        began, frames = time.perf_counter(), float(host.state["frames"])

    def stop() -> None:
        elapsed, done = time.perf_counter() - began, float(host.state["frames"]) - frames
        painted = window.picture.output.canvas.n_painted - n_painted
        counts = {"done": done / block, "expected": elapsed * rate / block, "dropouts": host.status().dropouts}
        print(json.dumps(counts | {"painted": painted}))
        window.close()
        application.quit()

    resize = QTimer()
    resize.timeout.connect(lambda: window.resize(*sizes.pop()))
    resize.start(100)
    QTimer.singleShot(round(1000 * SETTLE_S), start)
    QTimer.singleShot(round(1000 * (SETTLE_S + seconds)), stop)
    application.exec()


if __name__ == "__main__":
    main()
