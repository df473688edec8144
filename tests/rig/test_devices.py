"""`unfold` on the devices of a JACK server. Oracles: the samples on the wire, exit statuses, one sentence a failure."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from realtime.engine.preset import load_preset
from realtime.render import render
from tests.rig.jack_server import JackServer
from tests.rig.player import PlayerProcess

UNFOLD = [sys.executable, "-m", "realtime.cli.app"]
SILENCE = np.zeros(48000, np.float32)


def unfold(jack: JackServer, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*UNFOLD, *words], env=jack.environ, capture_output=True, text=True, timeout=60, check=False)


def test_devices_are_listed_and_opened_by_index_and_by_part_of_the_name(jack: JackServer, tmp_path: Path) -> None:
    with PlayerProcess(jack, SILENCE, tmp_path):
        listed = json.loads(unfold(jack, "devices", "--json").stdout)
        assert {d["name"]: (d["n_inputs"], d["n_outputs"]) for d in listed} == {"system": (2, 2), "rig": (1, 2)}
        index = str(next(d["index"] for d in listed if d["name"] == "rig"))
        for source, target in ((index, "SYST"), ("system", index)):
            run = unfold(jack, "live", "-i", source, "-o", target, "--seconds", "0.5", "--json")
            assert run.returncode == 0, run.stderr
            status = json.loads(run.stdout.splitlines()[-1])
            assert status["final"] and status["blocks"] > 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["-i", "nowhere"], "there is no input device 'nowhere'; there are: 0 'system'"),
        (["-o", "7"], "there is no output device '7'; there are: 0 'system'"),
        (["--rate", "16000"], "cannot be opened at 16000 Hz with blocks of any frames"),
        (["--channel", "3"], "input channel 3 was asked for, but the device has 2; pick another"),
    ],
)
def test_what_cannot_be_opened_is_said_in_one_sentence(jack: JackServer, words: list[str], sentence: str) -> None:
    run = unfold(jack, "live", *words)
    errors = [line for line in run.stderr.splitlines() if line.startswith("error: ")]
    assert run.returncode == 1 and len(errors) == 1 and sentence in errors[0]
    assert "Traceback" not in run.stderr


def test_a_file_played_to_a_device_ends_by_itself_and_arrives_whole(jack: JackServer, tmp_path: Path) -> None:
    samples = (0.1 * np.random.default_rng(0).standard_normal(60000)).astype(np.float32)
    samples[:24000] = 0  # while the ports are being connected
    soundfile.write(tmp_path / "in.wav", samples, jack.rate, subtype="FLOAT")
    with PlayerProcess(jack, SILENCE[:1], tmp_path, "--tail", "6") as player:
        run = unfold(jack, "live", "-i", str(tmp_path / "in.wav"), "-o", "rig", "--json")
        player.stop()
        (recording, other), facts = player.result()
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1])["starved_frames"] < jack.rate
    wanted = render(samples, load_preset("default").chain(jack.rate))
    start = int(np.flatnonzero(recording)[0]) - int(np.flatnonzero(wanted)[0])
    assert facts["lost"] == 0 and np.array_equal(recording, other)
    assert np.abs(recording[start:][: len(wanted)] - wanted).max() <= 1e-6


@pytest.mark.parametrize(
    ("channel", "weights"), [("mix", (0.5, 0.5, 0)), ("left", (1, 0, 0)), ("right", (0, 1, 0)), ("3", (0, 0, 1))]
)
def test_the_channel_asked_for_is_heard(
    jack: JackServer, tmp_path: Path, channel: str, weights: tuple[float, ...]
) -> None:
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, (3, jack.rate)).astype(np.float32)
    with PlayerProcess(jack, samples, tmp_path) as player:
        words = ["-i", "rig", "-o", "rig", "--channel", channel, "--seconds", "4", "--record", str(tmp_path)]
        run = unfold(jack, "live", *words, "--json")
        player.stop()
    assert run.returncode == 0, run.stderr
    dry = soundfile.read(json.loads(run.stdout.splitlines()[-1])["dry"], dtype="float32")[0]
    heard = dry[np.flatnonzero(dry)[0] :]
    assert np.allclose(heard[:24000], (np.array(weights, np.float32) @ samples)[:24000], atol=1e-7)


@pytest.mark.parametrize("block", [0, 128, 256])
def test_the_latency_measured_is_that_of_the_loop(jack: JackServer, block: int) -> None:
    """A loop in JACK delays by one period, PortAudio by one block of a size asked for; the rest is the chain's."""
    with subprocess.Popen([sys.executable, "-m", "tests.rig.loop"], env=jack.environ, stdin=-1, stdout=-1) as loop:
        assert loop.stdout is not None and loop.stdout.readline() == b"ready\n"
        words = ["-i", "loop", "-o", "loop", "--block", str(block), "--seconds", "3", "--measure-latency"]
        run = unfold(jack, "live", *words, "--json")
        loop.communicate()
    assert run.returncode == 0 and run.stderr == ""
    latency = json.loads(run.stdout.splitlines()[-1])["latency_ms"]
    assert latency["measured"] == pytest.approx(latency["algorithm"] + 1000 * (jack.period + block) / jack.rate)


def test_a_latency_that_cannot_be_measured_is_said_and_not_made_up(jack: JackServer) -> None:
    run = unfold(jack, "live", "-i", "system", "-o", "system", "--measure-latency", "--seconds", "3", "--json")
    assert json.loads(run.stdout.splitlines()[-1])["latency_ms"]["measured"] is None
    assert "the latency was not measured: the burst of noise did not come back" in run.stderr


def test_a_server_that_dies_ends_the_run_with_a_sentence_and_keeps_the_recording(
    jack: JackServer, tmp_path: Path
) -> None:
    command = [*UNFOLD, "live", "-i", "system", "-o", "system", "--json", "--record", str(tmp_path)]
    with subprocess.Popen(
        command, env=jack.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as engine:
        try:
            assert engine.stdout is not None
            while json.loads(engine.stdout.readline())["seconds"] < 1:
                time.sleep(0.01)
            jack.kill()
            out, errors = engine.communicate(timeout=30)
        finally:
            engine.kill()
    assert engine.returncode == 1
    assert errors.splitlines()[-1].startswith("error: the device stopped; it was unplugged or its server ended")
    last = json.loads(out.splitlines()[-1])
    assert last["final"]
    for name in ("dry", "wet"):
        kept = soundfile.info(last[name])
        assert kept.frames == round(last["seconds"] * jack.rate)
