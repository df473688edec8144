"""What goes wrong under the window: it says so in plain words, sound goes on where it can, and nothing is lost."""

import json
import resource
import shutil
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QUrl
from pytestqt.qtbot import QtBot
from safetensors.numpy import load_file, save_file

from gui.catalogue import read_entry
from gui.settings import Settings, patch_as_dict, patch_from
from gui.sound import DEMO, Patch, Setup, Values
from gui.window import Window
from realtime.engine.preset import load_preset, preset_folders
from realtime.model import save_model
from tests.gui.hands import drop, goes_on
from tests.test_model import make_model


def told(window: Window, qtbot: QtBot, *words: str) -> None:
    """Wait until the window tells of a problem in these words."""
    qtbot.waitUntil(lambda: all(word in window.notice.sentence for word in words), timeout=10000)
    assert window.notice.isVisible() and window.notice.kind == "bad"


def truncated_model(path: Path) -> None:
    save_model(path, make_model())
    path.write_bytes(path.read_bytes()[:-1000])


def random_model(path: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(5000))


def changed_model(path: Path, change: Callable[[dict[str, object], dict[str, np.ndarray]], None]) -> None:
    save_model(path, make_model())
    content, tensors = path.read_bytes(), load_file(path)
    header = json.loads(content[8 : 8 + struct.unpack("<Q", content[:8])[0]])
    meta = json.loads(header["__metadata__"]["unfold"])
    change(meta, tensors)
    save_file(tensors, path, {"unfold": json.dumps(meta)})


def model_of_another_kind(path: Path) -> None:
    changed_model(path, lambda meta, _: meta.update(kind="transformer"))


def model_of_another_rate(path: Path) -> None:
    changed_model(path, lambda meta, _: meta["stft"].update(sample_rate=44100))


def model_with_nan(path: Path) -> None:
    changed_model(path, lambda _, tensors: tensors["W.0"].__setitem__((0, 0), np.nan))


def tensors_of_others(path: Path) -> None:
    save_file({"weight": np.ones((3, 3), np.float32)}, path)


def empty_clip(path: Path) -> None:
    soundfile.write(path, np.zeros(0, np.float32), 16000)


def huge_clip(path: Path) -> None:
    soundfile.write(path, np.zeros(16000 * 700, np.int16), 16000, subtype="PCM_U8")


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("notes.txt", lambda p: p.write_text("hello"), ("notes.txt is no model", "the sound goes on")),
        ("a folder", lambda p: p.mkdir(), ("a folder is no model", "the sound goes on")),
        ("broken.safetensors", lambda p: p.write_bytes(b"\x00" * 50), ("damaged",)),
        ("cut.safetensors", truncated_model, ("cut.safetensors", "copy or train it anew")),
        ("noise.safetensors", random_model, ("noise.safetensors", "copy or train it anew")),
        ("kind.safetensors", model_of_another_kind, ("its kind is 'transformer'", "this version runs nmf")),
        ("rate.safetensors", model_of_another_rate, ("44100", "train or copy it anew")),
        ("nan.safetensors", model_with_nan, ("W.0", "finite", "train or copy it anew")),
        ("theirs.safetensors", tensors_of_others, ("no model of ours", "python -m training")),
        ("broken.toml", lambda p: p.write_text("chain = ["), ("not valid TOML",)),
        ("broken.wav", lambda p: p.write_bytes(b"RIFFxxxx"), ("cannot be read as audio", "give a WAV")),
        ("empty.wav", empty_clip, ("empty.wav holds no sound", "give another file")),
        ("huge.wav", huge_clip, ("lasts 12 minutes", "give a shorter one")),
        ("gone.wav", lambda p: None, ("There is no file", "choose another one")),
    ],
)
def test_what_is_dropped_and_cannot_be_used_is_told_and_the_sound_goes_on(
    window: Window, qtbot: QtBot, tmp_path: Path, name: str, make: Callable[[Path], object], words: tuple[str, ...]
) -> None:
    make(tmp_path / name)
    preset, setup = window.desk.patch.preset, window.desk.setup
    drop(window, tmp_path / name)
    told(window, qtbot, *words)
    assert window.desk.patch.preset == preset and window.desk.setup == setup
    assert goes_on(window, qtbot) and "Traceback" not in window.notice.sentence


def test_an_address_that_is_dropped_is_no_file(window: Window, qtbot: QtBot) -> None:
    drop(window, QUrl("https://example.org/voice.wav"))
    told(window, qtbot, "https://example.org/voice.wav is no file on this machine", "save it first")
    assert goes_on(window, qtbot)


def test_noise_that_cannot_be_mixed_leaves_the_clip_as_it_is(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "hum.wav").write_bytes(b"no sound")
    window.deeds.mix_noise(tmp_path / "hum.wav")
    told(window, qtbot, "hum.wav cannot be read as audio")
    assert window.desk.setup == Setup(source=DEMO) and goes_on(window, qtbot)


def test_a_clip_that_was_heard_last_time_and_is_gone_is_told_and_the_built_in_clip_is_played(
    qtbot: QtBot, tmp_path: Path
) -> None:
    window = Window(load_preset("sparse"), remember=False)
    qtbot.addWidget(window)
    window.desk.setup = Setup(source=str(tmp_path / "gone.wav"))
    window.show()
    window.begin()
    qtbot.waitUntil(lambda: window.desk.sound is not None, timeout=10000)
    assert "no file" in window.notice.sentence and "gone.wav" in window.notice.sentence
    assert "built-in clip" in window.footer.where.text() and goes_on(window, qtbot)
    window.close()


def test_an_error_in_a_job_is_told_and_the_next_job_runs(window: Window, qtbot: QtBot) -> None:
    done: list[int] = []
    window.worker.start("divide", lambda: 1 // 0, done.append, lambda sentence: window.tell("bad", sentence))
    told(window, qtbot, "ZeroDivisionError", "please report it")
    window.worker.start("add", lambda: 1 + 1, done.append, lambda sentence: window.tell("bad", sentence))
    qtbot.waitUntil(lambda: done == [2])
    assert not window.footer.progress.isVisible()


def test_a_device_that_ends_is_told_and_run_starts_anew(window: Window, qtbot: QtBot) -> None:
    assert window.desk.sound is not None
    window.desk.takes.record(True)
    recorder = window.desk.sound.wave.recorder
    assert recorder is not None
    window.desk.sound.stream.stop()
    qtbot.waitUntil(lambda: window.desk.sound is None)
    assert "device stopped" in window.notice.sentence and not window.desk.takes.recording
    assert soundfile.info(recorder.dry).frames == recorder.n_frames
    window.desk.run(True)
    qtbot.waitUntil(lambda: window.desk.sound is not None)
    assert goes_on(window, qtbot)


def test_a_full_disk_ends_the_take_and_nothing_else(window: Window, qtbot: QtBot) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    window.desk.takes.record(True)
    assert window.desk.sound is not None
    recorder = window.desk.sound.wave.recorder
    assert recorder is not None
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        qtbot.waitUntil(lambda: "the take ended" in window.notice.sentence, timeout=10000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not window.desk.takes.recording and goes_on(window, qtbot)
    assert soundfile.info(recorder.dry).frames > 20000
    window.desk.takes.record(True)
    assert window.desk.takes.recording


def test_a_folder_that_cannot_be_written_is_told(window: Window, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    window.desk.takes.folder = tmp_path / "file"
    window.desk.takes.record(True)
    assert "cannot be recorded into" in window.notice.sentence
    assert not window.desk.takes.recording and not window.actions_by_id["record"].isChecked()


def test_a_full_disk_under_the_look_back_is_told(window: Window, qtbot: QtBot) -> None:
    sound = window.desk.sound
    assert sound is not None
    qtbot.waitUntil(lambda: sound.wave.end > 60_000, timeout=10000)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        window.desk.takes.save_look_back()
        told(window, qtbot, "the take ended", "free some space")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert goes_on(window, qtbot)


def test_a_watched_folder_that_is_deleted_is_told_once_and_comes_back(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    save_model(folder / "mine.safetensors", make_model())
    window.shelf.watch(folder)
    qtbot.waitUntil(lambda: any(e.name == "mine" for e in window.models.entries), timeout=4000)
    window.deeds.hear_model(folder / "mine.safetensors")
    qtbot.waitUntil(lambda: window.desk.patch.preset.name == "mine", timeout=10000)
    shutil.rmtree(folder)
    told(window, qtbot, f"{folder} is gone", "bring it back")
    assert goes_on(window, qtbot)
    window.notice.dismiss.click()
    qtbot.wait(1000)
    assert not window.notice.isVisible()
    folder.mkdir()
    save_model(folder / "other.safetensors", make_model())
    qtbot.waitUntil(lambda: any(e.name == "other" for e in window.models.entries), timeout=4000)


def test_a_preset_folder_that_cannot_be_written_is_told_after_learning(window: Window, qtbot: QtBot) -> None:
    folder = preset_folders()[0]
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the folder should be")
    preset = window.desk.patch.preset
    window.desk.learning.listen(True)
    qtbot.waitUntil(lambda: window.notice.kind == "bad", timeout=15000)
    told(window, qtbot, "cannot be written", str(folder))
    assert window.desk.patch.preset == preset and goes_on(window, qtbot) and not window.desk.learning.listening


def test_learning_gives_up_when_the_sound_ends(window: Window, qtbot: QtBot) -> None:
    window.desk.learning.listen(True)
    window.desk.run(False)
    qtbot.waitUntil(lambda: "learn again" in window.notice.sentence)
    assert not window.desk.learning.listening and not window.actions_by_id["learn"].isChecked()


def begun_with(session: str, qtbot: QtBot) -> Window:
    """Return a window that remembers this session and in which sound runs."""
    settings = Settings()
    settings._file.setValue("session", session)
    settings._file.sync()
    window = Window(load_preset("sparse"))
    qtbot.addWidget(window)
    window.show()
    window.begin()
    qtbot.waitUntil(lambda: window.desk.sound is not None, timeout=10000)
    return window


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"patch": {"preset": "/nowhere.toml"}, "setup": {"colour": 3}, "look": 7, "slots": [], "tab": "x"}),
        json.dumps({"patch": None, "setup": {"source": 5}, "safe_pairs": None, "folders": [3], "others": 5}),
        json.dumps({"setup": {"source": "demo", "block": "many"}, "look": {"low_db": float("nan")}, "view": "upside"}),
        json.dumps({"patch": {"preset": str(load_preset("tiny").path), "values": {"latency_ms": 33}}, "folder": 1}),
        json.dumps({"patch": {"preset": str(load_preset("tiny").path), "values": {"layers": "x"}}, "theme": []}),
    ],
)
def test_settings_that_make_no_sense_are_left_at_their_defaults(qtbot: QtBot, content: str) -> None:
    window = begun_with(content, qtbot)
    assert window.desk.patch.preset.name == "sparse" and window.theme == "system"
    assert window.desk.setup == Setup() and window.look.axes.low_db == -100 and goes_on(window, qtbot)
    window.close()


def test_good_settings_are_kept_beside_bad_ones(qtbot: QtBot, tmp_path: Path) -> None:
    settings = Settings()
    content = {"setup": 5, "folder": str(tmp_path), "look": {"colours": "cividis"}, "view": "mask"}
    settings._file.setValue("session", json.dumps(content))
    settings._file.sync()
    window = Window(load_preset("sparse"))
    qtbot.addWidget(window)
    assert window.desk.takes.folder == tmp_path and window.look.axes.colours == "cividis"
    assert window.picture.output.canvas.view == "mask"
    window.close()


@pytest.mark.parametrize(
    "content", [b"[General]\nsession=no json\n", b"[General]\nsession=[1]\n", bytes(range(256)) * 20]
)
def test_a_damaged_settings_file_is_told_and_kept_aside(qtbot: QtBot, content: bytes) -> None:
    path = Settings().path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    window = Window(load_preset("sparse"))
    qtbot.addWidget(window)
    window.desk.setup = Setup(source=DEMO)
    window.show()
    window.begin()
    told(window, qtbot, "is damaged, so it starts afresh", str(path.with_suffix(".damaged")))
    assert path.with_suffix(".damaged").read_bytes() == content
    qtbot.waitUntil(lambda: window.desk.sound is not None, timeout=10000)
    window.close()
    assert Settings().session()["setup"]["source"] == DEMO


def test_settings_that_cannot_be_written_are_told_once(window: Window, qtbot: QtBot) -> None:
    folder = window.settings.path.parent
    qtbot.waitUntil(window.settings.path.is_file)
    shutil.rmtree(folder)
    folder.write_text("a file where the folder should be")
    window.desk.set_depth(3)
    told(window, qtbot, "cannot be written", "the next start will not be where you are now")
    window.notice.dismiss.click()
    window.desk.set_depth(4)
    qtbot.wait(1500)
    assert not window.notice.isVisible() and goes_on(window, qtbot)


@pytest.mark.parametrize(
    "setup", [{"snr_db": 1e308}, {"channel": -3}, {"block": -5}, {"rate": 1}, {"source": "/" + "x" * 5000}]
)
def test_a_setup_out_of_range_does_not_keep_the_window_shut(qtbot: QtBot, setup: dict[str, object]) -> None:
    window = begun_with(json.dumps({"setup": {"source": DEMO} | setup}), qtbot)
    assert window.desk.setup.snr_db == 5 and window.desk.setup.channel is None
    window.close()


def test_a_preset_that_is_away_for_one_start_is_told_and_remembered(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_model(path, make_model())
    for turn in ("chosen", "away", "back", "away", "forgotten"):
        if turn in ("back", "forgotten"):
            (tmp_path / "elsewhere").rename(path)
        if turn == "away":
            path.rename(tmp_path / "elsewhere")
        window = Window(load_preset("sparse"))
        qtbot.addWidget(window)
        window.desk.setup = Setup(source=DEMO)
        window.show()
        window.begin()
        qtbot.waitUntil(lambda w=window: w.desk.sound is not None, timeout=10000)
        name = window.desk.patch.preset.name
        slot = window.desk.slots.patches["B"]
        if turn == "chosen":
            window.desk.slots.toggle()
            window.deeds.hear_model(path)
            qtbot.waitUntil(lambda w=window: w.desk.patch.preset.name == "mine", timeout=10000)
            window.desk.slots.keep()
        elif turn == "away":
            assert name == "sparse" and slot is None
            told(window, qtbot, f"There is no file {path} now", "bring it back")
        elif turn == "back":
            assert name == "mine" and slot is not None and slot.preset.name == "mine"
        else:
            assert name == "tiny" and slot is not None and slot.preset.name == "tiny"
        if turn == "away" and (tmp_path / "seen").exists():
            window.desk.choose(load_preset("tiny"))
            qtbot.waitUntil(lambda w=window: w.desk.patch.preset.name == "tiny", timeout=10000)
            window.desk.slots.keep()
        (tmp_path / "seen").touch() if turn == "back" else None
        window.close()


def test_a_relative_path_and_a_choice_of_no_bases_are_remembered(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_model(tmp_path / "mine.safetensors", make_model())
    monkeypatch.chdir(tmp_path)
    preset = read_entry(Path("mine.safetensors")).preset
    assert preset is not None
    for bases in (frozenset[int](), frozenset({1}), None):
        kept = patch_as_dict(Patch(preset, Values(bases=bases)))
        assert kept is not None and kept["preset"] == str(tmp_path / "mine.safetensors")
        again = patch_from(json.loads(json.dumps(kept)))
        assert again is not None and again.values.bases == bases


def test_a_long_name_does_not_widen_the_window(window: Window, qtbot: QtBot) -> None:
    window.resize(900, 600)
    qtbot.wait(50)
    width = window.width()
    window.tell("bad", f"/home/user/{'very_long_folder_name_' * 12}/{'x' * 300}<b>.wav cannot be read")
    preset = window.desk.patch.preset
    window.desk.patch = Patch(replace(preset, name="my_" + "fan_in_the_office_" * 9), Values())
    window.desk.changed.emit()
    qtbot.wait(100)
    window.resize(900, 600)
    assert window.width() == width and window.minimumSizeHint().width() <= width
    assert "<b>" in window.notice.text.text()
