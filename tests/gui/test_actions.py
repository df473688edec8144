"""Every action of the table is done by its key, and what it does is looked up where it must show."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QLineEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from gui.abx import Abx
from gui.actions import MENUS, TABLE
from gui.devices import Devices
from gui.dialogs import KeyList, Palette
from gui.layers import N_PANES
from gui.window import Window
from realtime.adaptivemodel import AdaptiveModel
from realtime.engine.preset import load_preset
from realtime.model import load_model, save_model
from realtime.recorder import Recorder
from tests.test_model import make_model

KEYS = {row.id: row.key for row in TABLE}
DONE: dict[str, Callable[[Window, QtBot, Path], None]] = {}


def press(window: QWidget, key: str) -> None:
    QTest.keySequence(window, QKeySequence(key))


def act(window: Window, action: str) -> None:
    """Press the action's key while the window has the focus."""
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    press(QApplication.focusWidget() or window, KEYS[action])


def checks(action: str) -> Callable[..., None]:
    def keep(check: Callable[[Window, QtBot, Path], None]) -> None:
        DONE[action] = check

    return keep


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


@checks("run")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    act(window, "run")
    assert window.desk.sound is None and "No sound" in window.picture.output.canvas.reason
    act(window, "run")
    qtbot.waitUntil(lambda: window.picture.history is not None and window.picture.history.end > 10)


@checks("record")
def _(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    act(window, "record")
    assert "REC 0:00.0" in window.transport.state.text()
    qtbot.waitUntil(lambda: float(window.transport.state.text().rsplit(":", 1)[1]) > 0.4)
    assert "-dry.wav and " in window.footer.where.text()
    act(window, "record")
    dry, wet = (soundfile.read(next((tmp_path / "takes").glob(f"*{side}.wav")))[0] for side in ("dry", "wet"))
    assert len(dry) == len(wet) > 4800 and np.abs(dry).max() > 0.01 and not np.array_equal(dry, wet)


@checks("bypass")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    act(window, "bypass")
    qtbot.waitUntil(lambda: engine(window, "bypass") == 1)
    assert "BYPASSED" in window.transport.state.text() and "bypassed" in window.picture.output.notice.text()
    act(window, "bypass")
    qtbot.waitUntil(lambda: engine(window, "bypass") == 0)


@checks("mute")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    act(window, "mute")
    qtbot.waitUntil(lambda: engine(window, "mute") == 1)
    assert "MUTED" in window.transport.state.text()


@checks("shallower")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    act(window, "shallower")
    qtbot.waitUntil(lambda: heard(window, "layers") == 24)
    assert window.transport.layers.value() == 24


@checks("deeper")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    window.desk.set_depth(10)
    act(window, "deeper")
    qtbot.waitUntil(lambda: heard(window, "layers") == 11)


@checks("less")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    act(window, "less")
    qtbot.waitUntil(lambda: heard(window, "amount") == 97)
    assert "97" in window.transport.amount_text.text()


@checks("more")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    window.desk.set_amount(12)
    act(window, "more")
    qtbot.waitUntil(lambda: heard(window, "amount") == 15)


@checks("latency")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    sound = window.desk.sound
    assert sound is not None
    act(window, "latency")
    qtbot.waitUntil(lambda: sound.host.chain.latency == sound.host.sample_rate * 0.016, timeout=10000)
    assert window.transport.latency.currentData() == 16


@checks("look_back")
def _(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    qtbot.wait(300)
    act(window, "look_back")
    qtbot.waitUntil(lambda: "Recorded" in window.notice.text.text(), timeout=10000)
    take = soundfile.read(next((tmp_path / "takes").glob("*dry.wav")))[0]
    assert len(take) > 0.3 * 48000 and np.abs(take).max() > 0.01


@checks("measure")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    act(window, "measure")
    assert "choose an input and an output device" in window.notice.text.text()
    act(window, "run")
    act(window, "measure")
    assert "press Run first" in window.notice.text.text()


@checks("clear")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    assert window.desk.sound is not None
    window.desk.sound.host.state.record["worst_load"] = 9
    window.meter_in.put(0.5, -3)
    assert window.meter_in.clipped
    act(window, "clear")
    qtbot.waitUntil(lambda: engine(window, "worst_load") < 9)
    assert not window.meter_in.clipped


@checks("microphone")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    before = window.desk.sound
    act(window, "microphone")
    qtbot.waitUntil(lambda: window.desk.sound not in (None, before))
    assert window.desk.setup.source is None and window.desk.sound is not None
    clipped = window.desk.sound.source_device is None
    assert not clipped or "built-in clip" in window.notice.text.text()


@checks("demo")
def _(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    window.deeds.hear_file(clip(tmp_path / "x.wav"))
    qtbot.waitUntil(lambda: "x.wav" in window.footer.where.text())
    act(window, "demo")
    qtbot.waitUntil(lambda: "built-in clip" in window.footer.where.text())


@checks("open_audio")
def _(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    act(window, "open_audio")
    give(window, qtbot, clip(tmp_path / "voice.wav"))
    qtbot.waitUntil(lambda: "voice.wav" in window.footer.where.text())
    assert window.desk.sound is not None and window.desk.sound.host.sample_rate == 16000


@checks("open_noise")
def _(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    act(window, "open_noise")
    give(window, qtbot, clip(tmp_path / "hum.wav"))
    qtbot.waitUntil(lambda: "hum.wav" in window.footer.where.text())
    assert window.footer.snr.isVisible()
    window.footer.snr.setValue(-7)
    assert window.desk.sound is not None and window.desk.sound.clip is not None
    assert window.desk.sound.clip.snr_db == -7 and "−7" in window.footer.snr_text.text()


@checks("devices")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    act(window, "devices")
    dialog = dialog_of(window, qtbot, Devices)
    dialog.block.setCurrentIndex(dialog.block.findData(256))
    dialog.accept()
    qtbot.waitUntil(lambda: window.desk.setup.block == 256 and engine(window, "largest_block") == 256)


@checks("open_model")
def _(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    save_model(tmp_path / "mine.safetensors", make_model(n_layers=4))
    act(window, "open_model")
    give(window, qtbot, tmp_path / "mine.safetensors")
    qtbot.waitUntil(lambda: window.desk.patch.preset.name == "mine", timeout=10000)
    qtbot.waitUntil(lambda: [p.n_layers for p in window.picture.strip.shown] == [0, 1, 2, 3, 4])
    assert any(entry.name == "mine" for entry in window.models.entries)


@checks("watch_folder")
def _(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    folder.mkdir()
    act(window, "watch_folder")
    give(window, qtbot, folder)
    qtbot.waitUntil(lambda: window.shelf.folders == [folder])
    save_model(folder / "late.safetensors", make_model())
    qtbot.waitUntil(lambda: any(e.name == "late" for e in window.models.entries), timeout=4000)


@checks("learn")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    act(window, "learn")
    assert window.desk.learning.listening and "Listening" in window.notice.text.text()
    act(window, "learn")
    assert not window.desk.learning.listening
    act(window, "learn")
    qtbot.waitUntil(lambda: "left" in window.actions_by_id["learn"].iconText())
    qtbot.waitUntil(lambda: window.desk.patch.preset.name.startswith("noise_"), timeout=15000)
    preset = window.desk.patch.preset
    assert load_preset(preset.name).stages == preset.stages and "noise of 20" in preset.description
    qtbot.waitUntil(lambda: any(e.name == preset.name for e in window.models.entries), timeout=4000)
    assert window.desk.sound is not None and window.desk.sound.watch.model is not None
    assert window.desk.sound.watch.model.sources[-1] == ("learned", 20)
    act(window, "undo")
    qtbot.waitUntil(lambda: window.desk.patch.preset.name == "sparse", timeout=10000)


@checks("keep_room")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    act(window, "keep_room")
    assert "does not learn its room" in window.notice.text.text()
    desk = window.desk
    desk.choose(load_preset("default"))
    qtbot.waitUntil(lambda: desk.sound is not None and desk.sound.adapter.room() is not None, timeout=15000)
    act(window, "keep_room")
    qtbot.waitUntil(lambda: "begins in this room" in window.notice.text.text(), timeout=10000)
    qtbot.waitUntil(lambda: any(e.name.startswith("room_") for e in window.models.entries), timeout=4000)
    (name,) = [e.name for e in window.models.entries if e.name.startswith("room_")]
    kept = load_preset(name)
    model = load_model(kept.path.with_suffix(".safetensors"))
    assert isinstance(model, AdaptiveModel) and min(model.room_level) > 0
    assert len(model.room_level) == len(model.weights.room)
    assert "With the room of 20" in kept.description and desk.patch.preset.name == "default"


@checks("search")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    act(window, "search")
    assert window.focusWidget() is window.models.search
    qtbot.keyClicks(window.models.search, "any")
    place = [entry.name for entry in window.models.entries].index("anytime")
    assert window.models.list.item(0).text() == f"{place + 1}  anytime"
    press(window.models.search, "Return")
    qtbot.waitUntil(lambda: window.desk.patch.preset.name == "anytime")
    qtbot.keyClicks(window.models.search, "qqq")
    assert window.models.empty.isVisible()


@checks("slot")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    act(window, "slot")
    window.desk.set_depth(3)
    act(window, "slot")
    qtbot.waitUntil(lambda: window.desk.slots.current == "A" and heard(window, "layers") == 25)
    act(window, "slot")
    qtbot.waitUntil(lambda: window.models.slots["B"].isChecked() and heard(window, "layers") == 3)


@checks("match")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    act(window, "match")
    assert "both slots" in window.notice.text.text() and not window.actions_by_id["match"].isChecked()
    act(window, "slot")
    window.desk.set_amount(3)
    act(window, "match")
    qtbot.waitUntil(lambda: window.desk.slots.matched, timeout=20000)
    gains = {name: patch.values.gain_db for name, patch in window.desk.slots.patches.items() if patch}
    assert gains["A"] == 0 and -12 < gains["B"] < 0
    sound = window.desk.sound
    assert sound is not None
    qtbot.waitUntil(lambda: sound.host.chain.plugins[-1].descriptor.id == "gain", timeout=10000)


@checks("abx")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    act(window, "abx")
    assert "two different slots" in window.notice.text.text()
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


@checks("strip")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    strip = window.picture.strip
    assert len(strip.shown) == N_PANES and strip.isVisible()
    qtbot.waitUntil(lambda: "KL" in strip.panes[2].figures.text(), timeout=10000)
    act(window, "strip")
    assert not strip.isVisible()
    act(window, "strip")
    qtbot.mouseClick(strip.panes[1].picture, qt_left())
    qtbot.waitUntil(lambda: heard(window, "layers") == 1)
    strip.panes[1].button.setFocus()
    press(strip.panes[1].button, "Right")
    qtbot.waitUntil(lambda: heard(window, "layers") == 2)
    assert strip.panes[2].button.isChecked() and strip.panes[2].button.hasFocus()


@checks("depths")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
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
    assert "'deep' names no depths" in window.notice.text.text() and window.desk.depths == (3, 7, 24)


@checks("network")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
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


@checks("others")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
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


@checks("freeze")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    act(window, "freeze")
    canvas, history = window.picture.output.canvas, window.picture.history
    assert history is not None
    held, drawn = canvas.end, history.end
    qtbot.waitUntil(lambda: history.end > drawn + 20)
    assert canvas.end == held and canvas._drawn == held
    act(window, "freeze")
    assert canvas.end == history.end


@checks("view")
def _(window: Window, _: QtBot, __: Path) -> None:
    seen = []
    for _i in range(4):
        act(window, "view")
        seen.append(window.picture.output.canvas.view)
    assert seen == ["mask", "removed", "noisy", "enhanced"]


@checks("scale")
def _(window: Window, _: QtBot, __: Path) -> None:
    act(window, "scale")
    assert window.look.axes.scale == "log" and window.picture.bar.scale.currentText() == "log"


@checks("colours")
def _(window: Window, _: QtBot, __: Path) -> None:
    act(window, "colours")
    assert window.look.axes.colours == "inferno" and window.picture.bar.colours.currentText() == "inferno"


@checks("zoom")
def _(window: Window, _: QtBot, __: Path) -> None:
    before = window.picture.input.canvas.seconds_shown
    act(window, "zoom")
    assert window.picture.input.canvas.seconds_shown == before / 2


@checks("theme")
def _(window: Window, _: QtBot, __: Path) -> None:
    colours = set()
    for _i in range(3):
        act(window, "theme")
        colours.add(window.palette().window().color().name())
    assert len(colours) == 3 and window.theme == "contrast"


@checks("export")
def _(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    for name in ("p.png", "t.csv", "a.npz"):
        act(window, "export")
        give(window, qtbot, tmp_path / name)
        qtbot.waitUntil(lambda n=name: n in window.notice.text.text() and "Exported" in window.notice.text.text())
    table = np.loadtxt(tmp_path / "t.csv", delimiter=",", skiprows=1)
    arrays = np.load(tmp_path / "a.npz")
    assert table.shape[1] == 258 and (tmp_path / "p.png").stat().st_size > 1000
    n = min(len(table), len(arrays["magnitudes"]))
    enhanced = 20 * np.log10(np.maximum(arrays["magnitudes"] * arrays["gains"], 1e-9))
    assert np.allclose(table[:n, 1:], enhanced[:n], atol=1e-3)


@checks("full")
def _(window: Window, _: QtBot, __: Path) -> None:
    act(window, "full")
    assert window.isFullScreen()
    act(window, "full")
    assert not window.isFullScreen()


@checks("undo")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    window.desk.set_depth(7)
    window.desk.set_amount(20)
    act(window, "undo")
    act(window, "undo")
    qtbot.waitUntil(lambda: heard(window, "layers") == 25 and heard(window, "amount") == 100)


@checks("redo")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    window.desk.set_depth(7)
    act(window, "undo")
    act(window, "redo")
    qtbot.waitUntil(lambda: heard(window, "layers") == 7)


@checks("folder")
def _(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    act(window, "folder")
    give(window, qtbot, tmp_path / "elsewhere")
    qtbot.waitUntil(lambda: window.desk.takes.folder == tmp_path / "elsewhere")


@checks("flac")
def _(window: Window, _: QtBot, tmp_path: Path) -> None:
    act(window, "flac")
    act(window, "record")
    act(window, "record")
    assert len(list((tmp_path / "takes").glob("*.flac"))) == 2


@checks("keys")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    act(window, "keys")
    text = dialog_of(window, qtbot, KeyList).text.toPlainText()
    assert all(row.tip in text and row.key in text for row in TABLE)


@checks("palette")
def _(window: Window, qtbot: QtBot, _: Path) -> None:
    act(window, "palette")
    dialog = dialog_of(window, qtbot, Palette)
    qtbot.keyClicks(dialog.search, "fade silence")
    press(dialog.search, "Return")
    assert window.desk.muted


@checks("quit")
def _(window: Window, _: QtBot, tmp_path: Path) -> None:
    act(window, "record")
    take = window.desk.sound.wave.recorder if window.desk.sound else None
    assert isinstance(take, Recorder)
    act(window, "quit")
    assert not window.isVisible() and window.desk.sound is None
    assert soundfile.info(take.dry).frames == soundfile.info(take.wet).frames == take.n_frames


def qt_left() -> object:
    from PySide6.QtCore import Qt

    return Qt.MouseButton.LeftButton


@pytest.mark.parametrize("action", [row.id for row in TABLE])
def test_action(window: Window, qtbot: QtBot, tmp_path: Path, action: str) -> None:
    DONE[action](window, qtbot, tmp_path)


def test_the_table_is_whole() -> None:
    assert set(DONE) == set(KEYS)
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
