"""Files that are there whole or not at all. Main and worker threads."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_NAME = 40  # characters of the target's name: with more, a long name would be too long


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Give a new empty file beside the target to write; it becomes the target if all goes well. [thread-safe]

    Parameters
    ----------
    target : Path
        In a folder that is there; replaced if it is there itself.

    Raises
    ------
    OSError
        If the file cannot be made, or cannot take the target's place; nothing of it is left.
    """
    part = _part(target)
    try:
        part.touch(exist_ok=False)  # and not by tempfile, which lets no one else read it
        yield part
        part.replace(target)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def try_folder(target: Path) -> None:
    """Make the folder of a file to come, and see that it can be made in it; OSError if not. [thread-safe]"""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.exists()  # which a name that is too long cannot be asked
    part = _part(target)
    part.touch(exist_ok=False)
    part.unlink()


def _part(target: Path) -> Path:
    return target.parent / f"{target.name[:_NAME]}.{secrets.token_hex(8)}.part"
