"""Oracles: the bases `realtime.learn` fits to the same samples, and one sentence for what cannot be learned."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

import realtime.cli.live
from realtime.base.errors import DeviceError
from realtime.engine.preset import load_preset
from realtime.learn import learn_noise, learn_voice
from realtime.model import load_model, save_model
from tests.synthetic_room import model_of_tones, scene, si_sdr

RATE = 16000


@pytest.fixture
def hiss(tmp_path: Path) -> Path:
    x = np.random.default_rng(0).normal(0, 0.1, (8 * RATE, 2))
    soundfile.write(tmp_path / "hiss.wav", x, RATE, "FLOAT")
    return tmp_path / "hiss.wav"


@pytest.mark.parametrize(
    ("what", "learner", "options", "seconds"),
    [("noise", learn_noise, [], 5), ("noise", learn_noise, ["--seconds", 2], 2), ("voice", learn_voice, [], 30)],
)
def test_a_preset_is_made_that_can_be_used(unfold, small, tmp_path, hiss, what, learner, options, seconds) -> None:
    made = tmp_path / "made" / "mine.toml"
    result = unfold("learn", what, hiss, "-o", made, "--preset", small, *options)
    assert result.status == 0 and f"unfold live --preset {made}" in result.out
    x = soundfile.read(hiss, dtype="float32")[0].mean(axis=1)[: seconds * RATE]
    wanted = learner(load_model(small.with_suffix(".safetensors")), x, RATE)
    model = load_model(made.with_suffix(".safetensors"))
    assert model.sources == wanted.sources and model.card["name"] == "mine"
    assert all(np.array_equal(a, b) for a, b in zip(model.weights, wanted.weights, strict=True))
    assert f"of a {what}" in load_preset(str(made)).description
    assert unfold("enhance", hiss, "--preset", made, "-o", tmp_path / "clean.wav").status == 0


def test_a_name_is_looked_up_among_the_users_presets(unfold, small, hiss, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    result = unfold("learn", "noise", hiss, "-o", "office", "--preset", small)
    assert result.status == 0 and "hear it: unfold live --preset office" in result.out
    assert load_preset("office").path.is_file()
    again = unfold("learn", "noise", hiss, "-o", "office", "--preset", small)
    assert again.is_one_sentence() and "is there already; give another name" in again.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["{hiss}", "-i", "0"], "a file and a device cannot both be listened to"),
        (["none.wav"], "there is no file none.wav"),
        (["{short}"], "0.5 s are too short to learn a noise from; 1 s are needed"),
        (["{hiss}", "--preset", "none"], "there is no preset 'none'"),
        (["{hiss}", "--preset", "{gain}"], "has no denoise stage, so nothing in it can learn"),
        (["{nan}"], "holds samples that are no numbers"),
        (["{huge}"], "or beyond +120 dBFS, after 0.0 s"),
        (["{damaged}"], "is damaged after"),
        (["{hiss}", "--preset", "{bare}"], "has a denoise stage without a model"),
        ([], "this machine has no input device"),
    ],
)
def test_what_cannot_be_learned_is_one_sentence(unfold, tmp_path, hiss, monkeypatch, arguments, sentence) -> None:
    def none(wanted, direction):
        raise DeviceError(f"this machine has no {direction} device")

    monkeypatch.setattr("realtime.cli.learn.find_device", none)
    soundfile.write(tmp_path / "short.wav", np.ones(RATE // 2), RATE)
    soundfile.write(tmp_path / "nan.wav", np.full(5 * RATE, np.nan), RATE, "FLOAT")
    (tmp_path / "gain.toml").write_text('[[chain]]\nplugin = "gain"\n')
    soundfile.write(tmp_path / "huge.wav", np.full(5 * RATE, 1e30), RATE, "FLOAT")
    soundfile.write(tmp_path / "damaged.flac", np.random.default_rng(0).uniform(-1, 1, 5 * RATE), RATE)
    os.truncate(tmp_path / "damaged.flac", (tmp_path / "damaged.flac").stat().st_size // 2)
    (tmp_path / "bare.toml").write_text('[[chain]]\nplugin = "denoise"\n')
    names = ("short.wav", "nan.wav", "gain.toml", "huge.wav", "damaged.flac", "bare.toml")
    files = {name: tmp_path / name for name in names}
    given = {"hiss": hiss} | {name.split(".")[0]: path for name, path in files.items()}
    result = unfold("learn", "noise", "-o", tmp_path / "made.toml", *(a.format(**given) for a in arguments))
    assert result.is_one_sentence() and sentence in result.err
    assert not (tmp_path / "made.toml").exists() and not (tmp_path / "made.safetensors").exists()


def test_a_preset_that_cannot_be_written_is_told_before_listening(unfold, small, tmp_path, hiss, monkeypatch) -> None:
    def listen(*arguments: object) -> None:
        raise AssertionError("it listened first")

    monkeypatch.setattr("realtime.cli.learn._listen", listen)
    monkeypatch.setattr("realtime.cli.live.Live", listen)
    made = hiss / "made.toml"
    for command in (["learn", "noise", "-o", made], ["live", "-i", "demo", "--keep-room", made]):
        result = unfold(*command, "--preset", small)
        assert result.is_one_sentence() and f"{made} cannot be written (File exists)" in result.err


@pytest.mark.parametrize("output", ["", "a/b", "../up"])
def test_what_is_no_name_is_one_sentence(unfold, hiss, output) -> None:
    result = unfold("learn", "noise", hiss, "-o", output)
    assert result.is_one_sentence() and "neither a name nor the path of a .toml file" in result.err


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    """A preset that learns its room, and knows nothing of it yet."""
    save_model(tmp_path / "tones.safetensors", model_of_tones())
    (tmp_path / "tones.toml").write_text('[[chain]]\nplugin = "denoise"\nmodel = "tones.safetensors"\n')
    return tmp_path / "tones.toml"


def test_a_run_keeps_the_room_it_has_learned(unfold, tones, tmp_path) -> None:
    """Bands where the noise is the louder one are in the room's bases; a preset that knows them is better at once."""
    speech, heard = scene(6.0)
    soundfile.write(tmp_path / "heard.wav", heard, RATE, "FLOAT")
    kept = tmp_path / "kept.toml"
    result = unfold("live", "-i", tmp_path / "heard.wav", "--preset", tones, "--keep-room", kept)
    assert result.status == 0 and f"hear it: unfold live --preset {kept}" in result.out
    model = load_model(kept.with_suffix(".safetensors"))
    spectrum, hz = model.weights.room.sum(axis=0), np.linspace(0, RATE / 2, 257)
    bands = [(hz > low) & (hz < high) for low, high in ((900, 1300), (2000, 2600))]
    assert min(spectrum[band].mean() for band in bands) > 3 * spectrum[hz > 3000].mean()
    assert "With the room of a run." in load_preset(str(kept)).description
    ends = []
    for preset, mode in ((tones, "off"), (kept, "freeze")):
        done = unfold("enhance", tmp_path / "heard.wav", "-o", tmp_path / "y.wav", "--preset", preset, "--adapt", mode)
        assert done.status == 0
        ends.append(si_sdr(speech[:RATE], soundfile.read(tmp_path / "y.wav", dtype="float32")[0][:RATE]))
    assert ends[1] > ends[0] + 1


def test_what_stopped_the_sound_is_told_though_nothing_was_kept(unfold, tones, tmp_path, hiss, monkeypatch) -> None:
    monkeypatch.setattr(realtime.cli.live, "_problem", lambda running, lost: DeviceError("the device stopped"))
    result = unfold("live", "-i", hiss, "--seconds", "0.3", "--preset", tones, "--keep-room", tmp_path / "new.toml")
    assert result.status == 1 and result.err.endswith("error: the device stopped\n")
    assert "no room was learned" in result.err and not (tmp_path / "new.toml").exists()


@pytest.mark.parametrize(
    ("preset", "options", "sentence"),
    [
        ("{small}", ["--keep-room", "{new}"], "does not learn its room; choose another"),
        ("{tones}", ["--keep-room", "{tones}"], "is there already; give another name"),
        ("{tones}", ["--keep-room", "{new}", "--adapt", "off"], "no room was learned, so none is kept"),
        ("{small}", ["--adapt", "on"], "has no parameter 'adapt'"),
    ],
)
def test_what_cannot_be_kept_is_one_sentence(unfold, small, tones, tmp_path, hiss, preset, options, sentence) -> None:
    names = {"small": small, "tones": tones, "new": tmp_path / "new.toml"}
    given = [option.format(**names) for option in options]
    result = unfold("live", "-i", hiss, "--seconds", "0.3", "--preset", preset.format(**names), *given)
    assert result.is_one_sentence() and sentence in result.err and not (tmp_path / "new.toml").exists()
