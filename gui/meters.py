"""Meters: levels in dBFS with a clip lamp that stays lit, and what is being removed. Main thread."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme import signal_colour

FALL_DB_PER_FRAME = 0.4  # 24 dB a second at 60 frames
HOLD_FRAMES = 90
CLIP_DB = -0.01


class Meter(QWidget):
    """A vertical bar with a scale in dB.

    Parameters
    ----------
    title : str
        Short, shown above.
    name : str
        For a screen reader, with the unit.
    low, high : float
        Ends of the scale, dB.
    marks : tuple of float
        Labelled levels.
    clips : bool
        Whether reaching 0 dBFS lights the lamp.
    """

    cleared = Signal()

    def __init__(
        self, title: str, name: str, low: float, high: float, marks: tuple[float, ...], clips: bool = True
    ) -> None:
        super().__init__()
        self.title, self.name, self.low, self.high, self.marks, self.clips = title, name, low, high, marks, clips
        self.level = self.body = self.held = low
        self.clipped = False
        self._hold = 0
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if clips else Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        if clips:
            self.setToolTip(self.tr("Peak (thin line) and RMS (bar). The lamp stays lit after 0 dBFS: click to clear"))

    def sizeHint(self) -> QSize:
        """Return room for the scale's labels."""
        metrics = self.fontMetrics()
        width = max(metrics.horizontalAdvance("−60") + 30, metrics.horizontalAdvance(self.title) + 4)
        return QSize(width, 11 * metrics.height())

    def minimumSizeHint(self) -> QSize:
        """Return the least size at which the labels do not touch."""
        return QSize(self.sizeHint().width(), 8 * self.fontMetrics().height())

    def put(self, peak: float, body: float) -> None:
        """Show the levels of the last frame, dB; a repaint is asked for only if something moves."""
        before = (round(self.level, 1), round(self.body, 1), round(self.held, 1), self.clipped)
        self.level = max(min(peak, self.high), self.level - FALL_DB_PER_FRAME, self.low)
        self.body = max(min(body, self.high), self.body - FALL_DB_PER_FRAME, self.low)
        self._hold = self._hold - 1
        if peak >= self.held or self._hold <= 0:
            self.held, self._hold = self.level, HOLD_FRAMES
        self.clipped = self.clipped or (self.clips and peak >= CLIP_DB)
        if before != (round(self.level, 1), round(self.body, 1), round(self.held, 1), self.clipped):
            self.update()

    def describe(self) -> None:
        """Tell a screen reader the levels; at the pace of text."""
        clip = self.tr(", clipped") if self.clipped else ""
        self.setAccessibleDescription(f"{self.held:.0f} dB{clip}")

    def clear(self) -> None:
        """Put the lamp out."""
        self.clipped = False
        self.held = self.level
        self.update()

    def _y(self, db: float, bar: QRectF) -> float:
        share = (min(max(db, self.low), self.high) - self.low) / (self.high - self.low)
        return bar.bottom() - share * bar.height()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint title, lamp, bar and scale."""
        painter, metrics, palette = QPainter(self), self.fontMetrics(), self.palette()
        line = metrics.height()
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        painter.drawText(QRectF(0, 0, self.width(), line), Qt.AlignmentFlag.AlignHCenter, self.title)
        lamp = QRectF(2, line + 2, self.width() - 4, line + 2)
        if self.clips:
            self._paint_lamp(painter, lamp)
        bar = QRectF(2, lamp.bottom() + line / 2, 14, self.height() - lamp.bottom() - line)
        painter.fillRect(bar, palette.color(QPalette.ColorRole.Base))
        y = self._y(self.body, bar)
        painter.fillRect(
            QRectF(bar.left(), y, bar.width(), bar.bottom() - y), palette.color(QPalette.ColorRole.Highlight)
        )
        painter.setPen(QPen(palette.color(QPalette.ColorRole.WindowText), 2))
        for level in (self.level, self.held):
            if level > self.low:
                painter.drawLine(QPointF(bar.left(), self._y(level, bar)), QPointF(bar.right(), self._y(level, bar)))
        painter.setPen(QPen(palette.color(QPalette.ColorRole.WindowText), 1))
        painter.drawRect(bar)
        for mark in self.marks:
            y = self._y(mark, bar)
            painter.drawLine(QPointF(bar.right() + 1, y), QPointF(bar.right() + 4, y))
            label = f"{mark:.0f}".replace("-", "−")
            painter.drawText(QPointF(bar.right() + 6, y + metrics.ascent() / 2 - 1), label)
        if self.hasFocus():
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _paint_lamp(self, painter: QPainter, lamp: QRectF) -> None:
        palette = self.palette()
        painter.setPen(palette.color(QPalette.ColorRole.Mid))
        painter.drawRect(lamp)
        if self.clipped:
            painter.fillRect(lamp, signal_colour("bad", palette))
            painter.setPen(palette.color(QPalette.ColorRole.Window))
            painter.drawText(lamp, Qt.AlignmentFlag.AlignCenter, self.tr("CLIP"))
        else:
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            held = "−∞" if self.held <= self.low else f"{self.held:.0f}".replace("-", "−")
            painter.drawText(lamp, Qt.AlignmentFlag.AlignCenter, held)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Put the lamp out."""
        self.clear()
        self.cleared.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return puts the lamp out."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clear()
            self.cleared.emit()
        else:
            super().keyPressEvent(event)


LEVEL_MARKS = (0.0, -6.0, -12.0, -20.0, -30.0, -40.0, -60.0)
REMOVED_MARKS = (0.0, 6.0, 12.0, 20.0, 30.0)


def level_meter(title: str, name: str) -> Meter:
    """Return a meter for dBFS."""
    return Meter(title, name, -66.0, 3.0, LEVEL_MARKS)


def removed_meter(title: str, name: str) -> Meter:
    """Return a meter for dB that are taken away."""
    return Meter(title, name, 0.0, 33.0, REMOVED_MARKS, clips=False)
