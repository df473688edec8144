"""The labels around a spectrogram: frequencies, times, and levels beside their colours. Main thread."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QColor, QPainter

from gui.scales import hz_to_share, ticks

_TIME_STEPS_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_LABEL_PX = 70


def paint_frequencies(painter: QPainter, plot: QRect, scale: str, top_hz: float) -> None:
    """Write round frequencies left of the picture."""
    metrics = painter.fontMetrics()
    for hz, label in ticks(scale, top_hz, max(2, plot.height() // (2 * metrics.height()))):
        y = plot.top() + (1 - hz_to_share(scale, hz, top_hz)) * plot.height()
        y = min(max(y, plot.top()), plot.bottom())
        painter.drawLine(QPointF(plot.left() - 4, y), QPointF(plot.left() - 1, y))
        baseline = y + metrics.ascent() / 2 - 1
        painter.drawText(QPointF(plot.left() - 7 - metrics.horizontalAdvance(label), baseline), label)


def paint_times(painter: QPainter, plot: QRect, seconds: float, newest: str) -> None:
    """Write under the picture how long ago its columns were; `newest` names its right edge."""
    metrics = painter.fontMetrics()
    step = next((s for s in _TIME_STEPS_S if seconds / s <= plot.width() / _LABEL_PX), 20.0)
    for i in range(int(seconds / step) + 1):
        x = plot.left() + plot.width() * (1 - i * step / seconds)
        painter.drawLine(QPointF(x, plot.bottom() + 1), QPointF(x, plot.bottom() + 4))
        label = f"−{i * step:g} s" if i else newest
        painter.drawText(QPointF(x - metrics.horizontalAdvance(label) / 2, plot.bottom() + 5 + metrics.ascent()), label)


def paint_levels(painter: QPainter, plot: QRect, table: NDArray[np.uint32], low_db: float, high_db: float) -> None:
    """Paint the colours right of the picture with their levels in dB."""
    left, metrics = plot.right() + 8, painter.fontMetrics()
    pen = painter.pen()
    for i in range(plot.height()):
        painter.fillRect(left, plot.top() + i, 8, 1, QColor.fromRgba(int(table[255 - 255 * i // plot.height()])))
    painter.setPen(pen)
    n = max(1, min(4, plot.height() // (2 * metrics.height())))
    for i in range(n + 1):
        y = plot.top() + plot.height() * i / n
        label = f"{high_db - (high_db - low_db) * i / n:.0f}".replace("-", "−")
        painter.drawText(QPointF(left + 11, y + metrics.ascent() / 2 - 1), label)
