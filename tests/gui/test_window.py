"""The window as a whole: what is dropped on it, what goes wrong under it, what it remembers, who can use it."""

import gc
import os
import signal
import subprocess
import sys
import time
import weakref
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
)
from pytestqt.qtbot import QtBot

from gui.meters import Meter
from gui.settings import Settings
from gui.sound import DEMO, Setup
from gui.spectrogram import Spectrogram
from gui.window import Window
from realtime.base.handover import USED
from realtime.engine.preset import BUILT_IN, load_preset
from realtime.model import save_model
from realtime.networks.adaptive import room_of
from realtime.plugins.denoise import FROZEN, ON, Denoise
from realtime.render import Stream
from realtime.watch import Watch
from tests.gui.acting import dialog_of
from tests.gui.hands import CONTROLS, drop, goes_on, visible_controls
from tests.test_model import make_model


def test_a_dropped_model_is_heard_and_listed(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    save_model(tmp_path / "new.safetensors", make_model(n_layers=3))
    drop(window, tmp_path / "new.safetensors")
    qtbot.waitUntil(lambda: window.desk.patch.preset.name == "new", timeout=10000)
    assert goes_on(window, qtbot) and "new" in window.models.about.text()
    assert any("new" in window.models.list.item(i).text() for i in range(window.models.list.count()))


def test_files_are_known_by_their_suffix_in_capitals_too(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    save_model(tmp_path / "m.safetensors", make_model(n_layers=3))
    (tmp_path / "m.safetensors").rename(tmp_path / "NEW.SAFETENSORS")
    drop(window, tmp_path / "NEW.SAFETENSORS")
    qtbot.waitUntil(lambda: window.desk.patch.preset.name == "NEW", timeout=10000)
    (tmp_path / "FLAT.TOML").write_text('[[chain]]\nplugin = "gain"\n')
    drop(window, tmp_path / "FLAT.TOML")
    qtbot.waitUntil(lambda: window.desk.patch.preset.name == "FLAT", timeout=10000)


def test_what_was_asked_to_be_written_is_written_before_the_window_closes(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    qtbot.wait(300)
    window.worker.start("reading", lambda: time.sleep(0.5), lambda _: None, lambda _: None)
    window.deeds.export_to(tmp_path / "T.CSV")
    window.deeds.export_to(tmp_path / "A.NPZ")
    window.desk.takes.save_look_back()
    window.close()
    assert all((tmp_path / name).stat().st_size > 1000 for name in ("T.CSV", "A.NPZ"))
    assert len(list((tmp_path / "takes").iterdir())) == 2


def test_the_last_minute_ends_when_its_key_is_pressed(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    sound = window.desk.sound
    assert sound is not None
    window.worker.start("reading", lambda: time.sleep(1.5), lambda _: None, lambda _: None)
    window.desk.takes.save_look_back()
    n_rows = sound.wave.end
    qtbot.waitUntil(lambda: "Recorded" in window.notice.sentence, timeout=10000)
    (dry,) = (tmp_path / "takes").glob("*dry.wav")
    assert soundfile.info(dry).frames <= n_rows < sound.wave.end - sound.host.sample_rate


def test_taps_of_the_strip_are_those_of_the_network(window: Window, qtbot: QtBot) -> None:
    history, strip = window.picture.history, window.picture.strip
    assert history is not None
    qtbot.waitUntil(lambda: history.end > 100)
    assert [pane.n_layers for pane in strip.shown] == [0, 1, 2, 5, 10, 25]
    deepest = history.gains(50, 100, tap=5)
    assert np.abs(deepest - history.gains(50, 100)).max() <= 1e-5
    assert np.abs(history.gains(50, 100, tap=0) - deepest).max() > 0.01


def test_another_model_stands_beside_the_input_it_was_given(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "flat.toml").write_text('[[chain]]\nplugin = "gain"\n')
    window.shelf.watch(tmp_path)
    others = window.picture.others
    others.wanted = [tmp_path / "flat.toml"]
    window.show_tab(2, True)
    pane = others.panes[0]
    qtbot.waitUntil(lambda: pane.history is not None and "0.0 dB" in pane.figures.text(), timeout=10000)
    history, pane_history = window.picture.history, pane.history
    assert history is not None and pane_history is not None
    first = pane_history.end + 4  # the first three began before the pane did
    qtbot.waitUntil(lambda: pane_history.end > first + 60)
    wanted = history.values("noisy", first, first + 60)
    assert np.abs(pane_history.values("noisy", first, first + 60) - wanted).max() <= 1e-5 < wanted.max()


def test_a_depth_pane_equals_the_offline_output_of_that_depth(window: Window, qtbot: QtBot) -> None:
    history, sound = window.picture.history, window.desk.sound
    assert history is not None and sound is not None
    qtbot.waitUntil(lambda: history.end > 200)
    clip, rate = soundfile.read(BUILT_IN / "demo.flac", dtype="float32")
    assert rate == sound.host.sample_rate
    for pane in window.picture.strip.shown:
        chain = load_preset("sparse").chain(rate, layers=pane.n_layers)
        stream, watch = Stream(chain), Watch(chain)
        stream.process(clip[: 2 * rate])
        offline = watch.read()
        shown = history.values("enhanced", 0, 200, pane.picture.tap)
        assert np.abs(shown - offline.magnitudes[:200] * offline.mask[:200]).max() <= 1e-5, pane.n_layers
        assert shown.max() > 0.01


def test_a_take_is_what_the_look_back_holds(window: Window, qtbot: QtBot) -> None:
    sound = window.desk.sound
    assert sound is not None
    window.desk.takes.record(True)
    recorder = sound.wave.recorder
    qtbot.wait(500)
    window.desk.takes.record(False)
    assert recorder is not None
    take = np.stack([soundfile.read(p, dtype="float32")[0] for p in (recorder.dry, recorder.wet)], axis=1)
    rows = sound.wave.rows()
    starts = np.flatnonzero((rows[: len(rows) - len(take) + 1] == take[0]).all(axis=1))
    assert len(take) > 10000 and any(np.array_equal(rows[s : s + len(take)], take) for s in starts)


@pytest.mark.parametrize("tab", [0, 1, 2])
def test_every_control_has_a_name_and_is_reached_by_tab(window: Window, qtbot: QtBot, tab: int) -> None:
    window.show_tab(tab, True)
    window.deeds.mix_noise(Path(str(window.desk.setup.clip)))
    qtbot.waitUntil(lambda: window.footer.snr.isVisible())
    window.tell("warn", "a message, so that its button is there")
    controls = visible_controls(window)
    for control in controls:
        interface = QAccessible.queryAccessibleInterface(control)
        assert interface is not None and interface.text(QAccessible.Text.Name), control
    wanted = {w for w in controls if w.focusPolicy() & Qt.FocusPolicy.TabFocus or isinstance(w, CONTROLS)}
    wanted = {w for w in wanted if not (isinstance(w, Meter) and not w.clips)}
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    reached = set()
    for _ in range(120):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        reached.add(QApplication.focusWidget())
    assert not wanted - reached, wanted - reached
    assert len(wanted) > 25


@pytest.mark.parametrize("action", ["devices", "depths", "keys", "palette", "abx"])
def test_controls_of_the_dialogs_have_names(window: Window, qtbot: QtBot, action: str) -> None:
    window.desk.slots.toggle()
    window.desk.set_depth(1)
    window.actions_by_id[action].trigger()
    for control in visible_controls(dialog_of(window, qtbot, QDialog)):
        interface = QAccessible.queryAccessibleInterface(control)
        assert interface is not None and interface.text(QAccessible.Text.Name), control


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_text_can_be_read_in_every_theme(window: Window, theme: str) -> None:
    from gui.theme import palette_of, signal_colour

    def luminance(colour: object) -> float:
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]  # WCAG 2.2

    palette = palette_of(theme)
    pairs = [
        (palette.windowText(), palette.window()),
        (palette.text(), palette.base()),
        (palette.buttonText(), palette.button()),
        (palette.highlightedText(), palette.highlight()),
        (palette.placeholderText(), palette.window()),
    ]
    colours = [(a.color(), b.color()) for a, b in pairs]
    colours += [(signal_colour(name, palette), palette.window().color()) for name in ("good", "warn", "bad")]
    for front, back in colours:
        lighter, darker = sorted((luminance(front), luminance(back)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (front.name(), back.name())


def test_a_window_without_sound_or_hidden_draws_nothing(window: Window, qtbot: QtBot) -> None:
    def painted() -> list[int]:
        return [s.n_painted for s in window.findChildren(Spectrogram)]

    window.hide()
    qtbot.wait(50)
    before = painted()
    qtbot.wait(300)
    assert painted() == before and goes_on(window, qtbot)
    window.show()
    window.desk.run(False)
    qtbot.wait(1500)  # meters fall
    before = painted()
    qtbot.wait(300)
    assert painted() == before


def test_networks_that_are_no_longer_heard_are_freed_at_once(window: Window, qtbot: QtBot) -> None:
    """Not when the collector comes: it may take minutes, and each is tens of megabytes."""
    sound = window.desk.sound
    assert sound is not None
    gone = [weakref.ref(thing) for thing in (sound, sound.host, sound.host.chain)]
    del sound
    gc.collect()
    gc.disable()
    try:
        window.desk.choose(load_preset("default"))
        qtbot.waitUntil(lambda: window.desk.patch.preset.name == "default", timeout=10000)
        window.show_tab(2, True)
        qtbot.waitUntil(lambda: any(pane.runner for pane in window.picture.others.panes), timeout=10000)
        gone += [weakref.ref(pane.runner) for pane in window.picture.others.panes if pane.runner]
        window.show_tab(0, True)
        window.desk.run(False)
        window.desk.run(True)
        qtbot.waitUntil(lambda: all(thing() is None for thing in gone), timeout=10000)
    finally:
        gc.enable()


def test_a_message_follows_the_theme(window: Window) -> None:
    from gui.theme import palette_of, signal_colour

    window.tell("bad", "broken")
    for theme in ("light", "dark", "contrast"):
        window.set_theme(theme)
        assert signal_colour("bad", palette_of(theme)).name() in window.notice.styleSheet()


def test_an_information_never_hides_a_problem(window: Window) -> None:
    window.tell("bad", "broken")
    window.tell("info", "fine")
    assert "broken" in window.notice.sentence
    window.notice.dismiss.click()
    window.tell("info", "fine")
    assert "fine" in window.notice.sentence


KILLED = """
from PySide6.QtWidgets import QApplication
from gui.sound import DEMO, Setup
from gui.window import Window
from realtime.engine.preset import load_preset
application = QApplication([])
window = Window(load_preset("sparse"))
window.desk.setup = Setup(source=DEMO, block=256)
window.show()
window.begin()
while window.desk.sound is None:
    application.processEvents()
window.desk.set_depth(7)
window.desk.compare("1, 4")
window.desk.set_amount(18)
window.desk.bypass(True)
window.look.set(scale="mel", colours="cividis")
window.picture.output.set_view("mask")
window.set_theme("dark")
window.show_tab(1, True)
application.exec()
"""


def test_after_a_kill_the_next_start_is_where_it_was(qtbot: QtBot, tmp_path: Path) -> None:
    settings = Settings()
    with subprocess.Popen([sys.executable, "-c", KILLED], env=os.environ | {"PYTHONPATH": os.getcwd()}) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if settings.path.is_file() and "cividis" in settings.path.read_text():
                break
            time.sleep(0.1)
        os.kill(process.pid, signal.SIGKILL)
    window = Window(load_preset("sparse"))
    qtbot.addWidget(window)
    window.show()
    window.begin()
    desk = window.desk
    qtbot.waitUntil(lambda: desk.sound is not None)
    assert desk.sound is not None
    assert (desk.depth, desk.patch.values.amount, desk.bypassed, desk.depths) == (7, 18, True, (1, 4))
    assert desk.setup == Setup(source=DEMO, block=256) and desk.sound.host.state["bypass_wanted"] == 1
    assert (window.look.axes.scale, window.look.axes.colours) == ("mel", "cividis")
    assert (window.picture.output.canvas.view, window.theme) == ("mask", "dark")
    assert window.picture.tabs.currentIndex() == 1
    window.close()


def test_a_fresh_start_leaves_what_is_remembered(qtbot: QtBot) -> None:
    for remember in (True, False):
        window = Window(load_preset("sparse"), remember=remember)
        qtbot.addWidget(window)
        window.desk.set_amount(20 if remember else 50)
        window.close()
    again = Window(load_preset("sparse"))
    qtbot.addWidget(again)
    assert again.desk.patch.values.amount == 20


def test_parameters_of_other_plugins_are_set_undone_and_remembered(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "loud.toml").write_text('[[chain]]\nplugin = "gain"\n[chain.parameters]\ngain = 3.0\n')
    drop(window, tmp_path / "loud.toml")
    qtbot.waitUntil(lambda: window.desk.patch.preset.name == "loud", timeout=10000)
    (control,) = window.findChildren(QDoubleSpinBox)
    assert control.value() == 3 and "no network" in window.picture.output.canvas.reason
    control.setValue(-6)
    sound = window.desk.sound
    assert sound is not None
    place = sound.host.chain.parameter("gain", "gain")[1]
    qtbot.waitUntil(lambda: place[0] == -6)
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: place[0] == 3 and control.value() == 3)
    window.desk.undo.redo()
    window.save()
    window.desk.run(False)
    again = Window(load_preset("sparse"))
    qtbot.addWidget(again)
    again.begin()
    qtbot.waitUntil(lambda: again.desk.dials.value("gain", "gain") == -6)
    again.close()


def test_learning_of_the_room_is_chosen_by_name_and_runs_under_the_window(window: Window, qtbot: QtBot) -> None:
    window.desk.choose(load_preset("default"))
    qtbot.waitUntil(lambda: ("denoise", "adapt") in window.models.parameters.controls, timeout=10000)
    choice = window.models.parameters.controls["denoise", "adapt"]
    assert isinstance(choice, QComboBox) and choice.currentText() == "on"
    sound = window.desk.sound
    assert sound is not None
    place = sound.host.chain.parameter("denoise", "adapt")[1]
    (denoise,) = sound.host.chain.plugins
    assert isinstance(denoise, Denoise) and denoise.network is not None
    network = denoise.network
    qtbot.waitUntil(lambda: room_of(network) is not None, timeout=10000)
    choice.setCurrentText("freeze")
    qtbot.waitUntil(lambda: place[0] == FROZEN)
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: place[0] == ON and choice.currentText() == "on")


@pytest.mark.parametrize(("name", "n_layers"), [("sparse", 25), ("default", 7)])
def test_every_layer_of_a_network_with_bases_has_its_place_on_the_curves(
    window: Window, qtbot: QtBot, name: str, n_layers: int
) -> None:
    window.desk.choose(load_preset(name))
    window.show_tab(0, True)
    strip = window.picture.strip
    qtbot.waitUntil(lambda: strip.shown[-1].n_layers == n_layers, timeout=10000)
    qtbot.waitUntil(lambda: "KL" in strip.shown[-1].figures.text(), timeout=10000)
    removed, divergence = (curve.getData()[1] for curve in strip.plot.curves)
    assert strip.plot.isVisible() and len(removed) == len(divergence) == n_layers + 1
    assert divergence[-1] < divergence[0] and removed[0] < removed[-1]


def test_bases_of_the_stream_are_shown_and_muted_while_the_same_network_runs(window: Window, qtbot: QtBot) -> None:
    window.desk.choose(load_preset("default"))
    window.show_tab(1, True)
    network = window.picture.network
    qtbot.waitUntil(lambda: len(network.map.bases) == 336 and network.map.share(0) > 0, timeout=10000)
    sound = window.desk.sound
    assert sound is not None
    chain, watch = sound.host.chain, sound.watch
    own = [i for i, basis in enumerate(watch.bases) if basis.own]
    assert own == list(range(320, 336)) and sum(network.map.share(i) for i in range(336)) == pytest.approx(1)
    names = [network.map.name(i) for i in own]
    assert names[:8] == [f"room {i}" for i in range(1, 9)]
    assert {"follows noise, 0.64 s", "follows speech, 48 ms", "floor of noise, 0.48 s"} < set(names[8:])
    speech = frozenset(i for i, basis in enumerate(watch.bases) if basis.is_speech)
    follower = max(speech)
    assert watch.bases[follower].own == "follower"
    network.map.select(max(speech - set(own)))
    for _ in range(3):
        QTest.keyClick(network.map, Qt.Key.Key_Right)
    assert network.map.selected == follower, "the followers stand beside what they follow"
    network.buttons["mute"].click()
    assert window.desk.patch.values.bases == speech - {follower} and network.buttons["mute"].text() == "Add basis"
    (denoise,) = chain.plugins
    assert isinstance(denoise, Denoise) and denoise.network is not None
    choice = denoise.network.keep["choices"][-1][1]
    assert set(np.flatnonzero(choice)) == speech - {follower}
    qtbot.waitUntil(lambda: denoise.network.keep["choice"][USED] == choice.ctypes.data, timeout=5000)
    assert sound.host.chain is chain and sound.watch is watch
    window.desk.undo.undo()
    assert window.desk.patch.values.bases is None and network.map.heard == speech
