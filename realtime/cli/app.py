"""The command ``unfold``: errors as one sentence, exit statuses. Main thread."""

import sys

from realtime.base.errors import UnfoldError


def main() -> None:
    """Run the command line. [main-thread]"""
    verbose = "--verbose" in sys.argv
    if verbose:
        sys.argv.remove("--verbose")
    try:
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
