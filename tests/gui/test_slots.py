"""What was asked for last is what is heard, however quickly it was asked for; slots and their undo stay apart."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gui.window import Window
from realtime.engine.preset import BUILT_IN, Preset, load_preset
from realtime.model import save_model
from tests.gui.acting import act, heard
from tests.test_model import make_model


def settle(window: Window, qtbot: QtBot) -> None:
    """Wait until all is loaded."""
    qtbot.waitUntil(lambda: window.desk.loading.idle and not window.footer.progress.isVisible(), timeout=10000)


@contextmanager
def busy(window: Window) -> Iterator[None]:
    """Keep the worker busy, so that what is asked for meanwhile waits."""
    free = threading.Event()
    window.worker.start("waiting", lambda: free.wait(20), lambda _: None, lambda _: None)
    try:
        yield
    finally:
        free.set()


def fill(window: Window, qtbot: QtBot) -> None:
    """Keep `sparse` in A, which is heard, and `tiny` in B."""
    window.desk.slots.toggle()
    window.desk.choose(load_preset("tiny"))
    settle(window, qtbot)
    window.desk.slots.toggle()
    settle(window, qtbot)


def chosen_file(window: Window, qtbot: QtBot, path: Path) -> Preset:
    """Write a model, hear it and return its preset."""
    save_model(path, make_model(n_layers=3))
    window.deeds.hear_model(path)
    qtbot.waitUntil(lambda: window.desk.patch.preset.path == path, timeout=10000)
    settle(window, qtbot)
    return window.desk.patch.preset


def names(window: Window) -> dict[str, str]:
    return {slot: patch.preset.name if patch else "" for slot, patch in window.desk.slots.patches.items()}


@pytest.mark.parametrize(("n", "slot", "name"), [(1, "B", "tiny"), (2, "A", "sparse"), (3, "B", "tiny")])
def test_slots_keep_what_is_in_them_however_quickly_they_are_switched(
    window: Window, qtbot: QtBot, n: int, slot: str, name: str
) -> None:
    fill(window, qtbot)
    with busy(window):
        for _ in range(n):
            act(window, "slot")
    settle(window, qtbot)
    assert window.desk.slots.current == slot and window.desk.patch.preset.name == name
    window.desk.slots.keep()
    assert names(window) == {"A": "sparse", "B": "tiny"}


def test_a_slot_that_cannot_be_loaded_stays_as_it_is_and_the_other_is_heard(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    desk = window.desk
    desk.slots.toggle()
    chosen_file(window, qtbot, tmp_path / "mine.safetensors")
    desk.slots.toggle()
    settle(window, qtbot)
    (tmp_path / "mine.safetensors").rename(tmp_path / "away")
    act(window, "slot")
    qtbot.waitUntil(lambda: window.notice.kind == "bad", timeout=10000)
    assert desk.slots.current == "A" and window.models.slots["A"].isChecked() and desk.patch.preset.name == "sparse"
    (tmp_path / "away").rename(tmp_path / "mine.safetensors")
    act(window, "slot")
    qtbot.waitUntil(lambda: desk.patch.preset.name == "mine", timeout=10000)
    assert names(window) == {"A": "sparse", "B": "mine"}


def test_cancelled_loading_leaves_the_slot_that_is_heard(window: Window, qtbot: QtBot) -> None:
    fill(window, qtbot)
    with busy(window):
        act(window, "slot")
        window.footer.cancel.click()
    settle(window, qtbot)
    assert window.desk.slots.current == "A" and window.desk.target.preset.name == "sparse"


def test_values_that_are_set_while_a_preset_loads_are_heard_with_it(window: Window, qtbot: QtBot) -> None:
    with busy(window):
        window.desk.choose(load_preset("default"))
        window.desk.set_amount(50)
        window.desk.set_depth(3)
    qtbot.waitUntil(lambda: window.desk.patch.preset.name == "default", timeout=10000)
    assert (window.desk.patch.values.amount, window.desk.depth) == (50, 3)
    assert (heard(window, "amount"), heard(window, "layers")) == (50, 3)


def test_the_last_of_two_presets_is_heard_even_if_it_was_heard_before(window: Window, qtbot: QtBot) -> None:
    with busy(window):
        window.desk.choose(load_preset("default"))
        window.desk.choose(load_preset("sparse"))
    settle(window, qtbot)
    assert window.desk.patch.preset.name == "sparse"


def test_two_latency_modes_on_are_two_modes_on(window: Window, qtbot: QtBot) -> None:
    with busy(window):
        act(window, "latency")
        act(window, "latency")
    settle(window, qtbot)
    assert window.desk.patch.values.latency_ms == 8


def test_a_held_key_repeats_only_what_has_steps(window: Window) -> None:
    repeated = {name for name, action in window.actions_by_id.items() if action.autoRepeat()}
    assert repeated == {"deeper", "shallower", "more", "less"}


def test_a_model_that_was_trained_anew_under_its_name_is_loaded_again(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "mine.safetensors"
    preset = chosen_file(window, qtbot, path)
    chain = window.desk.sound.host.chain if window.desk.sound else None
    window.desk.choose(preset)
    settle(window, qtbot)
    assert window.desk.sound is not None and window.desk.sound.host.chain is chain
    save_model(path, make_model(n_layers=4))
    window.desk.choose(preset)
    qtbot.waitUntil(lambda: window.desk.denoiser["layers"].maximum == 4, timeout=10000)


def test_a_preset_that_cannot_be_loaded_leaves_no_step_to_undo(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    gone = chosen_file(window, qtbot, tmp_path / "mine.safetensors")
    window.desk.choose(load_preset("sparse"))
    settle(window, qtbot)
    (tmp_path / "mine.safetensors").unlink()
    steps = window.desk.undo.count()
    window.desk.choose(gone)
    qtbot.waitUntil(lambda: window.notice.kind == "bad", timeout=10000)
    assert window.desk.undo.count() == window.desk.undo.index() == steps
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: window.notice.sentence.count("mine") > 0 and window.desk.loading.idle)
    assert window.desk.patch.preset.name == "sparse"


def test_undo_of_a_slot_leaves_the_other_alone(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    text = (BUILT_IN / "tiny.toml").read_text().replace('"models/', f'"{BUILT_IN}/models/')
    (tmp_path / "loud.toml").write_text(text + '\n[[chain]]\nplugin = "gain"\n')
    desk = window.desk
    desk.choose(load_preset(str(tmp_path / "loud.toml")))
    settle(window, qtbot)
    desk.slots.toggle()
    desk.choose(load_preset("sparse"))
    settle(window, qtbot)
    desk.slots.toggle()
    settle(window, qtbot)
    desk.dials.set("gain", "gain", -6.0)
    desk.slots.toggle()
    settle(window, qtbot)
    act(window, "undo")
    settle(window, qtbot)
    assert desk.slots.current == "B" and desk.patch.preset.name == "loud"  # what B began with
    assert desk.patch.values.others == () and not window.actions_by_id["undo"].isEnabled()
    desk.slots.toggle()
    settle(window, qtbot)
    assert desk.dials.value("gain", "gain") == -6
    act(window, "undo")
    assert desk.dials.value("gain", "gain") == 0


def test_matched_levels_end_with_another_preset_and_are_shown_after_a_restart(window: Window, qtbot: QtBot) -> None:
    act(window, "slot")
    window.desk.set_amount(3)
    act(window, "match")
    qtbot.waitUntil(lambda: window.desk.slots.matched, timeout=20000)
    settle(window, qtbot)
    window.save()
    again = Window(load_preset("sparse"))
    qtbot.addWidget(again)
    assert again.actions_by_id["match"].isChecked()
    again.worker.wait()
    window.desk.slots.toggle()
    settle(window, qtbot)
    window.desk.choose(load_preset("tiny"))
    settle(window, qtbot)
    assert not window.desk.slots.matched and not window.actions_by_id["match"].isChecked()
    assert all(patch is None or patch.values.gain_db == 0 for patch in window.desk.slots.patches.values())
