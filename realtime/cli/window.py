"""``unfold gui``: hand over to the window, which is a package of its own and may be missing. Main thread."""

import importlib
import os
import sys

from realtime.base.errors import UnfoldError


class WindowError(UnfoldError):
    """The window cannot be opened on this machine."""


def has_screen() -> bool:
    """Return whether there is a screen to open a window on. [thread-safe]"""
    return sys.platform in ("win32", "darwin") or any(os.environ.get(v) for v in ("DISPLAY", "WAYLAND_DISPLAY"))


def open_window(arguments: list[str]) -> int:
    """Open the window and return its exit status. [main-thread]

    Raises
    ------
    WindowError
        If PySide6, a library it needs, or a screen is missing.
    """
    if not has_screen() and "QT_QPA_PLATFORM" not in os.environ and "--help" not in arguments:
        raise WindowError("there is no screen to open a window on; 'unfold live' works in the terminal")
    try:
        application = importlib.import_module("gui.app")  # by name: realtime knows no window toolkit
    except ImportError as error:
        raise WindowError(
            f"the window cannot be opened ({error}); install what it needs with pip install 'unfold[gui]', "
            "or use 'unfold live' in the terminal"
        ) from None
    return int(application.main(arguments))
