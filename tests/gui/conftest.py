"""A screen that is not there, settings that are nobody's, and a skip where Qt's libraries are missing."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from threadpoolctl import threadpool_limits

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

try:
    from PySide6 import QtWidgets
except ImportError as error:
    if os.environ.get("CI"):
        raise
    collect_ignore_glob = ["test_*.py"]
    print(f"tests/gui is skipped: {error}")
else:
    assert QtWidgets

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.window import Window


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what the window remembers inside the test's folder."""
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home" / name.lower()))


@pytest.fixture
def window(qtbot: "QtBot", tmp_path: Path) -> Iterator["Window"]:
    """The window with the built-in clip running by the machine's clock."""
    from gui.sound import DEMO, Setup
    from gui.window import Window
    from realtime.engine.preset import load_preset

    shown = Window(load_preset("sparse"))
    qtbot.addWidget(shown)
    shown.desk.setup = Setup(source=DEMO)
    shown.desk.takes.folder = tmp_path / "takes"
    shown.resize(1280, 800)  # whatever the screen is
    shown.show()
    shown.activateWindow()
    qtbot.waitActive(shown)
    shown.begin()
    qtbot.waitUntil(lambda: shown.picture.history is not None and shown.picture.history.end > 30, timeout=20000)
    qtbot.waitUntil(lambda: bool(shown.models.entries), timeout=10000)
    with threadpool_limits(1):  # as the application does
        yield shown
    for dialog in shown.findChildren(QtWidgets.QDialog):
        dialog.close()
    shown.close()
