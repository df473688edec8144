"""The doctor on machines made well and ill on purpose: each ill is put there, and must be named, and only it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from realtime.base import safety
from realtime.cli import doctor
from realtime.cli.doctor import BROKEN, FINE, WARNING, Check
from tests.rig.jack_server import JackServer


def consult(environ: dict[str, str]) -> tuple[int, dict[str, tuple[str, str]]]:
    """Run `unfold doctor --json`; return its exit status, and for each check its state and what was found."""
    command = [sys.executable, "-m", "realtime.cli.app", "doctor", "--json"]
    answer = subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, check=False)
    report = json.loads(answer.stdout)
    assert report["sound_can_run"] == (answer.returncode == 0)
    return answer.returncode, {c["name"]: (c["state"], c["found"]) for c in report["checks"]}


def test_without_the_portaudio_library_sound_still_runs(tmp_path: Path) -> None:
    # This is how sounddevice fails where the library is not installed.
    (tmp_path / "sounddevice.py").write_text('raise OSError("PortAudio library not found")\n')
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    status, checks = consult({"PYTHONPATH": path})
    assert status == 0
    assert {name for name in ("PortAudio", "input", "output") if checks[name][0] == WARNING} == {
        "PortAudio",
        "input",
        "output",
    }
    assert checks["engine"][0] == checks["preset default"][0] == FINE
    assert not any("check itself failed" in found for _, found in checks.values())


def test_a_default_preset_that_cannot_be_read_is_broken(tmp_path: Path) -> None:
    folder = tmp_path / "unfold" / "presets"
    folder.mkdir(parents=True)
    (folder / "default.toml").write_text("not a preset")
    (folder / "mine.toml").write_text('[[chain]]\nplugin = "gain"\n')
    status, checks = consult({"XDG_CONFIG_HOME": str(tmp_path)})
    assert status == 1
    assert checks["engine"][0] == BROKEN and str(folder / "default.toml") in checks["engine"][1]
    assert checks["preset mine"] == (FINE, "gain; 0 ms latency")


def test_with_a_jack_server_sound_runs_live(jack: JackServer) -> None:
    status, checks = consult(jack.environ)
    assert status == 0 and "JACK answers" in checks["sound servers"][1]
    for direction in ("input", "output"):
        state, found = checks[direction]
        assert state == FINE and "JACK" in found and f"{jack.rate} Hz" in found


def test_an_unwritable_cache_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(safety.FLAGS, "cache", False)
    (check,) = doctor._cache()
    assert check.state == WARNING and "UNFOLD_CACHE_DIR" in check.to_type


def test_a_check_that_fails_itself_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def _odd() -> Iterator[Check]:
        raise RuntimeError("odd")
        yield

    (check,) = doctor._guarded(_odd)
    assert (check.name, check.state) == ("odd", WARNING) and "odd" in check.found


@pytest.mark.parametrize(
    ("states", "last_words"),
    [
        ({"input": FINE, "output": FINE}, "Sound can run live"),
        ({"input": WARNING, "output": FINE}, "unfold live -i demo"),
        ({"input": FINE, "engine": BROKEN}, "Sound cannot run"),
    ],
)
def test_the_report_ends_with_what_can_be_done(
    states: dict[str, str], last_words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    checks = [Check(name, state, "found", "a line" * (state != FINE)) for name, state in states.items()]
    doctor.print_report(checks)
    out = capsys.readouterr().out
    assert last_words in out.splitlines()[-1]
    assert out.count("type: a line") == sum(state != FINE for state in states.values())
    assert doctor.sound_can_run(checks) == (BROKEN not in states.values())
