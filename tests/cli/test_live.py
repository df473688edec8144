"""Oracles: `unfold enhance` of the same samples, the source itself, and the rule of one JSON object a line."""

import itertools
import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import realtime.cli.live
from realtime.base.errors import DeviceError
from tests.cli.conftest import hear_interrupts

RATE = 16000


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A short stereo file."""
    path = tmp_path / "clip.wav"
    x = np.random.default_rng(0).uniform(-0.25, 0.25, (RATE // 2, 2)).astype(np.float32)
    soundfile.write(path, x, RATE, "FLOAT")
    return path


def read(path: str | Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32")[0]


def statuses(out: str) -> list[dict]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_status_a_second_and_a_final_one(unfold, small) -> None:
    result = unfold("live", "-i", "demo", "--seconds", 2.4, "--preset", small, "--json")
    assert result.status == 0 and result.err == ""
    said = statuses(result.out)
    assert [s["final"] for s in said] == [False] * (len(said) - 1) + [True] and len(said) >= 3
    for earlier, later in itertools.pairwise(said):
        assert earlier["seconds"] < later["seconds"] and earlier["blocks"] <= later["blocks"]
    last = said[-1]
    assert last["block"] == 480 and last["starved_frames"] == 0 and last["bad_blocks"] == 0
    assert last["latency_ms"] == {"algorithm": 32.0, "device_reported": 0.0, "measured": None}
    assert -60 < last["peak_in"] < 0 and last["load_p50"] <= last["load_p99"]
    assert last["dropouts"] == last["late_blocks"] + last["missed_blocks"]


@pytest.mark.parametrize(("channel", "block"), [("mix", 0), ("left", 64), ("right", 1024), ("2", 333)])
def test_a_file_played_live_is_recorded_as_it_is_enhanced(unfold, small, tmp_path, clip, channel, block) -> None:
    options = ("--preset", small, "--layers", 2, "--latency-ms", 8)
    live = ("live", "-i", clip, "--channel", channel, "--block", block, "--record", tmp_path / "takes", "--json")
    result = unfold(*live, *options)
    assert result.status == 0
    last = statuses(result.out)[-1]
    dry, wet = read(last["dry"]), read(last["wet"])
    x = read(clip)
    heard = x.mean(axis=1) if channel == "mix" else x[:, 0 if channel == "left" else 1]
    latency = round(RATE * last["latency_ms"]["algorithm"] / 1000)
    assert latency == 128 and len(dry) == len(wet) == len(x) + latency == last["seconds"] * RATE
    assert np.array_equal(dry[latency:], heard)
    soundfile.write(tmp_path / "heard.wav", heard, RATE, "FLOAT")
    assert unfold("enhance", tmp_path / "heard.wav", "-o", tmp_path / "y.wav", *options).status == 0
    assert np.array_equal(wet[latency:], read(tmp_path / "y.wav"))
    assert last["refused_rows"] == last["starved_frames"] == 0


def test_without_json_the_view_is_on_stderr_and_the_files_are_named(unfold, small, tmp_path, clip) -> None:
    result = unfold("live", "-i", clip, "--preset", small, "--record", tmp_path)
    dry, wet = sorted(path for path in tmp_path.iterdir() if path != clip)
    assert result.status == 0 and "".join(result.out.split()) == "".join(f"recorded{dry}and{wet}".split())
    for word in ("in", "out", "load", "latency", "drop-outs"):
        assert f"\n{word} " in f"\n{result.err}"
    assert "algorithm 32.0 ms" in result.err


def test_ctrl_c_ends_with_a_final_status_and_whole_files(small, tmp_path) -> None:
    command = [sys.executable, "-m", "realtime.cli.app", "live", "-i", "demo", "--preset", str(small), "--json"]
    command += ["--record", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=hear_interrupts) as process:
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
    said = statuses(first + rest)
    assert process.returncode == 0 and said[-1]["final"] and not said[0]["final"]
    assert said[-1]["seconds"] < 0.9 * soundfile.info(realtime.cli.live.DEMO).duration
    n = round(said[-1]["seconds"] * soundfile.info(said[-1]["dry"]).samplerate)
    assert soundfile.info(said[-1]["dry"]).frames == soundfile.info(said[-1]["wet"]).frames == n


def test_without_a_sound_card_the_main_job_plays_the_clip_and_says_where_it_is(
    unfold, tmp_path, clip, monkeypatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):  # nor with a screen
        monkeypatch.delenv(name, raising=False)

    def none(wanted, direction):
        raise DeviceError(f"this machine has no {direction} device")

    monkeypatch.setattr(realtime.cli.live, "find_device", none)
    monkeypatch.setattr(realtime.cli.live, "DEMO", clip)
    monkeypatch.chdir(tmp_path)
    result = unfold()
    assert result.status == 0 and "this machine has no input device" in result.out
    dry, wet = (next(Path("takes").glob(f"*{side}.wav")) for side in ("dry", "wet"))
    picture = next(Path("takes").glob("*.png"))
    for path in (dry, wet, picture):
        assert str(path) in result.out and path.stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-i", "text.wav"], "cannot be read as audio"),
        (["-i", "clip.wav", "--channel", "3"], "has 2 channel(s), not 3"),
        (["-i", "clip.wav", "--channel", "centre"], "there is no channel 'centre'; mix, left, right or a number"),
        (["-i", "clip.wav", "--channel", "0"], "there is no channel '0'"),
        (["-i", "clip.wav", "--channel", "²"], "there is no channel '²'"),
        (["-i", "clip.wav", "--channel", 5000 * "9"], "there is no channel '9"),
        (["-i", 300 * "x"], "File name too long"),
        (["-i", "clip.wav", "--preset", "nothing"], "there is no preset 'nothing'"),
        (["-i", "clip.wav", "--layers", "1000"], "layers is 1000 for preset 'default'"),
        (["-i", "clip.wav", "--record", "text.wav"], "text.wav cannot be recorded into"),
        (["-i", "no such microphone"], ""),
        (["-i", "clip.wav", "-o", "no such loudspeaker"], ""),
    ],
)
def test_what_cannot_be_played_is_one_sentence(unfold, tmp_path, clip, monkeypatch, arguments, sentence) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.wav").write_text("no sound")
    result = unfold("live", *arguments, "--json")
    assert result.is_one_sentence() and sentence in result.err and result.out == ""


@pytest.mark.parametrize(
    "option",
    [
        ["--block", "-1"],
        ["--block", "8193"],
        ["--amount", "-1"],
        ["--seconds", "-1"],
        ["--rate", "0"],
        ["--rate", "1e6"],
    ],
)
def test_wrong_usage_is_told_and_exits_with_2(unfold, option) -> None:
    result = unfold("live", "-i", "demo", *option)
    assert result.status == 2 and "Usage: unfold live" in result.err


def test_what_cannot_be_measured_leaves_no_empty_takes(unfold, small, tmp_path) -> None:
    result = unfold("live", "-i", "demo", "--record", tmp_path / "d", "--measure-latency", "--preset", small)
    assert result.is_one_sentence() and "the latency of a file cannot be measured" in result.err
    assert not list(tmp_path.iterdir())


def test_a_plugin_that_fails_is_told_in_the_end(unfold, tmp_path, clip) -> None:
    stage = '[[chain]]\nplugin = "gain"\n[chain.parameters]\ngain = 24\n'
    (tmp_path / "loud.toml").write_text(34 * stage)
    result = unfold("live", "-i", clip, "--preset", tmp_path / "loud.toml")
    assert result.is_one_sentence() and "a plugin failed, or gave no numbers, in " in result.err
    assert "blocks in which a plugin failed" in " ".join(result.err.split())


@pytest.mark.parametrize(("n", "sentence"), [(RATE, "holds samples that are no numbers"), (0, "is empty")])
def test_a_file_that_is_no_sound_is_told_in_the_end(unfold, small, tmp_path, n, sentence) -> None:
    soundfile.write(tmp_path / "x.wav", np.full(n, np.nan), RATE, "FLOAT")
    result = unfold("live", "-i", tmp_path / "x.wav", "--preset", small)
    assert result.is_one_sentence() and sentence in result.err


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_run_that_is_told_to_end_ends_as_by_ctrl_c(small, tmp_path, name) -> None:
    command = [sys.executable, "-m", "realtime.cli.app", "live", "-i", "demo", "--preset", str(small), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=hear_interrupts) as process:
        first = process.stdout.readline()
        process.send_signal(getattr(signal, name))
        rest, _ = process.communicate(timeout=30)
    assert process.returncode == 0 and statuses(first + rest)[-1]["final"]
