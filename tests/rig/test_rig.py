"""The rig itself, against the simplest stream there is. Oracle: the samples that were played."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.rig import jack_server
from tests.rig.jack_server import JackServer, JackServerError
from tests.rig.player import PlayerProcess

SECONDS = 2


def pass_through(jack: JackServer, folder: Path, block: int) -> tuple[Any, Any, dict[str, Any], dict[str, Any]]:
    """Play noise through tests.rig.pass_through; return the samples, the recording and what both sides said."""
    samples = np.random.default_rng(jack.period).uniform(-1, 1, SECONDS * jack.rate).astype(np.float32)
    command = [sys.executable, "-m", "tests.rig.pass_through", "--rate", str(jack.rate), "--block", str(block)]
    with (
        PlayerProcess(jack, samples, folder) as player,
        subprocess.Popen(
            command, env=jack.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as copier,
    ):
        try:
            (recording, _), facts = player.result()  # the copier has one channel
            out, errors = copier.communicate(timeout=20)
        finally:
            copier.kill()
    assert copier.returncode == 0, errors
    opened, counts = map(json.loads, out.splitlines())
    return samples, recording, facts, opened | counts


def find_lag(samples: np.ndarray, recording: np.ndarray, start: int) -> int:
    """Return after how many frames the first sample came back."""
    found = np.flatnonzero(recording[start:] == samples[0])
    assert len(found) > 0, "nothing came back"
    return int(found[0])


@pytest.mark.parametrize(
    ("jack", "block"),
    [((48000, 64), 128), ((48000, 128), 128), ((48000, 480), 128), ((48000, 128), 0), ((16000, 128), 128)],
    indirect=["jack"],
)
def test_pass_through_is_bit_exact_and_loses_nothing(jack: JackServer, block: int, tmp_path: Path) -> None:
    samples, recording, facts, opened = pass_through(jack, tmp_path, block)
    assert (opened["device"], opened["inputs"], opened["outputs"]) == ("rig", 1, 2)
    assert (facts["played"], facts["lost"]) == (len(samples), 0)
    start = facts["play_start"]
    lag = find_lag(samples, recording, start)
    print(f"period {jack.period}, block {block}: lag {lag}, {facts}, {opened}")
    assert np.array_equal(recording[start + lag :][: len(samples)], samples)
    assert not recording[: start + lag].any() and not recording[start + lag + len(samples) :].any()


def test_two_servers_run_side_by_side(jack: JackServer) -> None:
    with JackServer(44100, 256) as other:
        assert other.name != jack.name


def test_a_missing_server_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jack_server.shutil, "which", lambda _: None)
    with pytest.raises(JackServerError, match="jackd is not installed"), JackServer():
        pass


def test_a_server_that_does_not_start_says_why(jack: JackServer) -> None:
    with pytest.raises(JackServerError, match="did not start"), JackServer(period=-1):
        pass
