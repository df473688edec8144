"""The table of actions is whole: each has a test, a key, a menu and words, and buttons say the same."""

import pytest
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from gui.actions import MENUS, TABLE
from gui.window import Window
from tests.gui import test_actions_compare, test_actions_models, test_actions_sound, test_actions_view
from tests.gui.acting import KEYS, press

MODULES = test_actions_compare, test_actions_models, test_actions_sound, test_actions_view


def test_the_table_is_whole() -> None:
    tested = {name.removeprefix("test_") for module in MODULES for name in vars(module) if name.startswith("test_")}
    assert tested == set(KEYS)
    assert len(set(KEYS.values())) == len(KEYS), "two actions share a key"
    assert all(row.menu in MENUS and row.text and row.tip and row.name for row in TABLE)


def test_menus_hold_every_action_and_space_stays_with_a_button(window: Window, qtbot: QtBot) -> None:
    listed = {a.objectName() for menu in window.menuBar().actions() for a in menu.menu().actions()}
    assert listed == set(KEYS)
    button = window.transport.buttons["bypass"]
    button.setFocus()
    press(button, "Space")
    assert window.desk.bypassed and window.desk.sound is not None
    assert QApplication.focusWidget() is button


def test_space_opens_a_box_that_has_the_focus_and_the_sound_goes_on(window: Window, qtbot: QtBot) -> None:
    box = window.transport.latency
    box.setFocus()
    press(box, "Space")
    qtbot.waitUntil(box.view().isVisible)
    assert window.desk.sound is not None
    box.hidePopup()


def test_buttons_are_named_as_the_table_says(window: Window) -> None:
    names = {row.id: row.name for row in TABLE}
    buttons = [b for b in window.findChildren(QToolButton) if b.defaultAction() in window.actions_by_id.values()]
    buttons.remove(window.health.dropouts)
    found = {b.defaultAction().objectName(): b.accessibleName() for b in buttons}
    assert set(found) == {"run", "record", "bypass", "mute", "freeze", "match", "learn"}
    assert found == {key: names[key] for key in found}
    assert "drop-outs" in window.health.dropouts.accessibleName().lower()


@pytest.mark.parametrize("key", ["1", "2"])
def test_digits_choose_from_the_list(window: Window, qtbot: QtBot, key: str) -> None:
    name = window.models.entries[int(key) - 1].name
    window.desk.choose(next(e.preset for e in window.models.entries if e.name != name and e.preset))
    qtbot.waitUntil(lambda: window.desk.patch.preset.name != name, timeout=10000)
    press(window, key)
    qtbot.waitUntil(lambda: window.desk.patch.preset.name == name, timeout=10000)
