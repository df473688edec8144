"""Health: where the delay comes from, how near the deadline sound is, every drop-out with its time. Main thread."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFormLayout, QGroupBox, QLabel

from gui.actions import button_of
from gui.clock import Clock
from gui.theme import signal_colour
from realtime.host import Status


def clock_text(seconds: float) -> str:
    """Return seconds as m:ss.s."""
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"


class Health(QGroupBox):
    """Figures of the engine; the button shows the drop-outs and clears all counts."""

    def __init__(self, clear: QAction) -> None:
        super().__init__(self.tr("Health"))
        self._clear = clear
        self._rows: dict[str, QLabel] = {}
        form = QFormLayout(self)
        form.setContentsMargins(8, 4, 8, 6)
        form.setVerticalSpacing(3)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        for key, title, tip in (
            ("transform", self.tr("Transform"), self.tr("Delay of the window: exact, to the sample")),
            ("device", self.tr("Device"), self.tr("What the device says its buffers delay; often wrong")),
            ("measured", self.tr("Measured"), self.tr("The whole way, by a burst that is played and heard: Ctrl+Y")),
            ("load", self.tr("Load"), self.tr("Time used of the time a block lasts: median, 99 %, worst")),
            ("flags", self.tr("PortAudio"), self.tr("Blocks that PortAudio flagged; it undercounts")),
            ("faults", self.tr("Faults"), self.tr("Blocks a plugin failed on or whose input was no sound")),
            ("screen", self.tr("Screen"), self.tr("Frames of this window that came late; the sound does not mind")),
            ("time", self.tr("Running"), self.tr("Time since the stream was opened")),
        ):
            label = QLabel("–")
            label.setAccessibleName(title)
            label.setToolTip(tip)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
            form.addRow(title, label)
            self._rows[key] = label
        self.dropouts = button_of(clear)
        form.addRow(self.tr("Drop-outs"), self.dropouts)
        self.show_status(None, Clock())

    def show_status(self, status: Status | None, clock: Clock) -> None:
        """Write the figures; None while no sound runs."""
        if status is None:
            for label in self._rows.values():
                label.setText("–")
            self._set_dropouts(None, "")
            return
        latency = status.latency_ms
        reported = latency.device_reported
        device = "–" if reported is None else self.tr("{:.1f} ms (reported)").format(reported)
        measured = "–" if latency.measured is None else f"{latency.measured:.1f} ms"
        faults = status.bad_blocks + status.failed_blocks
        texts = {
            "transform": f"{latency.algorithm:.1f} ms",
            "device": device,
            "measured": measured,
            "load": f"{100 * status.load_p50:.0f} · {100 * status.load_p99:.0f} · {100 * status.load_max:.0f} %",
            "flags": self.tr("{} flagged").format(status.flagged_blocks),
            "faults": self.tr("none") if not faults else self.tr("{} blocks").format(faults),
            "screen": self.tr("{} dropped").format(clock.n_dropped),
            "time": clock_text(status.seconds),
        }
        for key, text in texts.items():
            self._rows[key].setText(text)
            self._rows[key].setAccessibleDescription(text)
        times = ", ".join(clock_text(t) for t in status.dropout_times[-20:])
        self._set_dropouts(status.dropouts, times)

    def _set_dropouts(self, n: int | None, times: str) -> None:
        if n is None:
            self._clear.setIconText("–")
            self.dropouts.setToolTip(self.tr("No sound is running"))
            self.dropouts.setAccessibleName(self.tr("Drop-outs: no sound is running"))
            self.dropouts.setStyleSheet("")
            return
        self._clear.setIconText(self.tr("none ✓") if n == 0 else self.tr("{} ✗ clear").format(n))
        where = self.tr("At {}. ").format(times) if times else self.tr("No block was missed or late. ")
        self.dropouts.setToolTip(where + self.tr("Click to clear the counts (Ctrl+K)"))
        self.dropouts.setAccessibleName(self.tr("{} drop-outs, clear the counts").format(n))
        style = f"color: {signal_colour('bad' if n else 'good', self.palette()).name()}"
        if style != self.dropouts.styleSheet():
            self.dropouts.setStyleSheet(style)
