"""Start-up: arguments, the application, the window. Main thread."""

import argparse
import signal
import sys
from dataclasses import replace

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from threadpoolctl import threadpool_limits

from gui.window import Window
from realtime.base.errors import UnfoldError
from realtime.engine.preset import load_preset


def main(arguments: list[str] | None = None) -> int:
    """Open the window and return the exit status."""
    parser = argparse.ArgumentParser(prog="unfold gui", description="The window of Unfold.")
    parser.add_argument("-i", "--input", help="device, audio file, or 'demo'; what was used last by default")
    parser.add_argument("-p", "--preset", help="name or .toml path; what was heard last by default")
    parser.add_argument("--fresh", action="store_true", help="start afresh for once; what is remembered stays")
    options = parser.parse_args(arguments)
    threadpool_limits(1)  # the products here are small: BLAS threads would only spin, beside the sound
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("Unfold")
    application.setDesktopFileName("unfold")
    try:
        window = Window(load_preset(options.preset or "default"), remember=not options.fresh)
        if options.preset:
            window.desk.choose(load_preset(options.preset))
    except UnfoldError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if options.input:
        window.desk.use(replace(window.desk.setup, source=options.input, noise=None))
    signal.signal(signal.SIGINT, lambda *_: window.close())
    wake = QTimer()  # gives Python a moment to notice Ctrl-C
    wake.start(250)
    wake.timeout.connect(lambda: None)
    window.show()
    window.begin()
    return int(application.exec())
