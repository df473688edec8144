"""How tests do the actions of the table: by their keys, and by looking where it must show."""

from pathlib import Path

import numpy as np
import soundfile
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from gui.actions import TABLE
from gui.window import Window

KEYS = {row.id: row.key for row in TABLE}


def press(window: QWidget, key: str) -> None:
    QTest.keySequence(window, QKeySequence(key))


def act(window: Window, action: str) -> None:
    """Press the action's key while the window has the focus."""
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    press(QApplication.focusWidget() or window, KEYS[action])


def heard(window: Window, name: str) -> float:
    """A parameter as the audio thread has it."""
    assert window.desk.sound is not None
    return float(window.desk.sound.host.chain.parameter("denoise", name)[1][0])


def engine(window: Window, field: str) -> float:
    assert window.desk.sound is not None
    return float(window.desk.sound.host.state[field])


def dialog_of(window: Window, qtbot: QtBot, kind: type) -> QWidget:
    qtbot.waitUntil(lambda: any(d.isVisible() for d in window.findChildren(kind)))
    return next(d for d in window.findChildren(kind) if d.isVisible())


def give(window: Window, qtbot: QtBot, path: Path) -> None:
    """Type a path into the file dialog that is open."""
    dialog = dialog_of(window, qtbot, QFileDialog)
    dialog.setDirectory(str(path.parent))
    line = dialog.findChild(QLineEdit)
    line.setText(path.name if path.suffix else str(path))
    dialog.accept()


def clip(path: Path, seconds: float = 2.0, rate: int = 16000) -> Path:
    x = np.random.default_rng(0).normal(0, 0.1, int(rate * seconds))
    soundfile.write(path, x, rate)
    return path
