"""The command ``unfold``: errors as one sentence, exit statuses. Main thread."""

import sys
from importlib import import_module

from realtime.base.errors import UnfoldError


def _import_numba() -> None:
    """Import Numba without scipy, which it loads where it is installed: 12 MB and 0.1 s that nothing here uses."""
    if "numba" in sys.modules or "scipy" in sys.modules:
        return
    sys.modules["scipy"] = None  # type: ignore[assignment]  # as if it were not installed
    cpu = import_module("numba.core.registry").cpu_target
    for context in (cpu.typing_context, cpu.target_context):  # which import what they know about
        context.refresh()
    del sys.modules["scipy"]


def main() -> None:
    """Run the command line. [main-thread]"""
    verbose = "--verbose" in sys.argv
    if verbose:
        sys.argv.remove("--verbose")
    try:
        _import_numba()
        from realtime.cli.commands import app

        app(prog_name="unfold")
    except UnfoldError as error:
        if verbose:
            raise
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
