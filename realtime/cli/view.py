"""Two views of a running engine, for people and for programs: levels, load, latency, drop-outs. Main thread."""

import json
import time
from collections.abc import Callable
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table

from realtime.host import Status
from realtime.recorder import Recorder

BAR_DB = 60
BAR_WIDTH = 40


def _bar(level_db: float) -> str:
    filled = round(BAR_WIDTH * min(1.0, max(0.0, 1 + level_db / BAR_DB)))
    return "█" * filled + "·" * (BAR_WIDTH - filled)


def _table(s: Status) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("time", f"{s.seconds:.1f} s   {s.blocks} blocks of {s.block} frames")
    table.add_row("in", f"{_bar(s.rms_in)} {s.rms_in:6.1f} dBFS  peak {s.peak_in:6.1f}")
    table.add_row("out", f"{_bar(s.rms_out)} {s.rms_out:6.1f} dBFS  peak {s.peak_out:6.1f}")
    table.add_row("load", f"p50 {s.load_p50:.1%}  p99 {s.load_p99:.1%}  max {s.load_max:.1%} of the deadline")
    latency = s.latency_ms
    parts = [f"algorithm {latency.algorithm:.1f} ms"]
    if latency.measured is not None:
        parts.append(f"device {latency.measured - latency.algorithm:.1f} ms = {latency.measured:.1f} ms, measured")
    elif latency.device_reported:
        parts.append(f"device {latency.device_reported:.1f} ms (as it reports)")
    table.add_row("latency", " + ".join(parts))
    table.add_row(
        "drop-outs", f"{s.dropouts} (late {s.late_blocks}, missed {s.missed_blocks}; flags {s.flagged_blocks})"
    )
    if s.failed_blocks:
        table.add_row("failed", f"{s.failed_blocks} blocks in which a plugin failed: the input itself was heard")
    if s.refused_rows:
        table.add_row("recording", f"{s.refused_rows} frames refused: the disk is too slow")
    return table


class View:
    """Redraws in place on a terminal; elsewhere prints one line a second."""

    def __init__(self, stream: TextIO) -> None:
        console = Console(file=stream)
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._console = console
        self._printed = time.monotonic()
        if self._live is not None:
            self._live.start()

    def show(self, status: Callable[[], Status]) -> None:
        """Show the status. [main-thread]"""
        if self._live is not None:
            self._live.update(_table(status()), refresh=True)
        elif time.monotonic() - self._printed >= 1.0:
            self._printed += 1.0
            s = status()
            self._console.print(
                f"{s.seconds:6.1f} s  in {s.rms_in:6.1f} dBFS  out {s.rms_out:6.1f} dBFS  "
                f"load {s.load_p99:.1%}  drop-outs {s.dropouts}"
            )

    def close(self, status: Status) -> None:
        """Show the last status and leave the terminal as it was. [main-thread]"""
        if self._live is not None:
            self._live.stop()
        self._console.print(_table(status))


class JsonLines:
    """One JSON object a second on stdout, and a final one."""

    def __init__(self, recorder: Recorder | None) -> None:
        self._paths = {} if recorder is None else {"dry": str(recorder.dry), "wet": str(recorder.wet)}
        self._printed = time.monotonic()

    def show(self, status: Callable[[], Status]) -> None:
        """Print the status if a second has passed. [main-thread]"""
        if time.monotonic() - self._printed >= 1.0:
            self._printed += 1.0
            self._print(status(), final=False)

    def close(self, status: Status) -> None:
        """Print the last status. [main-thread]"""
        self._print(status, final=True)

    def _print(self, status: Status, final: bool) -> None:
        print(json.dumps(status.as_dict() | {"final": final} | self._paths), flush=True)
