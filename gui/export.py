"""What a picture shows, as a table: CSV to read, NPZ to compute with. No Qt; on a worker thread."""

from pathlib import Path

import numpy as np

from gui.history import History
from realtime.base.errors import AudioFileError


def export_table(path: Path, history: History, start: int, end: int, view: str) -> Path:
    """Write columns start to end; the suffix names the format.

    CSV has one line a column: its time in s, then dB (dBFS, or dB of gain for "mask") at every frequency of the
    first line. NPZ has `seconds`, `hz`, `magnitudes` (full scale 1) and `gains`.

    Raises
    ------
    AudioFileError
        If the file cannot be written.
    """
    start = max(start, history.first)
    seconds = np.arange(start, end) * history.column_s
    hz = np.arange(history.n_bins) * history.bin_hz
    try:
        if path.suffix.lower() == ".npz":
            values, gains = history.values("noisy", start, end), history.gains(start, end)
            with path.open("wb") as file:  # given a path, NumPy would append .npz to .NPZ
                np.savez_compressed(file, seconds=seconds, hz=hz, magnitudes=values, gains=gains)
        else:
            level = 20 * np.log10(np.maximum(history.values(view, start, end), 1e-9))
            header = "seconds," + ",".join(f"{f:g}" for f in hz)
            table = np.column_stack([seconds, level])
            np.savetxt(path, table, "%.3f", ",", header=header, comments="")
    except OSError as error:
        raise AudioFileError(f"{path} cannot be written ({error.strerror}); name a folder you can write") from None
    return path
