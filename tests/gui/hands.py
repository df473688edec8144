"""What tests do to a window, and how they see that sound still flows."""

from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QListWidget,
    QScrollBar,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gui.meters import Meter
from gui.network import BasisMap
from gui.spectrogram import Spectrogram
from gui.window import Window

CONTROLS = (
    QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QListWidget, QTabBar, BasisMap, Meter,
)  # fmt: skip


def drop(window: Window, dropped: Path | QUrl) -> None:
    """Let go of a file, or of an address, over the window."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(dropped)) if isinstance(dropped, Path) else dropped])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(9, 9), copy, data, left, none))


def goes_on(window: Window, qtbot: QtBot) -> bool:
    """Whether sound still flows."""
    sound = window.desk.sound
    if sound is None:
        return False
    blocks = int(sound.host.state["blocks"])
    qtbot.waitUntil(lambda: int(sound.host.state["blocks"]) > blocks + 5)
    return True


def visible_controls(top: QWidget) -> list[QWidget]:
    """Return what a user can steer or look at there, without what Qt puts inside of it."""
    found = [w for w in top.findChildren(QWidget) if isinstance(w, (*CONTROLS, Spectrogram))]
    inner = [w for w in found if isinstance(w.parentWidget(), QComboBox | QAbstractSpinBox | QTabBar | QLineEdit)]
    bars = [w for w in found if isinstance(w, QScrollBar)]
    return [w for w in found if w.isVisibleTo(top) and w.isEnabled() and w not in inner and w not in bars]
