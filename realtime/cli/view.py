"""The terminal view of a running engine: levels, load, latency, drop-outs. Main thread."""

import time
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table

from realtime.host import Status

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
    device = f" + device {latency.device_reported:.1f} ms (as it reports)" if latency.device_reported else ""
    table.add_row("latency", f"algorithm {latency.algorithm:.1f} ms{device}")
    table.add_row(
        "drop-outs", f"{s.dropouts} (late {s.late_blocks}, missed {s.missed_blocks}; flags {s.flagged_blocks})"
    )
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

    def show(self, status: Status) -> None:
        """Show a status. [main-thread]"""
        if self._live is not None:
            self._live.update(_table(status), refresh=True)
        elif time.monotonic() - self._printed >= 1.0:
            self._printed += 1.0
            self._console.print(
                f"{status.seconds:6.1f} s  in {status.rms_in:6.1f} dBFS  out {status.rms_out:6.1f} dBFS  "
                f"load {status.load_p99:.1%}  drop-outs {status.dropouts}"
            )

    def close(self, status: Status) -> None:
        """Show the last status and leave the terminal as it was. [main-thread]"""
        if self._live is not None:
            self._live.stop()
        self._console.print(_table(status))
