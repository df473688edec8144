"""Oracle: the command line in a process of its own, on screens that are not there."""

import json
import os
import subprocess
import sys

import pytest


def unfold(words: list[str], **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    command = [sys.executable, "-m", "realtime.cli.app", *words]
    return subprocess.run(command, env=kept | environ, capture_output=True, text=True, timeout=100)


@pytest.mark.parametrize("environ", [{}, {"DISPLAY": ":4711"}, {"QT_QPA_PLATFORM": "none-of-this-name"}])
def test_without_a_screen_the_window_says_so_in_one_sentence(environ: dict[str, str]) -> None:
    answer = unfold(["gui"], **environ)
    said = [line for line in answer.stderr.splitlines() if not line.startswith("Compiling")]
    assert answer.returncode == 1 and len(said) == 1
    assert said[0].startswith("error: ") and "'unfold live' works in the terminal" in said[0]


@pytest.mark.parametrize(
    ("environ", "state"), [({}, "fine"), ({"QT_QPA_PLATFORM": "offscreen"}, "fine"), ({"DISPLAY": ":4711"}, "warning")]
)
def test_the_doctor_tries_the_window(environ: dict[str, str], state: str) -> None:
    pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
    checks = {c["name"]: c["state"] for c in json.loads(unfold(["doctor", "--json"], **environ).stdout)["checks"]}
    assert checks["window"] == state


def test_options_of_the_window_need_no_screen() -> None:
    pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
    answer = unfold(["gui", "--help"])
    assert answer.returncode == 0 and "--fresh" in answer.stdout
