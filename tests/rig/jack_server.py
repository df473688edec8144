"""A JACK server of our own, without hardware: synchronous, so that lateness costs time and never samples."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO

WAIT_S = 10
MAX_SERVERS = 8  # that JACK allows on one machine


class JackServerError(RuntimeError):
    """The server is not installed or did not start."""


def _claim_name() -> tuple[str, IO[str]]:
    """Return a server name and the locked file that keeps it ours until it is closed or we die.

    There are few names, used again and again: a server that was killed still counts among the eight that JACK allows,
    and only one of the same name takes its place.
    """
    import fcntl  # on Linux, where the rig runs

    for i in range(MAX_SERVERS):
        name = f"unfold-rig-{i}"
        lock = (Path(tempfile.gettempdir()) / f"{name}.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        # A server may have outlived whoever started it.
        if b"not running" in subprocess.run(["jack_wait", "-s", name, "-c"], capture_output=True, check=False).stdout:
            return name, lock
        lock.close()
    raise JackServerError(f"all {MAX_SERVERS} servers that JACK allows are running; stop one")


class JackServer:
    """A `jackd` with the dummy driver, running inside a `with` block.

    Parameters
    ----------
    rate : int
        Hz; JACK never resamples, so clients must ask for exactly this.
    period : int
        Frames per cycle.

    Attributes
    ----------
    name : str
        Server name, one that no running server has.
    environ : dict of str
        Environment for client processes: this process's, plus what leads them to this server.
    """

    def __init__(self, rate: int = 48000, period: int = 128) -> None:
        self.rate = rate
        self.period = period

    def __enter__(self) -> "JackServer":
        """Start the server and wait until it answers.

        Raises
        ------
        JackServerError
            If it is missing or does not start, with its own last words.
        """
        for program in ("jackd", "jack_wait"):
            if shutil.which(program) is None:
                raise JackServerError(f"{program} is not installed; on Debian: apt install jackd2")
        self.name, self._lock = _claim_name()
        self.environ = os.environ | {
            "JACK_NO_AUDIO_RESERVATION": "1",
            "JACK_NO_START_SERVER": "1",
            "JACK_DEFAULT_SERVER": self.name,
        }
        command = ["jackd", "--no-realtime", "-S", "-n", self.name, "-d", "dummy"]
        command += ["-r", str(self.rate), "-p", str(self.period), "-C", "2", "-P", "2"]
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            command, env=self.environ, stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT
        )
        if not self._answers():
            words = self._stop()
            raise JackServerError(f"jackd did not start; it said:\n{words}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def kill(self) -> None:
        """End the server at once, as a crash would."""
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        """Wait until the server answers; False when it has ended or time is up."""
        wait = ["jack_wait", "-s", self.name, "-w", "-t", "1"]
        for _ in range(WAIT_S):
            answer = subprocess.run(wait, env=self.environ, capture_output=True, check=False)
            if self._process.poll() is not None or answer.returncode == 0:
                break
        return self._process.poll() is None and answer.returncode == 0

    def _stop(self) -> str:
        """Stop the server, let its name go and return the end of its log."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with self._lock, self._log as log:
            log.seek(0)
            return log.read().decode(errors="replace")[-2000:]
