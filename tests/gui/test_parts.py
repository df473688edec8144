"""The parts without a window. Oracles: scipy's binomial test, the sum of parts, RMS, and numbers by hand."""

import time
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from scipy.stats import binomtest

from gui.abx import p_value
from gui.catalogue import find_files, scan
from gui.clock import Clock
from gui.health import clock_text
from gui.layers import removed_text
from gui.meters import level_meter
from gui.models import card_html
from gui.slots import matching_gains
from gui.sound import Patch, Setup, Values, make_chain, read_depths, strip_depths
from gui.wave import WaveTee
from gui.worker import Worker
from realtime.base.ring import Ring
from realtime.engine.preset import BUILT_IN, load_preset
from realtime.model import save_model
from realtime.render import render
from realtime.watch import Watch
from tests.test_model import make_model

RATE = 16000


def noise(seconds: float = 1.0) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, int(RATE * seconds)).astype(np.float32)


@pytest.mark.parametrize(("right", "trials"), [(0, 1), (6, 6), (8, 10), (5, 10), (12, 16)])
def test_p_value_is_that_of_the_binomial_test(right: int, trials: int) -> None:
    assert p_value(right, trials) == pytest.approx(binomtest(right, trials, 0.5, alternative="greater").pvalue)


@pytest.mark.parametrize(("name", "n_bases"), [("sparse", 112), ("default", 336)])
def test_chosen_bases_and_all_others_add_up_to_the_input(name: str, n_bases: int) -> None:
    preset, x = load_preset(name), noise()
    kept = frozenset(range(0, n_bases, 3))
    choices = (kept, frozenset(range(n_bases)) - kept)
    parts = [render(x, make_chain(preset, RATE, Values(bases=choice))) for choice in choices]
    assert np.abs(parts[0] + parts[1] - x)[600:-600].max() < 1e-5
    assert min(np.sqrt(np.mean(p**2)) for p in parts) > 0.01


@pytest.mark.parametrize("name", ["sparse", "default"])
def test_the_models_own_speech_bases_sound_as_the_model(name: str) -> None:
    preset, x = load_preset(name), noise()
    chain, own = preset.chain(RATE), make_chain(preset, RATE, Values())
    speech = frozenset(i for i, basis in enumerate(Watch(chain).bases) if basis.is_speech)
    wanted = render(x, chain)
    assert np.array_equal(render(x, own), wanted)
    assert np.allclose(render(x, make_chain(preset, RATE, Values(bases=speech))), wanted, atol=1e-6)


def test_matched_slots_are_equally_loud() -> None:
    x, preset = noise(), load_preset("sparse")
    a, b = Patch(preset, Values()), Patch(preset, Values(amount=3.0))
    gains = matching_gains(x, RATE, a, b)
    levels = [
        np.sqrt(np.mean(render(x, make_chain(p.preset, RATE, Values(amount=p.values.amount, gain_db=gains[n]))) ** 2))
        for n, p in (("A", a), ("B", b))
    ]
    assert max(gains.values()) == 0 and levels[0] == pytest.approx(levels[1], rel=0.01)


@pytest.mark.parametrize(
    ("n_layers", "wanted"), [(25, (0, 1, 2, 5, 10, 25)), (6, (0, 1, 2, 5, 6)), (5, (0, 1, 2, 3, 4, 5)), (1, (0, 1))]
)
def test_depths_of_the_strip(n_layers: int, wanted: tuple[int, ...]) -> None:
    assert strip_depths(n_layers) == wanted
    assert strip_depths(n_layers, (1, 3)) == (*(d for d in (1, 3) if d < n_layers), n_layers)


@pytest.mark.parametrize(("text", "wanted"), [("0 1 2", (0, 1, 2)), (" 9,3 , 3", (3, 9)), ("7", (7,))])
def test_depths_are_read_as_they_are_typed(text: str, wanted: tuple[int, ...]) -> None:
    assert read_depths(text) == wanted


@pytest.mark.parametrize("text", ["", " , ", "-1", "2.5", "all", "1 2 3 4 5 6", "1, x"])
def test_what_names_no_depths_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="names no depths; give 1 to 5 numbers of layers, such as 0, 1, 2, 5, 10"):
        read_depths(text)


def test_the_catalogue_names_what_cannot_be_used(tmp_path: Path) -> None:
    save_model(tmp_path / "good.safetensors", make_model())
    (tmp_path / "bad.safetensors").write_bytes(b"junk")
    (tmp_path / "bad.toml").write_text("chain = 3")
    (tmp_path / "other.txt").write_text("")
    entries = {e.path: e for e in scan([tmp_path])}
    assert entries[tmp_path / "good.safetensors"].preset is not None
    assert "3 layer(s)" in card_html(entries[tmp_path / "good.safetensors"])
    for name in ("bad.safetensors", "bad.toml"):
        assert entries[tmp_path / name].preset is None and str(tmp_path / name) in entries[tmp_path / name].problem
    assert tmp_path / "other.txt" not in entries and BUILT_IN / "default.toml" in entries
    before = find_files([tmp_path])
    save_model(tmp_path / "good.safetensors", make_model(seed=1, n_layers=5))
    assert find_files([tmp_path]) != before


def test_a_meter_falls_holds_and_latches(qtbot: object) -> None:
    meter = level_meter("In", "Input")
    meter.put(-20.0, -30.0)
    meter.put(-60.0, -60.0)
    assert meter.level == pytest.approx(-20.4) and meter.held == -20
    meter.put(0.0, -3.0)
    for _ in range(100):
        meter.put(-60.0, -60.0)
        assert meter.held >= meter.level
    assert meter.clipped and meter.held < 0
    meter.clear()
    assert not meter.clipped


def test_dropped_frames_are_counted(qtbot: object) -> None:
    clock = Clock()
    clock.start()
    qtbot.waitUntil(lambda: clock.n_frames > 5)
    before = clock.n_dropped
    time.sleep(0.2)
    n = clock.n_frames
    qtbot.waitUntil(lambda: clock.n_frames > n)
    assert 8 <= clock.n_dropped - before <= 40
    clock.forget()
    assert clock.n_dropped == 0


def test_a_job_hands_back_its_result_or_its_sentence_or_nothing_when_cancelled(qtbot: object) -> None:
    worker, results, labels = Worker(), [], []
    worker.busy.connect(labels.append)

    def fail() -> None:
        raise OSError("no room")

    worker.start("one", lambda: 1, results.append, results.append)
    worker.start("two", fail, results.append, results.append)
    qtbot.waitUntil(lambda: results == [1, "no room"])
    assert labels[0] == "one" and labels[-1] == ""
    worker.start("three", lambda: time.sleep(0.1), results.append, results.append)
    worker.cancel()
    qtbot.wait(300)
    assert results == [1, "no room"]


def test_what_must_be_done_is_done_at_the_end_and_what_need_not_is_not(qapp: object) -> None:
    worker, ran = Worker(), []
    worker.start("first", lambda: time.sleep(0.2), ran.append, ran.append)
    for name, must in (("save", True), ("load", False), ("keep", True)):
        worker.start(name, lambda n=name: ran.append(n), ran.append, ran.append, must)
    worker.cancel()
    worker.start("late", lambda: ran.append("late"), ran.append, ran.append)
    worker.wait()
    assert ran == ["save", "keep"]


def test_the_look_back_keeps_its_last_rows_in_order() -> None:
    class OneHost:
        sample_rate = 4.0
        wave = Ring(100, np.float32, 2)

        def record(self, on: bool) -> None:
            pass

    host = OneHost()
    tee = WaveTee(host, seconds=2.0)  # type: ignore[arg-type]
    for n in (5, 6):
        host.wave.write(np.arange(tee.end, tee.end + n, dtype=np.float32)[:, None].repeat(2, 1))
        end = tee.end + n
        while tee.end < end:
            time.sleep(0.01)
        assert tee.rows()[:, 0].tolist() == list(range(max(0, end - 8), end))
    tee.stop()


def test_a_clip_that_may_not_be_looked_at_is_gone() -> None:
    for source in ("/" + "x" * 5000, "a\0b"):
        assert Setup(source=source).clip is None
    with patch.object(Path, "is_file", side_effect=PermissionError("locked")):
        assert Setup(source="/locked/voice.wav").is_gone


def test_time_is_written_as_minutes_and_seconds() -> None:
    assert (clock_text(3.25), clock_text(61.0)) == ("0:03.2", "1:01.0")


@pytest.mark.parametrize(("removed", "text"), [(3.21, "−3.2"), (0.04, "0.0"), (-0.04, "0.0"), (-0.4, "+0.4")])
def test_what_is_removed_lowers_the_level(removed: float, text: str) -> None:
    assert removed_text(removed) == text
