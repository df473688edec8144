"""A screen that is not there, settings that are nobody's, and a skip where Qt's libraries are missing."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

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


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep what the window remembers inside the test's folder."""
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_MUSIC_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "home" / name.lower()))
    yield
