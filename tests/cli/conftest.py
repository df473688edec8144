"""The command line in this process, as its entry point runs it, and a small preset that it can be given."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from realtime.cli.app import main
from realtime.model import save_model
from tests.test_model import make_model


class Result(NamedTuple):
    """What a command left: exit status, stdout, stderr."""

    status: int
    out: str
    err: str

    def is_one_sentence(self) -> bool:
        """Return whether it failed with one line that says so, and nothing of Python."""
        errors = [line for line in self.err.splitlines() if line.startswith("error: ")]
        return (
            self.status != 0
            and len(errors) == 1
            and self.err.endswith(errors[0] + "\n")
            and "Traceback" not in self.err
        )


Command = Callable[..., Result]


def hear_interrupts() -> None:
    """For `Popen`: listen to what ends a program; jobs of a shell or of nohup, these tests maybe among them, do not."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)


@pytest.fixture
def unfold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run ``unfold`` with these arguments; what is no `UnfoldError` comes through and fails the test."""

    def run(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["unfold", *map(str, arguments)])
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        out, err = capsys.readouterr()
        if isinstance(code, str):  # the interpreter prints it and exits with 1
            return Result(1, out, f"{err}{code}\n")
        return Result(int(code or 0), out, err)

    return run


@pytest.fixture
def unfold_process() -> Command:
    """Run ``unfold`` with these arguments in a process of its own."""

    def run(*arguments: object, **options: object) -> Result:
        command = [sys.executable, "-m", "realtime.cli.app", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, **options)
        return Result(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A preset whose model is random, small and quick: 3 layers."""
    folder = tmp_path_factory.mktemp("preset")
    save_model(folder / "small.safetensors", make_model())
    preset = folder / "small.toml"
    preset.write_text('[[chain]]\nplugin = "denoise"\nmodel = "small.safetensors"\n')
    return preset
