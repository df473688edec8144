"""A JACK server of our own, without hardware: synchronous, so that lateness costs time and never samples."""

import itertools
import os
import shutil
import subprocess
import tempfile
from types import TracebackType

WAIT_S = 10
_count = itertools.count()


class JackServerError(RuntimeError):
    """The server is not installed or did not start."""


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
        Server name, different for every instance.
    environ : dict of str
        Environment for client processes: this process's, plus what leads them to this server.
    """

    def __init__(self, rate: int = 48000, period: int = 128) -> None:
        self.rate = rate
        self.period = period
        self.name = f"unfold-{os.getpid()}-{next(_count)}"
        self.environ = os.environ | {
            "JACK_NO_AUDIO_RESERVATION": "1",
            "JACK_NO_START_SERVER": "1",
            "JACK_DEFAULT_SERVER": self.name,
        }

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
        self._command = command = ["jackd", "--no-realtime", "-S", "-n", self.name, "-d", "dummy"]
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
        if self._process.poll() is not None:
            self._bury()
        self._stop()

    def kill(self) -> None:
        """End the server at once, as a crash would."""
        self._process.kill()
        self._process.wait()

    def _bury(self) -> None:
        """Free the place of a killed server: JACK knows eight at most, and only one of the same name takes it over."""
        successor = subprocess.Popen(self._command, env=self.environ, stdout=self._log, stderr=self._log)
        subprocess.run(
            ["jack_wait", "-s", self.name, "-w", "-t", "5"], env=self.environ, capture_output=True, check=False
        )
        successor.terminate()
        successor.wait()

    def _answers(self) -> bool:
        """Wait until the server answers; False when it has ended or time is up."""
        wait = ["jack_wait", "-s", self.name, "-w", "-t", "1"]
        for _ in range(WAIT_S):
            answer = subprocess.run(wait, env=self.environ, capture_output=True, check=False)
            if self._process.poll() is not None or answer.returncode == 0:
                break
        return self._process.poll() is None and answer.returncode == 0

    def _stop(self) -> str:
        """Stop the server and return the end of its log."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with self._log as log:
            log.seek(0)
            return log.read().decode(errors="replace")[-2000:]
