"""What actions do beyond their one line of the table: in a take, on another machine, with another format."""

from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from gui.devices import Devices
from gui.sound import DEMO, Setup, settled
from gui.window import Window
from realtime.engine.preset import load_preset
from tests.gui.acting import act, dialog_of, give


def test_devices_that_stay_leave_a_take_alone(window: Window, qtbot: QtBot) -> None:
    window.desk.takes.record(True)
    before = window.desk.sound
    act(window, "devices")
    dialog_of(window, qtbot, Devices).accept()
    qtbot.wait(300)
    assert window.desk.takes.recording and window.desk.sound is before


def test_the_built_in_clip_is_heard_with_a_channel_from_another_input() -> None:
    possible, note = settled(Setup(source=DEMO, channel=1))
    assert possible == Setup(source=DEMO) and not note


@pytest.mark.parametrize("action", ["demo", "microphone"])
def test_the_built_in_clip_has_one_channel_whichever_was_chosen(window: Window, qtbot: QtBot, action: str) -> None:
    window.desk.setup = Setup(target="no such device", channel=1)
    before = window.desk.sound
    act(window, action)
    qtbot.waitUntil(lambda: window.desk.sound not in (None, before), timeout=10000)
    assert "built-in clip" in window.footer.where.text()


def test_learning_gives_up_where_there_is_nothing_to_fit(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "flat.toml").write_text('[[chain]]\nplugin = "gain"\n')
    act(window, "learn")
    window.desk.choose(load_preset(str(tmp_path / "flat.toml")))
    qtbot.waitUntil(lambda: not window.desk.learning.listening, timeout=15000)
    assert "no bases" in window.notice.sentence and window.desk.patch.preset.name == "flat"


def test_export_takes_the_chosen_format(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    act(window, "export")
    dialog = dialog_of(window, qtbot, QFileDialog)
    assert dialog.defaultSuffix() == "png" and not dialog.testOption(QFileDialog.Option.DontConfirmOverwrite)
    dialog.selectNameFilter("Table (*.csv)")
    dialog.filterSelected.emit("Table (*.csv)")
    give(window, qtbot, tmp_path / "shot")
    qtbot.waitUntil(lambda: "shot.csv" in window.notice.sentence)
    assert (tmp_path / "shot.csv").is_file()


def test_export_asks_before_it_overwrites_a_file_whose_suffix_was_left_out(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "shot.png").write_text("mine")
    asked: list[str] = []

    def refuse() -> None:
        for box in window.findChildren(QMessageBox):
            if box.isVisible():
                asked.append(box.text())
                box.button(QMessageBox.StandardButton.No).click()

    timer = QTimer()
    timer.timeout.connect(refuse)
    timer.start(50)
    act(window, "export")
    give(window, qtbot, tmp_path / "shot")
    timer.stop()
    assert len(asked) == 1 and "shot.png" in asked[0] and (tmp_path / "shot.png").read_text() == "mine"
