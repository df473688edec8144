"""Two ticks: 60 a second to drain and draw, 4 a second to set text; dropped frames are counted. Main thread."""

import time

from PySide6.QtCore import QObject, Qt, QTimer, Signal

FRAME_MS = 16
FRAMES_PER_TEXT = 15
LATE_S = 0.025  # half a frame late: one has been dropped


class Clock(QObject):
    """Ticks while it is started; a frame that takes long delays the next one, and is counted."""

    frame = Signal()
    text = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.n_frames = 0
        self.n_dropped = 0
        self._last: float | None = None
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Tick."""
        self._last = None
        self._timer.start()

    def stop(self) -> None:
        """Be still."""
        self._timer.stop()

    def forget(self) -> None:
        """Start the counts anew."""
        self.n_frames = self.n_dropped = 0

    def _tick(self) -> None:
        now = time.monotonic()
        if self._last is not None and now - self._last > LATE_S:
            self.n_dropped += round(1000 * (now - self._last) / FRAME_MS) - 1
        self._last = now
        self.n_frames += 1
        self.frame.emit()
        if self.n_frames % FRAMES_PER_TEXT == 0:
            self.text.emit()
