"""Start `tests.rig.jack_player` as its own process, and read back what it recorded."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.rig.jack_server import JackServer


class PlayerProcess:
    """The player, from the moment PortAudio can see it until the end of a `with` block.

    Parameters
    ----------
    jack : JackServer
        A running server.
    samples : float32[n] or float32[n_channels, n]
        What to play.
    folder : Path
        Where its files go.
    name : str
        Client name, which becomes the name of PortAudio's device.
    *options : str
        Further options of the program, such as "--tail", "1".
    """

    def __init__(
        self, jack: JackServer, samples: NDArray[np.float32], folder: Path, *options: str, name: str = "rig"
    ) -> None:
        self.path = folder / f"{name}-capture.npy"
        play = folder / f"{name}-play.npy"
        np.save(play, np.atleast_2d(samples))
        seconds = np.shape(samples)[-1] / jack.rate + 60
        self._command = [sys.executable, "-m", "tests.rig.jack_player", "--play", str(play), "--name", name]
        self._command += ["--capture", str(self.path), "--seconds", str(seconds), *options]
        self._environ = jack.environ

    def __enter__(self) -> "PlayerProcess":
        """Start it and wait until it is ready."""
        self._process = subprocess.Popen(
            self._command, env=self._environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line != "ready\n":
            self.__exit__(None, None, None)
            raise RuntimeError(f"the player did not start: {line!r}, exit status {self._process.returncode}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def stop(self) -> None:
        """End the recording now."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.stdin = None  # or the end of the block would flush it

    def result(self, timeout: float = 90) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Wait until it has played everything; return the recording, float32[2, n], and the facts beside it."""
        # wait() and not communicate(): that would close its stdin, which ends it early.
        if self._process.wait(timeout) != 0:
            raise RuntimeError(f"the player failed with exit status {self._process.returncode}")
        return np.load(self.path), json.loads(self.path.with_suffix(".json").read_text())
