"""The command ``unfold``: errors as one sentence, exit statuses. Main thread."""

import sys
from importlib import import_module

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
