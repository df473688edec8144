"""The command ``unfold``: start-up with progress, errors as one sentence, and the groups of commands. Main thread."""

import sys

from realtime.base import safety
from realtime.base.errors import UnfoldError


def _warm_up() -> None:
    """Compile or load the audio kernels; show a bar where it takes long (once per version)."""
    if any(safety.cache_folder().rglob("*.nbi")) or not safety.FLAGS["cache"]:
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("Compiling the audio kernels (first start only)", total=safety.n_declared())
        safety.progress.append(lambda n: bar.update(task, completed=n))
        import realtime.devices.virtual
        import realtime.plugins.delay
        import realtime.plugins.denoise
        import realtime.plugins.gain
        import realtime.render  # noqa: F401

        safety.progress.clear()


def main() -> None:
    """Run the command line. [main-thread]"""
    verbose = "--verbose" in sys.argv
    if verbose:
        sys.argv.remove("--verbose")
    try:
        _warm_up()
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
