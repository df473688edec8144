"""Every action of "Sound" is done by its key; what it does is looked up where it must show."""

from pathlib import Path

import numpy as np
import soundfile
from pytestqt.qtbot import QtBot

from gui.window import Window
from realtime.recorder import Recorder
from tests.gui.acting import act, engine, heard


def test_run(window: Window, qtbot: QtBot) -> None:
    act(window, "run")
    assert window.desk.sound is None and "No sound" in window.picture.output.canvas.reason
    act(window, "run")
    qtbot.waitUntil(lambda: window.picture.history is not None and window.picture.history.end > 10)


def test_record(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    act(window, "record")
    assert "REC 0:00.0" in window.transport.state.text()
    qtbot.waitUntil(lambda: float(window.transport.state.text().rsplit(":", 1)[1]) > 0.4)
    assert "-dry.wav and " in window.footer.where.text()
    act(window, "record")
    dry, wet = (soundfile.read(next((tmp_path / "takes").glob(f"*{side}.wav")))[0] for side in ("dry", "wet"))
    assert len(dry) == len(wet) > 4800 and np.abs(dry).max() > 0.01 and not np.array_equal(dry, wet)


def test_bypass(window: Window, qtbot: QtBot) -> None:
    act(window, "bypass")
    qtbot.waitUntil(lambda: engine(window, "bypass") == 1)
    assert "BYPASSED" in window.transport.state.text() and "bypassed" in window.picture.output.notice.text()
    act(window, "bypass")
    qtbot.waitUntil(lambda: engine(window, "bypass") == 0)


def test_mute(window: Window, qtbot: QtBot) -> None:
    act(window, "mute")
    qtbot.waitUntil(lambda: engine(window, "mute") == 1)
    assert "MUTED" in window.transport.state.text()


def test_deeper(window: Window, qtbot: QtBot) -> None:
    window.desk.set_depth(10)
    act(window, "deeper")
    qtbot.waitUntil(lambda: heard(window, "layers") == 11)


def test_shallower(window: Window, qtbot: QtBot) -> None:
    act(window, "shallower")
    qtbot.waitUntil(lambda: heard(window, "layers") == 24)
    assert window.transport.layers.value() == 24


def test_more(window: Window, qtbot: QtBot) -> None:
    window.desk.set_amount(12)
    act(window, "more")
    qtbot.waitUntil(lambda: heard(window, "amount") == 15)


def test_less(window: Window, qtbot: QtBot) -> None:
    act(window, "less")
    qtbot.waitUntil(lambda: heard(window, "amount") == 97)
    assert "97" in window.transport.amount_text.text()


def test_latency(window: Window, qtbot: QtBot) -> None:
    sound = window.desk.sound
    assert sound is not None
    act(window, "latency")
    qtbot.waitUntil(lambda: sound.host.chain.latency == sound.host.sample_rate * 0.016, timeout=10000)
    assert window.transport.latency.currentData() == 16


def test_look_back(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    qtbot.wait(300)
    act(window, "look_back")
    qtbot.waitUntil(lambda: "Recorded" in window.notice.sentence, timeout=10000)
    take = soundfile.read(next((tmp_path / "takes").glob("*dry.wav")))[0]
    assert len(take) > 0.3 * 48000 and np.abs(take).max() > 0.01


def test_measure(window: Window) -> None:
    act(window, "measure")
    assert "choose an input and an output device" in window.notice.sentence
    act(window, "run")
    act(window, "measure")
    assert "press Run first" in window.notice.sentence


def test_clear(window: Window, qtbot: QtBot) -> None:
    assert window.desk.sound is not None
    window.desk.sound.host.state.record["worst_load"] = 9
    window.meter_in.put(0.5, -3)
    assert window.meter_in.clipped
    act(window, "clear")
    qtbot.waitUntil(lambda: engine(window, "worst_load") < 9)
    assert not window.meter_in.clipped


def test_quit(window: Window) -> None:
    act(window, "record")
    take = window.desk.sound.wave.recorder if window.desk.sound else None
    assert isinstance(take, Recorder)
    act(window, "quit")
    assert not window.isVisible() and window.desk.sound is None
    assert soundfile.info(take.dry).frames == soundfile.info(take.wet).frames == take.n_frames
