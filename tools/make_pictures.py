"""Takes the pictures of the guide: the window with the built-in clip running, in the sizes and themes asked for.

    xvfb-run -a -s "-screen 0 3840x2160x24" python tools/make_pictures.py docs/pictures

Scale with QT_SCALE_FACTOR. What the window remembers is left alone: a folder of its own is used.
"""

import argparse
import os
import tempfile
from pathlib import Path

os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="unfold-pictures-")

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication
from threadpoolctl import threadpool_limits

from gui.sound import DEMO, Setup
from gui.window import Window
from realtime.engine.preset import load_preset


def wait(seconds: float) -> None:
    """Let the window live."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def main() -> None:
    """Take one picture for every theme, size and tab."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--themes", nargs="+", default=["light", "dark"])
    parser.add_argument("--sizes", nargs="+", default=["1280x800"])
    parser.add_argument("--tabs", nargs="+", type=int, default=[0, 1], help="0: layers, 1: inside the network")
    parser.add_argument("--seconds", type=float, default=9.0, help="sound before the first picture")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    threadpool_limits(1)
    application = QApplication([])
    window = Window(load_preset("default"), remember=False)
    window.desk.setup = Setup(source=DEMO)
    window.show()
    window.begin()
    wait(options.seconds)
    for size in options.sizes:
        width, height = map(int, size.split("x"))
        for theme in options.themes:
            for tab in options.tabs:
                window.set_theme(theme)
                window.resize(width, height)
                window.show_tab(tab, True)
                window.notice.hide()
                wait(1.5)
                path = options.folder / f"{'layers' if tab == 0 else 'network'}-{theme}-{size}.png"
                window.grab().save(str(path))
                print(path, f"{window.width()}x{window.height()}", f"{window.clock.n_dropped} frames dropped")
    window.close()
    application.quit()


if __name__ == "__main__":
    main()
