"""What tests do to a window, and how they see that sound still flows."""

from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from gui.window import Window


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
