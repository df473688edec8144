"""The compiled callback against the same kernel behind an ordinary Python callback, while the GIL is held.

On a JACK server without hardware, whose cycles wait for a late client: a late block costs time, not samples. So what
counts is how many blocks were done of those a sound card would have asked for in the same time; it does not wait.
"""

import json
import subprocess
import sys
from statistics import median

from tests.rig.jack_server import JackServer, JackServerError

RATE, BLOCK, SECONDS, REPEATS = 48000, 128, 3.0, 3
KINDS = ("compiled", "python")
PRESSURES = {
    "idle": "sleeps",
    "hold": "holds the GIL for 500 ms, again and again",
    "sort": "sorts a million numbers, again and again",
    "collect": "makes and collects 200,000 cycles, again and again",
}


def _measure(kind: str, pressure: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.pressure", kind, pressure, str(SECONDS), str(BLOCK)]
    with JackServer(RATE, BLOCK) as jack:
        answer = subprocess.run(command, env=jack.environ, capture_output=True, text=True, timeout=120, check=True)
    counts: dict[str, float] = json.loads(answer.stdout)
    return counts


def _row(kind: str, pressure: str, runs: list[dict[str, float]]) -> str:
    done, expected, dropouts = (median(run[name] for run in runs) for name in ("done", "expected", "dropouts"))
    share = median(run["done"] / run["expected"] for run in runs)
    lost = median(max(0.0, run["expected"] - run["done"]) * BLOCK for run in runs)
    cells = f"{done:.0f} of {expected:.0f} | **{min(1.0, share):.1%}** | {lost:,.0f} | {dropouts:.0f}"
    return f"| {PRESSURES[pressure]} | {kind} | {cells} |"


def run() -> str:
    """Return the section for the page of results."""
    title = "## The callback while Python is busy\n\n"
    try:
        # Pairs, so that both sides see the same load of the machine.
        runs = {p: [{k: _measure(k, p) for k in KINDS} for _ in range(REPEATS)] for p in PRESSURES}
    except JackServerError as error:
        return f"{title}Not measured: {error}.\n"
    rows = [_row(kind, p, [pair[kind] for pair in runs[p]]) for p in PRESSURES for kind in KINDS]
    return title + "\n".join(
        [
            f"The default preset at {RATE / 1000:g} kHz in blocks of {BLOCK} frames on a JACK server without hardware,",
            f"{SECONDS:g} s each, medians of {REPEATS} pairs. *compiled* gives PortAudio the address of the engine;",
            "*python* is an ordinary sounddevice callback that calls the same address. Expected are the blocks a sound",
            "card would have asked for in that time; the clock and the count are read within about two blocks (256",
            "samples) of each other. Drop-outs are those the engine counts: blocks that took longer than they last, or",
            "came more than 100 ms late. What is missing where the main thread sleeps, the machine itself has lost.",
            "",
            "| the main thread | callback | blocks done | share | lost samples | drop-outs |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )
