"""The canvas of one spectrogram: a rolling picture, its axes and the linked cursor. Main thread.

`advance` is called by the clock; it converts the columns that are new and asks for a repaint of the picture alone,
and only if something moved. While it is hidden it does nothing, and catches up when it is shown.
"""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QSizePolicy, QWidget

from gui.axes import paint_frequencies, paint_levels, paint_times
from gui.colours import pixel_table
from gui.history import History
from gui.look import Look
from gui.rolling import RollingImage
from gui.scales import hz_to_share, row_weights, share_to_hz

MASK_LOW_DB, MASK_HIGH_DB = -40.0, 0.0
_CURSOR_STEP_HZ = 31.25
_SCROLL_COLUMNS = 25


class Spectrogram(QWidget):
    """Shows one view of a history.

    Parameters
    ----------
    look : Look
        Shared with the panes that move together.
    view : str
        One of `gui.history.VIEWS`.
    tap : int or None
        The tapped depth that is shown, or what is heard.
    with_axes : bool
        Leave room for labels of frequency, time and level.
    """

    activated = Signal()

    def __init__(self, look: Look, view: str, tap: int | None = None, with_axes: bool = True) -> None:
        super().__init__()
        self.look, self.view, self.tap, self.with_axes = look, view, tap, with_axes
        self.history: History | None = None
        self.reason = self.tr("No sound is running")
        self.n_painted = 0
        self._image: RollingImage | None = None
        self._drawn = 0
        self._table = pixel_table(look.axes.colours)
        self._weights: NDArray[np.float32] | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 48)
        if with_axes:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setMouseTracking(True)
            look.cursor_moved.connect(self._cursor_moved)
        look.changed.connect(self.rebuild)
        look.frozen_changed.connect(self._frozen_changed)

    def show_history(self, history: History | None, reason: str = "") -> None:
        """Show another stream, or with None the reason why there is nothing."""
        self.history, self.reason = history, reason
        self.rebuild()

    def set_view(self, view: str) -> None:
        """Show another of the views."""
        if view != self.view:
            self.view = view
            self.rebuild()

    def plot(self) -> QRect:
        """Return where the picture is, in logical pixels."""
        if not self.with_axes:
            return self.rect()
        height = self.fontMetrics().height()
        left = self.fontMetrics().horizontalAdvance("999 Hz") + 10
        right = self.fontMetrics().horizontalAdvance("−100") + 22
        return self.rect().adjusted(left, height // 2, -right, -height - 6)

    def levels_db(self) -> tuple[float, float]:
        """Return the levels that get the lowest and the highest colour, in dBFS, or in dB of gain for a mask."""
        if self.view == "mask":
            return MASK_LOW_DB, MASK_HIGH_DB
        return self.look.axes.low_db, self.look.axes.high_db

    @property
    def end(self) -> int:
        """The column after the last one to show."""
        if self.history is None:
            return 0
        return self.history.end if self.look.frozen is None else min(self.look.frozen, self.history.end)

    def rebuild(self) -> None:
        """Draw everything anew with the next paint or `advance`, for the axes or the size have changed."""
        self._image = None
        self._table = pixel_table(self.look.axes.colours)
        self.update()

    def advance(self) -> None:
        """Convert the columns that are new; ask for a repaint if there are any."""
        if self.isVisible() and not self.window().isMinimized() and self._convert():
            self.update(self.plot())

    def _convert(self) -> bool:
        """Bring the picture up to date; return whether it changed."""
        if self.history is None:
            return False
        if self._image is None:
            self._prepare()
        assert self._image is not None
        end, zoom = self.end, self.zoom
        n_shown = -(-self._image.width // zoom)
        start = self._drawn if 0 <= end - self._drawn < n_shown else end - n_shown
        if start == end:
            return False
        self._image.push(self._pixels(start, end).repeat(zoom, axis=0))
        self._drawn = end
        return True

    @property
    def seconds_shown(self) -> float:
        """How much time fits."""
        column_s = 0.008 if self.history is None else self.history.column_s
        return self.plot().width() * self.devicePixelRatioF() / self.zoom * column_s

    @property
    def zoom(self) -> int:
        """Device pixels of one column."""
        return self.look.axes.zoom * max(1, round(self.devicePixelRatioF()))

    def _prepare(self) -> None:
        assert self.history is not None
        ratio, plot = self.devicePixelRatioF(), self.plot()
        self._image = RollingImage(round(plot.width() * ratio), round(plot.height() * ratio))
        self._weights = row_weights(self.look.axes.scale, self.history.n_bins, self.history.bin_hz, self._image.height)
        self._drawn = -(1 << 60)

    def _pixels(self, start: int, end: int) -> NDArray[np.uint32]:
        """Return uint32[end - start, rows]; columns no longer kept are of the lowest level, before any sound bare."""
        assert self.history is not None and self._weights is not None and self._image is not None
        pixels = np.full((end - start, self._image.height), self._table[0], np.uint32)
        pixels[: max(0, -start)] = self.palette().color(QPalette.ColorRole.Base).rgb()
        kept = max(start, self.history.first)
        if kept < end:
            rows = self.history.values(self.view, kept, end, self.tap) @ self._weights
            low, high = self.levels_db()
            level = np.log10(np.maximum(rows, np.float32(1e-9))) * np.float32(20 * 255 / (high - low))
            level -= np.float32(low * 255 / (high - low))
            pixels[kept - start :] = self._table[np.clip(level, 0, 255).astype(np.uint8)]
        return pixels

    @property
    def top_hz(self) -> float:
        """The frequency at the top."""
        return 8000.0 if self.history is None else (self.history.n_bins - 1) * self.history.bin_hz

    def y_of(self, hz: float) -> float:
        """Return the height of a frequency in logical pixels."""
        plot = self.plot()
        return plot.top() + (1 - hz_to_share(self.look.axes.scale, hz, self.top_hz)) * plot.height()

    def x_of(self, column: int) -> float:
        """Return the left edge of a column in logical pixels."""
        plot = self.plot()
        return plot.left() + plot.width() - (self.end - column) * self.zoom / self.devicePixelRatioF()

    def place_at(self, position: QPointF) -> tuple[int, float] | None:
        """Return (column, Hz) under a point, or None beside the picture."""
        plot = self.plot()
        if self.history is None or not QRectF(plot).contains(position):
            return None
        back = (plot.left() + plot.width() - position.x()) * self.devicePixelRatioF() / self.zoom
        column = self.end - 1 - int(back)
        share = 1 - (position.y() - plot.top()) / plot.height()
        hz = share_to_hz(self.look.axes.scale, min(max(share, 0.0), 1.0), self.top_hz)
        return (column, hz) if column >= self.history.first else None

    def level_at(self, column: int, hz: float) -> float | None:
        """Return the level in dB of a column at the nearest bin, or None where nothing is kept."""
        if self.history is None or not self.history.first <= column < self.history.end:
            return None
        b = min(max(0, round(hz / self.history.bin_hz)), self.history.n_bins - 1)
        value = float(self.history.values(self.view, column, column + 1, self.tap)[0, b])
        return 20 * float(np.log10(max(value, 1e-9)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Blit the picture; labels only where they were asked for anew."""
        if self._image is None:
            self._convert()
        painter = QPainter(self)
        plot = self.plot()
        self.n_painted += 1
        if not plot.contains(event.rect()):
            painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Window))
            if self.with_axes:
                frozen = self.look.frozen is not None
                paint_frequencies(painter, plot, self.look.axes.scale, self.top_hz)
                paint_times(painter, plot, self.seconds_shown, "0 s" if frozen else self.tr("now"))
                paint_levels(painter, plot, self._table, *self.levels_db())
        if self.history is None or self._image is None:
            painter.fillRect(plot, self.palette().color(QPalette.ColorRole.Base))
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(plot.adjusted(8, 0, -8, 0), flags, self.reason)
        else:
            self._image.paint(painter, plot.left(), plot.top(), self.devicePixelRatioF())
            self._paint_cursor(painter, plot)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.drawRect(plot.adjusted(1, 1, -1, -1))

    def _paint_cursor(self, painter: QPainter, plot: QRect) -> None:
        if self.look.cursor is None or not self.with_axes:
            return
        column, hz = self.look.cursor
        x = self.x_of(column) + self.zoom / self.devicePixelRatioF() / 2
        y = self.y_of(hz)
        for pen in (QPen(Qt.GlobalColor.black, 3), QPen(Qt.GlobalColor.white, 1)):
            painter.setPen(pen)
            if plot.left() <= x <= plot.right():
                painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))

    def _cursor_moved(self) -> None:
        self.update(self.plot())

    def _frozen_changed(self) -> None:
        self.advance()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the picture to the new size."""
        self.rebuild()

    def showEvent(self, event: object) -> None:
        """Catch up with what passed while it was hidden."""
        self.advance()

    def changeEvent(self, event: QEvent) -> None:
        """Repaint the labels in a new font or theme."""
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.rebuild()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point the cursor of all panes."""
        self.look.point(self.place_at(event.position()))

    def leaveEvent(self, event: object) -> None:
        """Take the cursor away."""
        self.look.point(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Tell whoever listens that this pane was chosen."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.activated.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll back in time; that freezes the picture. Where the page scrolls: sideways, or with Shift held."""
        turned, shift = event.angleDelta(), event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        turn = turned.x() or (turned.y() if shift or not self._page_scrolls() else 0)
        if not self.with_axes or not turn:
            event.ignore()
            return
        self.scroll_time(-_SCROLL_COLUMNS if turn > 0 else _SCROLL_COLUMNS)

    def _page_scrolls(self) -> bool:
        page = self.parentWidget()
        while page is not None and not (isinstance(page, QAbstractScrollArea) and page.verticalScrollBar().maximum()):
            page = page.parentWidget()
        return page is not None

    def scroll_time(self, n_columns: int) -> None:
        """Move the end of time; at the newest column it is live again."""
        if self.history is None:
            return
        end = self.end + n_columns
        self.look.freeze(None if end >= self.history.end and n_columns > 0 else max(end, self.history.first + 1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the cursor, page keys scroll through time."""
        column, hz = self.look.cursor or (self.end - 1, self.top_hz / 8)
        steps = {
            Qt.Key.Key_Left: (-1, 0.0),
            Qt.Key.Key_Right: (1, 0.0),
            Qt.Key.Key_Up: (0, _CURSOR_STEP_HZ),
            Qt.Key.Key_Down: (0, -_CURSOR_STEP_HZ),
        }
        if event.key() in steps and self.history is not None:
            dx, dy = steps[Qt.Key(event.key())]
            column = min(max(column + dx, self.history.first), self.end - 1)
            self.look.point((column, min(max(hz + dy, 0.0), self.top_hz)))
        elif event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.scroll_time(-_SCROLL_COLUMNS if event.key() == Qt.Key.Key_PageUp else _SCROLL_COLUMNS)
        else:
            super().keyPressEvent(event)
