"""Takes the pictures of the guide: the window with the built-in clip running.

    xvfb-run -a -s "-screen 0 3840x2160x24" python tools/make_pictures.py docs/pictures
    xvfb-run -a -s "-screen 0 3840x2160x24" python tools/make_pictures.py FOLDER --all

With --all the whole window instead, in every size, theme and tab, to look at. Scale with QT_SCALE_FACTOR. What the
window remembers is left alone: a folder of its own is used.
"""

import argparse
import os
import tempfile
from pathlib import Path

os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="unfold-pictures-")

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from threadpoolctl import threadpool_limits

from gui.sound import DEMO, Setup
from gui.window import TABS, Window
from realtime.engine.preset import load_preset

SIZES = ((1280, 800), (1920, 1080))
DIALOGS = ("devices", "abx", "palette")


def wait(seconds: float) -> None:
    """Let the window live."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def save(widget: QWidget, folder: Path, name: str) -> None:
    """Take one picture."""
    path = folder / f"{name}.png"
    widget.grab().save(str(path))
    print(path, f"{widget.width()}x{widget.height()}")


def take_all(window: Window, folder: Path) -> None:
    """Take the whole window in every size, theme and tab."""
    for width, height in SIZES:
        for theme in ("light", "dark", "contrast"):
            for i, tab in enumerate(TABS):
                window.set_theme(theme)
                window.resize(width, height)
                window.show_tab(i, True)
                wait(1.5)
                save(window, folder, f"{tab}-{theme}-{width}x{height}")


def take_for_guide(window: Window, folder: Path) -> None:
    """Take what docs/guide.md shows."""
    window.set_theme("light")
    window.show_tab(0, True)
    wait(1.0)
    save(window, folder, "window")
    for i, tab in enumerate(TABS):
        window.show_tab(i, True)
        wait(4.0)
        save(window.picture.tabs, folder, tab)
    window.look.set(scale="mel")
    window.picture.output.set_view("removed")
    wait(0.5)
    save(window.picture.output, folder, "removed")
    save(window.health, folder, "health")
    window.desk.slots.toggle()
    window.desk.set_depth(3)
    wait(0.5)
    for name in DIALOGS:
        window.actions_by_id[name].trigger()
        wait(0.7)
        for dialog in window.findChildren(QDialog):
            if dialog.isVisible():
                save(dialog, folder, name)
                dialog.close()
        wait(0.3)


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true")
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
    window.notice.hide()
    (take_all if options.all else take_for_guide)(window, options.folder)
    window.close()
    application.quit()


if __name__ == "__main__":
    main()
