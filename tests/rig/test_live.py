"""The live path on a JACK server while Python is held still. Oracle: the offline render of the samples that went in.

$UNFOLD_RIG_SECONDS sets how long the sound is; a few seconds by default.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d
from scipy.signal import resample_poly

from realtime.engine.preset import BUILT_IN, Preset, load_preset, save_preset
from realtime.model import save_model
from realtime.plugins.denoise import OFF
from realtime.render import render
from tests.rig.jack_server import JackServer
from tests.rig.live_process import DEPTHS
from tests.rig.player import PlayerProcess
from tests.test_model import make_model

RATE = 48000
SECONDS = float(os.environ.get("UNFOLD_RIG_SECONDS", "6"))
HANN_SLOPE = np.pi / (0.032 * RATE)  # steepest step of the overlap-add between two depths
NEAR = 9  # samples: 0.2 ms
FADE_SLOPE = 1 / (0.02 * RATE)
BLOCKS = pytest.mark.parametrize("jack", [(RATE, 64), (RATE, 128), (RATE, 480)], indirect=True, ids=lambda p: str(p[1]))

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Take:
    """What went into the engine from its first frame on, what came back on the same frame clock, and its status."""

    heard: Floats
    answer: Floats
    status: dict[str, Any]
    latency: int


def noisy_speech() -> Floats:
    clip, rate = soundfile.read(BUILT_IN / "demo.flac", dtype="float32")
    return np.resize(resample_poly(clip, RATE // rate, 1), int(SECONDS * RATE)).astype(np.float32)


def play_through(jack: JackServer, folder: Path, *options: str) -> Take:
    """Play noisy speech through the process; check that every sample went in and line up what came out."""
    samples = noisy_speech()
    command = [sys.executable, "-m", "tests.rig.live_process", "--rate", str(RATE), "--block", str(jack.period)]
    command += ["--seconds", str(SECONDS + 4), "--record", str(folder), *options]
    with (
        PlayerProcess(jack, samples, folder) as player,
        subprocess.Popen(
            command, env=jack.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as engine,
    ):
        try:
            (recording, other), facts = player.result(SECONDS + 60)
            out, errors = engine.communicate(timeout=60)
        finally:
            engine.kill()
    assert engine.returncode == 0, errors
    status = json.loads(out.splitlines()[-1])
    assert status["final"] and facts["played"] == len(samples) and facts["lost"] == 0
    latency = round(status["latency_ms"]["algorithm"] * RATE / 1000)
    (dry,) = folder.glob("*-dry.wav")
    heard = soundfile.read(dry, dtype="float32")[0][latency:]
    first = int(np.flatnonzero(heard == samples[0])[0])
    assert np.array_equal(heard[first:][: len(samples)], samples), "samples were lost on the way in"
    way = 2 * jack.period  # one period of JACK's, one block of PortAudio's
    began = facts["play_start"] + way - first
    assert np.array_equal(recording, other), "the output channels differ"
    print({k: status[k] for k in ("blocks", "dropouts", "late_blocks", "missed_blocks", "load_p99")}, facts)
    return Take(heard[: first + len(samples)], recording[began : began + first + len(samples)], status, latency)


def preset_that_learns_nothing(name: str, folder: Path) -> str:
    """Return a preset without bases of the room: when its worker is done with them, no clock of the sound can say."""
    if "adapt" not in (preset := load_preset(name)).stages[0].parameters:
        return name
    (stage,) = preset.stages
    options = {"model": str(preset.path.parent / stage.options["model"])}
    still = replace(stage, options=options, parameters=stage.parameters | {"adapt": float(OFF)})
    save_preset(replace(preset, path=folder / "still.toml", stages=(still,)))
    return str(folder / "still.toml")


@pytest.mark.parametrize("name", ["default", "sparse"])
@BLOCKS
def test_live_is_the_render_delayed_by_the_latency_while_python_is_held_still(
    jack: JackServer, tmp_path: Path, name: str
) -> None:
    preset = preset_that_learns_nothing(name, tmp_path)
    take = play_through(jack, tmp_path, "--preset", preset)
    wanted = render(take.heard, load_preset(preset).chain(RATE))
    n = len(take.answer) - take.latency
    difference = np.abs(take.answer[take.latency :] - wanted[:n]).max()
    print(f"block {jack.period}: {n / RATE:.1f} s, largest difference {difference:.2g}")
    assert difference <= 1e-6
    assert take.status["failed_blocks"] == take.status["bad_blocks"] == take.status["refused_rows"] == 0


def sides(heard: Floats, presets: list[Preset], block: int) -> list[Floats]:
    """Return all that could be heard without a change: every preset, depth, and place of the hop, and the input.

    A chain swapped in starts its hops at the block it arrives with.
    """
    hop = int(0.008 * RATE)
    found = [heard]
    for preset in presets:
        for depth in (None, *DEPTHS):
            for shift in range(0, hop, int(np.gcd(block, hop))):
                shifted = np.concatenate([np.zeros(shift, np.float32), heard])
                found.append(render(shifted, preset.chain(RATE, layers=depth))[shift:])
    return found


@BLOCKS
def test_no_change_while_sound_runs_makes_a_click(jack: JackServer, tmp_path: Path) -> None:
    save_model(tmp_path / "other.safetensors", make_model(context=3, n_layers=4))
    other = tmp_path / "other.toml"
    other.write_text('[[chain]]\nplugin = "denoise"\nmodel = "other.safetensors"\n')
    take = play_through(jack, tmp_path, "--other", str(other), "--release", "0.3")
    print(take.status["counts"])
    assert min(take.status["counts"].values()) >= 1 and sum(take.status["counts"].values()) >= 2 * SECONDS
    possible = np.stack(sides(take.heard, [load_preset("default"), load_preset(str(other))], jack.period))
    answer = take.answer[take.latency :]
    possible = possible[:, : len(answer)]
    # A fade between two sides steps by at most the larger step of the two, plus its slope times their distance. Depths
    # meet column by column, so there the sides' steps count that lie within a few samples.
    steps = maximum_filter1d(np.abs(np.diff(possible, axis=1)).max(axis=0), NEAR)
    distance = possible.max(axis=0) - possible.min(axis=0)
    allowed = steps + (2 * FADE_SLOPE + HANN_SLOPE) * distance[1:] + 1e-6
    jump = np.abs(np.diff(answer))
    print(
        f"block {jack.period}: largest jump {jump.max():.3g}, at most {(jump / allowed).max():.3f} of what is allowed"
    )
    assert (jump <= allowed).all()
    assert take.status["failed_blocks"] == take.status["bad_blocks"] == 0
