"""``unfold gui``: hand over to the window, which is a package of its own and may be missing. Main thread."""

import importlib
import os
import subprocess
import sys

from realtime.base.errors import UnfoldError

TERMINAL = "'unfold live' works in the terminal"
_TRIAL = "from PySide6.QtGui import QGuiApplication; QGuiApplication([])"
_TRIAL_S = 30.0


class WindowError(UnfoldError):
    """The window cannot be opened on this machine."""


def has_screen() -> bool:
    """Return whether there is a screen to open a window on. [thread-safe]"""
    return sys.platform in ("win32", "darwin") or any(os.environ.get(v) for v in ("DISPLAY", "WAYLAND_DISPLAY"))


def try_screen() -> None:
    """See whether Qt can open a window, in a process of its own, for Qt aborts the one it fails in. [main-thread]

    Raises
    ------
    WindowError
        If it cannot, with its reason.
    """
    try:
        trial = subprocess.run([sys.executable, "-c", _TRIAL], capture_output=True, text=True, timeout=_TRIAL_S)
    except subprocess.TimeoutExpired:
        raise WindowError(f"the screen does not answer; {TERMINAL}") from None
    if trial.returncode == 0:
        return
    # Qt writes several lines and names the cause in the first; Python names it in the last.
    lines = trial.stderr.strip().splitlines() or ["Qt does not say why"]
    cause = lines[-1] if "Traceback" in lines[0] else lines[0]
    raise WindowError(f"the window cannot be opened ({cause}); see 'unfold doctor'; {TERMINAL}")


def open_window(arguments: list[str]) -> int:
    """Open the window and return its exit status. [main-thread]

    Raises
    ------
    WindowError
        If PySide6, a library it needs, or a screen is missing.
    """
    if "--help" not in arguments:
        if not has_screen() and "QT_QPA_PLATFORM" not in os.environ:
            raise WindowError(f"there is no screen to open a window on; {TERMINAL}")
        try_screen()
    try:
        application = importlib.import_module("gui.app")  # by name: realtime knows no window toolkit
    except ImportError as error:
        raise WindowError(
            f"the window cannot be opened ({error}); install what it needs with pip install 'unfold[gui]'; {TERMINAL}"
        ) from None
    return int(application.main(arguments))
