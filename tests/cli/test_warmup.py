"""Oracle: the compiler's own list of what it compiled, and what a terminal shows of a first and a second start."""

import os
import sys
from pathlib import Path

import pytest

from realtime.base import safety
from realtime.cli import warmup


def on_a_terminal(command: list[str], environ: dict[str, str]) -> str:
    """Run a command on a pseudo-terminal; return everything it showed."""
    import pty

    child, terminal = pty.fork()
    if child == 0:
        os.execvpe(command[0], command, environ)
    shown = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # Linux says so when the other side has closed
            break
        if not part:
            break
        shown += part
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return shown.decode()


def test_all_declared_kernels_are_found() -> None:
    for module in warmup._modules():
        __import__(module)
    ours = [compiled for compiled in safety.REGISTRY if compiled.function.__module__.startswith("realtime.")]
    assert len(ours) == safety.n_declared()


@pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")
def test_a_first_start_shows_progress_and_a_second_does_not(tmp_path: Path) -> None:
    environ = os.environ | {"UNFOLD_CACHE_DIR": str(tmp_path), "TERM": "xterm", "COLUMNS": "120"}
    command = [sys.executable, "-m", "realtime.cli.app", "presets"]
    first, second = on_a_terminal(command, environ), on_a_terminal(command, environ)
    percents = [f"{p}%" for p in range(10, 100) if f" {p}%" in first]
    assert "Compiling the audio kernels" in first and len(percents) >= 3 and "100%" in first
    assert "Compiling" not in second and "default" in second
