"""The window on a JACK server in a process of its own, with a user who never rests. Prints JSON lines.

It is resized and repainted all the time, models are swapped every 2 s, the depth changes every 0.5 s, dialogs open
and close, themes change. Everything that comes in is recorded by the window's own record button. It ends when its
standard input does.
"""

import argparse
import json
import random
import sys
from pathlib import Path

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication, QDialog
from threadpoolctl import threadpool_limits

from gui.sound import Setup
from gui.window import Window
from realtime.engine.preset import load_preset

DIALOGS = ("devices", "keys", "palette")


def resident_bytes() -> int:
    """Return the memory of this process that is in RAM."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


class User:
    """Changes something with every call of `act`, ten times a second."""

    def __init__(self, window: Window, presets: list[str]) -> None:
        self._window, self._presets = window, [load_preset(p) for p in presets]
        self._lots = random.Random(0)
        self._n = 0
        self.counts = {"swap": 0, "depth": 0, "resize": 0, "dialog": 0, "theme": 0, "tab": 0}

    def act(self) -> None:
        """Do what is due."""
        window, lots = self._window, self._lots
        self._n += 1
        self._do("resize", 1, lambda: window.resize(lots.randint(1280, 1900), lots.randint(800, 1000)))
        self._do("depth", 5, lambda: window.desk.set_depth(lots.randint(0, 25)))
        self._do("swap", 20, lambda: window.desk.choose(self._presets[self.counts["swap"] % len(self._presets)]))
        self._do("dialog", 15, lambda: window.actions_by_id[lots.choice(DIALOGS)].trigger())
        self._do("tab", 35, lambda: window.show_tab(lots.randint(0, 2), True))
        self._do("theme", 110, lambda: window.actions_by_id["theme"].trigger())
        if self._n % 15 == 8:
            for dialog in window.findChildren(QDialog):
                dialog.close()

    def _do(self, name: str, every: int, deed: object) -> None:
        if self._n % every == 0:
            deed()
            self.counts[name] += 1


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="rig")
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--block", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True, help="expected; memory is read after 0.3 of them")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--other", required=True, help="a second preset")
    parser.add_argument("--picture", type=Path, required=True)
    parser.add_argument("--measure", action="store_true", help="let the user do no more than measure the latency")
    options = parser.parse_args()
    threadpool_limits(1)
    application = QApplication([])
    window = Window(load_preset("default"), remember=False)
    window.desk.setup = Setup(options.device, options.device, rate=options.rate, block=options.block)
    window.desk.takes.folder = options.folder
    said: list[str] = []
    window.desk.said.connect(lambda _, sentence: said.append(sentence))
    window.show()
    window.begin()
    print(json.dumps({"muted": window.desk.muted, "told": window.notice.sentence}), flush=True)
    window.actions_by_id["mute"].trigger()
    window.actions_by_id["record"].trigger()
    user, timer, memory = User(window, [options.other, "default"]), QTimer(), []
    timer.timeout.connect(user.act)

    def start() -> None:
        window.grab().save(str(options.picture))
        if options.measure:
            window.actions_by_id["measure"].trigger()
        else:
            timer.start(100)

    def stop() -> None:
        timer.stop()
        notifier.setEnabled(False)
        for dialog in window.findChildren(QDialog):
            dialog.close()
        memory.append(resident_bytes())
        sound = window.desk.sound
        status = sound.host.status().as_dict() if sound is not None else {}
        facts = {"counts": user.counts, "memory": memory, "frames": window.clock.n_frames, "said": said}
        painted = window.picture.output.canvas.n_painted
        print(json.dumps(status | facts | {"dropped": window.clock.n_dropped, "painted": painted}), flush=True)
        window.close()
        application.quit()

    QTimer.singleShot(5500, window.notice.hide)
    QTimer.singleShot(6500, start)
    QTimer.singleShot(round(1000 * max(8.0, 0.3 * options.seconds)), lambda: memory.append(resident_bytes()))
    notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)  # its end is the end
    notifier.activated.connect(stop)
    application.exec()


if __name__ == "__main__":
    main()
