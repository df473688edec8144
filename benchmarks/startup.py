"""From the start of the process `unfold live` to its first processed block: with compiled kernels, and without.

The command line itself, seen from outside: the sound has a clock, so the time of the last line it prints, less the
sound it had processed by then, is when the sound began; at the latest, since stopping and printing take time too.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from statistics import median

COMMAND = [sys.executable, "-m", "realtime.cli.app", "live", "-i", "demo", "--seconds", "0.5", "--json"]
WARM_REPEATS, COLD_REPEATS = 7, 3
MOST_S = 1.5


def _to_first_block(cache: str) -> float:
    """Return the s to the first block of a start with that cache folder."""
    began = time.perf_counter()
    process = subprocess.Popen(COMMAND, env=os.environ | {"UNFOLD_CACHE_DIR": cache}, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line, printed = "", 0.0
    for text in process.stdout:
        line, printed = text, time.perf_counter()
    if process.wait() != 0:
        raise RuntimeError(f"{' '.join(COMMAND)} failed with exit status {process.returncode}")
    status = json.loads(line)
    return printed - began - status["seconds"] * (1 - 1 / status["blocks"])


def _row(kernels: str, seconds: list[float]) -> str:
    figures = f"**{median(seconds):.2f}** | {min(seconds):.2f} | {max(seconds):.2f} | {len(seconds)}"
    return f"| {kernels} | {figures} |"


def run() -> str:
    """Return the section for the page of results."""
    cold = []
    for _ in range(COLD_REPEATS):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(_to_first_block(cache))
    with tempfile.TemporaryDirectory() as cache:
        _to_first_block(cache)
        warm = [_to_first_block(cache) for _ in range(WARM_REPEATS)]
    return "\n".join(
        [
            "## Start-up",
            "",
            "From the start of the process `unfold live -i demo` to the first processed block.",
            "",
            "| kernels | median, s | shortest | longest | starts |",
            "|---|---|---|---|---|",
            _row(f"compiled before (wanted: under {MOST_S} s)", warm),
            _row("none yet: the first start of a version, with a progress bar", cold),
            "",
        ]
    )
