"""The command ``unfold``: errors as one sentence, exit statuses. Main thread."""

import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from realtime.base.errors import UnfoldError

LEFT_OUT = "scipy", "cffi"  # soundfile and sounddevice need only the part of cffi that is compiled


def _import_numba() -> None:
    """Import Numba without what it loads where it is installed and nothing here uses: 14 MB and 0.1 s."""
    if any(name in sys.modules for name in ("numba", *LEFT_OUT)):
        return
    sys.modules |= dict.fromkeys(LEFT_OUT)  # type: ignore[arg-type]  # as if they were not installed
    cpu = import_module("numba.core.registry").cpu_target
    for context in (cpu.typing_context, cpu.target_context):  # which import what they know about
        context.refresh()
    for name in LEFT_OUT:
        del sys.modules[name]


@contextmanager
def _ends_as_by_hand() -> Iterator[list[int]]:
    """Let the signals that end a program do what Ctrl-C does; give the list of those that came.

    What is unfinished is put away and what was learned is kept, as after Ctrl-C.
    """
    came: list[int] = []
    terminals = [fd for fd in (1, 2) if os.isatty(fd)]

    def end(number: int, frame: Any) -> None:
        came.append(number)
        if number == getattr(signal, "SIGHUP", None):
            for fd in terminals:  # which is gone: what is said to it must not stop what is still to do
                _send_nowhere(fd)
        by_hand = signal.getsignal(signal.SIGINT)
        if not callable(by_hand):
            raise KeyboardInterrupt
        by_hand(number, frame)

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    taken = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]  # nohup ignores one
    for number in taken:
        signal.signal(number, end)
    try:
        yield came
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _send_nowhere(fd: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, fd)
    os.close(nowhere)


def _run() -> None:
    _import_numba()
    from realtime.cli.commands import app

    with _ends_as_by_hand() as came:
        try:
            app(prog_name="unfold")
        except SystemExit as end:
            if _is_of_the_cache(end):  # typer makes its own end of an EOFError
                raise EOFError("a file of it is cut short") from end
            if came and end.code:
                raise SystemExit(128 + came[0]) from None
            if sys.stdout is not None:
                sys.stdout.flush()  # what a full disk refuses is told here, or never
            raise


def _is_of_the_cache(error: BaseException | None) -> bool:
    """Return whether an error, or one before it, came up while Numba read its cache."""
    while error is not None:
        place = error.__traceback__
        while place is not None:
            if place.tb_frame.f_globals.get("__name__") == "numba.core.caching":
                return True
            place = place.tb_next
        error = error.__context__
    return False


def _sentence(error: Exception) -> str | None:
    """Return what an error says to a user; None for one that is a fault of this program."""
    if isinstance(error, UnfoldError):
        return str(error)
    if _is_of_the_cache(error):
        from realtime.base.safety import clear_cache

        found = f"{type(error).__name__}: {error}".strip(": ")
        return f"the cache of compiled kernels cannot be used ({found}); type: {clear_cache()}"
    if isinstance(error, MemoryError):
        return "there is not enough memory for this; close other programs, or give less at once"
    if isinstance(error, RuntimeError) and str(error).startswith("Symlink loop"):
        return f"{error}; give the path of a file or folder"
    if isinstance(error, OSError):
        name = "what was to be written" if error.filename is None else error.filename
        return f"{name} was refused by the system ({error.strerror or error}); name another place, or make room"
    return None


def _leave_stdout() -> None:
    """Let nothing be said of an output that takes no more when the interpreter ends."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        with suppress(OSError, ValueError):
            _send_nowhere(sys.stdout.fileno())


def main() -> None:
    """Run the command line. [main-thread]"""
    verbose = "--verbose" in sys.argv
    if verbose:
        sys.argv.remove("--verbose")
    if isinstance(sys.stdout, io.TextIOWrapper):  # a name that the terminal has no letters for is still told
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever read has read enough
        _leave_stdout()
        sys.exit(1)
    except Exception as error:
        sentence = _sentence(error)
        _leave_stdout()
        if verbose or sentence is None:
            raise
        sys.exit(f"error: {sentence}")


if __name__ == "__main__":
    main()
