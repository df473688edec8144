"""Every action of "Input" and "Models" is done by its key; what it does is looked up where it must show."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from gui.devices import Devices
from gui.window import Window
from realtime.adaptivemodel import AdaptiveModel
from realtime.engine.preset import load_preset
from realtime.model import load_model, save_model
from tests.gui.acting import act, clip, dialog_of, engine, give, press
from tests.test_model import make_model


def test_microphone(window: Window, qtbot: QtBot) -> None:
    before = window.desk.sound
    act(window, "microphone")
    qtbot.waitUntil(lambda: window.desk.sound not in (None, before))
    assert window.desk.setup.source is None and window.desk.sound is not None
    clipped = window.desk.sound.source_device is None
    assert not clipped or "built-in clip" in window.notice.sentence


def test_demo(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    window.deeds.hear_file(clip(tmp_path / "x.wav"))
    qtbot.waitUntil(lambda: "x.wav" in window.footer.where.text())
    act(window, "demo")
    qtbot.waitUntil(lambda: "built-in clip" in window.footer.where.text())


def test_open_audio(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    act(window, "open_audio")
    give(window, qtbot, clip(tmp_path / "voice.wav"))
    qtbot.waitUntil(lambda: "voice.wav" in window.footer.where.text())
    assert window.desk.sound is not None and window.desk.sound.host.sample_rate == 16000


def test_open_noise(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    act(window, "open_noise")
    give(window, qtbot, clip(tmp_path / "hum.wav"))
    qtbot.waitUntil(lambda: "hum.wav" in window.footer.where.text())
    assert window.footer.snr.isVisible()
    window.footer.snr.setValue(-7)
    assert window.desk.sound is not None and window.desk.sound.clip is not None
    assert window.desk.sound.clip.snr_db == -7 and "−7" in window.footer.snr_text.text()


def test_devices(window: Window, qtbot: QtBot) -> None:
    act(window, "devices")
    dialog = dialog_of(window, qtbot, Devices)
    dialog.block.setCurrentIndex(dialog.block.findData(256))
    dialog.accept()
    qtbot.waitUntil(lambda: window.desk.setup.block == 256 and engine(window, "largest_block") == 256)


def test_open_model(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    save_model(tmp_path / "mine.safetensors", make_model(n_layers=4))
    act(window, "open_model")
    give(window, qtbot, tmp_path / "mine.safetensors")
    qtbot.waitUntil(lambda: window.desk.patch.preset.name == "mine", timeout=10000)
    qtbot.waitUntil(lambda: [p.n_layers for p in window.picture.strip.shown] == [0, 1, 2, 3, 4])
    assert any(entry.name == "mine" for entry in window.models.entries)


def test_watch_folder(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    folder.mkdir()
    act(window, "watch_folder")
    give(window, qtbot, folder)
    qtbot.waitUntil(lambda: window.shelf.folders == [folder])
    save_model(folder / "late.safetensors", make_model())
    qtbot.waitUntil(lambda: any(e.name == "late" for e in window.models.entries), timeout=4000)


def test_learn(window: Window, qtbot: QtBot) -> None:
    act(window, "learn")
    assert window.desk.learning.listening and "Listening" in window.notice.sentence
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


def test_keep_room(window: Window, qtbot: QtBot) -> None:
    act(window, "keep_room")
    assert "does not learn its room" in window.notice.sentence
    desk = window.desk
    desk.choose(load_preset("default"))
    qtbot.waitUntil(lambda: desk.sound is not None and desk.sound.adapter.room() is not None, timeout=15000)
    act(window, "keep_room")
    qtbot.waitUntil(lambda: "begins in this room" in window.notice.sentence, timeout=10000)
    qtbot.waitUntil(lambda: any(e.name.startswith("room_") for e in window.models.entries), timeout=4000)
    (name,) = [e.name for e in window.models.entries if e.name.startswith("room_")]
    kept = load_preset(name)
    model = load_model(kept.path.with_suffix(".safetensors"))
    assert isinstance(model, AdaptiveModel) and min(model.room_level) > 0
    assert len(model.room_level) == len(model.weights.room)
    assert "With the room of 20" in kept.description and desk.patch.preset.name == "default"


def test_search(window: Window, qtbot: QtBot) -> None:
    act(window, "search")
    assert window.focusWidget() is window.models.search
    qtbot.keyClicks(window.models.search, "any")
    place = [entry.name for entry in window.models.entries].index("anytime")
    assert window.models.list.item(0).text() == f"{place + 1}  anytime"
    press(window.models.search, "Return")
    qtbot.waitUntil(lambda: window.desk.patch.preset.name == "anytime")
    qtbot.keyClicks(window.models.search, "qqq")
    assert window.models.empty.isVisible()
