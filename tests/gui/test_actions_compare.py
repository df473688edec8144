"""Every action of "Compare" is done by its key; what it does is looked up where it must show."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog
from pytestqt.qtbot import QtBot

from gui.abx import Abx
from gui.layers import N_PANES
from gui.window import Window
from tests.gui.acting import act, dialog_of, heard, press


def test_slot(window: Window, qtbot: QtBot) -> None:
    act(window, "slot")
    window.desk.set_depth(3)
    act(window, "slot")
    qtbot.waitUntil(lambda: window.desk.slots.current == "A" and heard(window, "layers") == 25)
    act(window, "slot")
    qtbot.waitUntil(lambda: window.models.slots["B"].isChecked() and heard(window, "layers") == 3)


def test_match(window: Window, qtbot: QtBot) -> None:
    act(window, "match")
    assert "both slots" in window.notice.sentence and not window.actions_by_id["match"].isChecked()
    act(window, "slot")
    window.desk.set_amount(3)
    act(window, "match")
    qtbot.waitUntil(lambda: window.desk.slots.matched, timeout=20000)
    gains = {name: patch.values.gain_db for name, patch in window.desk.slots.patches.items() if patch}
    assert gains["A"] == 0 and -12 < gains["B"] < 0
    sound = window.desk.sound
    assert sound is not None
    qtbot.waitUntil(lambda: sound.host.chain.plugins[-1].descriptor.id == "gain", timeout=10000)


def test_abx(window: Window, qtbot: QtBot) -> None:
    act(window, "abx")
    assert "two different slots" in window.notice.sentence
    act(window, "slot")
    window.desk.set_depth(1)
    act(window, "abx")
    dialog = dialog_of(window, qtbot, Abx)
    assert "blind test" in window.picture.output.canvas.reason
    for _i in range(6):
        dialog.buttons[f"is {dialog.answer}"].click()
    assert "6 of 6" in dialog.score.text() and "p = 0.016" in dialog.score.text()
    dialog.reject()
    qtbot.waitUntil(lambda: window.picture.history is not None and heard(window, "layers") == 1, timeout=10000)


def test_strip(window: Window, qtbot: QtBot) -> None:
    strip = window.picture.strip
    assert len(strip.shown) == N_PANES and strip.isVisible()
    qtbot.waitUntil(lambda: "KL" in strip.panes[2].figures.text(), timeout=10000)
    act(window, "strip")
    assert not strip.isVisible()
    act(window, "strip")
    qtbot.mouseClick(strip.panes[1].picture, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: heard(window, "layers") == 1)
    strip.panes[1].button.setFocus()
    press(strip.panes[1].button, "Right")
    qtbot.waitUntil(lambda: heard(window, "layers") == 2)
    assert strip.panes[2].button.isChecked() and strip.panes[2].button.hasFocus()


def test_depths(window: Window, qtbot: QtBot) -> None:
    strip, history = window.picture.strip, window.picture.history
    act(window, "depths")
    dialog = dialog_of(window, qtbot, QInputDialog)
    dialog.setTextValue("7, 3,24")
    dialog.accept()
    assert [pane.n_layers for pane in strip.shown] == [3, 7, 24, 25] and window.picture.history is history
    assert history is not None and not np.any(history.gains(history.first, history.end, tap=0))
    qtbot.waitUntil(lambda: bool(np.all(history.gains(history.end - 20, history.end, tap=0).max(axis=1) > 0)))
    strip.panes[0].button.click()
    qtbot.waitUntil(lambda: heard(window, "layers") == 3)
    window.desk.compare("deep")
    assert "'deep' names no depths" in window.notice.sentence and window.desk.depths == (3, 7, 24)


def test_network(window: Window, qtbot: QtBot) -> None:
    network = window.picture.network
    assert not network.isVisible()
    act(window, "network")
    assert network.isVisible() and len(network.map.bases) == 112
    qtbot.waitUntil(lambda: network.map.share(0) > 0, timeout=10000)
    network.map.setFocus()
    press(network.map, "Right")
    press(network.map, "Return")
    assert window.desk.patch.values.bases == frozenset({1})
    assert "1 of 112 bases heard" in network.text.text()
    network.buttons["noise"].click()
    assert window.desk.patch.values.bases == frozenset(range(64, 112))
    network.buttons["speech"].click()
    assert window.desk.patch.values.bases is None
    network.buttons["mute"].click()
    assert window.desk.patch.values.bases == frozenset(range(64)) - {1}
    network.buttons["mute"].click()
    assert window.desk.patch.values.bases is None


def test_others(window: Window, qtbot: QtBot) -> None:
    act(window, "others")
    pane = window.picture.others.panes[0]
    assert pane.entry is not None and pane.entry.name != window.desk.patch.preset.name
    name = pane.entry.name
    qtbot.waitUntil(lambda: "load" in pane.figures.text() and pane.history is not None, timeout=10000)
    assert pane.history is not None and window.picture.history is not None
    qtbot.waitUntil(lambda: pane.picture._drawn == pane.history.end > 50, timeout=10000)
    pane.hear.setFocus()
    press(pane.hear, "Space")
    qtbot.waitUntil(lambda: window.desk.patch.preset.name == name, timeout=10000)
    act(window, "others")
    assert not pane.isVisible()
