"""Every basis of a network as a thin spectrum, with a bar for what it holds now. Main thread."""

from itertools import groupby

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.colours import pixel_table
from gui.theme import signal_colour
from realtime.networks.network import Basis

FALL = 0.6  # of a bar that is no longer fed, per reading
DEPTH_DB = 50.0  # range of levels within one basis that is shown
BARS = 0.38  # of the height
GAP = 10.0  # between groups
LEAST_MARK = 7.0  # width of the frame of the selected basis


def time_text(seconds: float) -> str:
    """Return a time constant, short: "48 ms", "0.32 s"."""
    return f"{1000 * seconds:.0f} ms" if seconds < 0.1 else f"{seconds:.2g} s"


class BasisMap(QWidget):
    """Groups of bases side by side, those of speech left; the stream's own are wider, since they are few."""

    selected_changed = Signal()
    activated = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.bases: tuple[Basis, ...] = ()
        self.speech: frozenset[int] = frozenset()
        self.heard: frozenset[int] = frozenset()
        self.selected = 0
        self._order: list[int] = []
        self._groups: list[list[int]] = []
        self._bars = np.zeros(0)
        self._shares = np.zeros(0)
        self._image = QImage()
        self._pixels = np.zeros((1, 1), np.uint32)
        self._table = pixel_table("viridis")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 80)
        self.setAccessibleName(self.tr("Bases of the network; arrows select, Return hears the selected one alone"))

    def show_bases(self, bases: tuple[Basis, ...]) -> None:
        """Show another network; none, to say that there is nothing to show."""
        self.bases = bases
        self.speech = frozenset(i for i, basis in enumerate(bases) if basis.is_speech)
        self._order = sorted(range(len(bases)), key=lambda i: (not bases[i].is_speech, bases[i].own))
        self._groups = [list(g) for _, g in groupby(self._order, key=lambda i: (bases[i].source, bases[i].own))]
        self._bars, self._shares = np.zeros(len(bases)), np.zeros(len(bases))
        self._image = QImage()
        self.select(self.selected)

    def put(self, held: np.ndarray, spectra: np.ndarray) -> None:
        """Show what each basis holds, float[n], and the bases themselves, float[n_bins, n]."""
        if len(held) != len(self.bases) or not len(held):
            return
        self._shares = held / max(float(held.sum()), 1e-12)
        self._bars = np.maximum(FALL * self._bars, held / max(float(held.max()), 1e-12))
        w = spectra[::-1, self._order]
        level = 20 * np.log10(w / np.maximum(w.max(axis=0), 1e-12) + 1e-9) / DEPTH_DB + 1
        self._pixels = np.ascontiguousarray(self._table[np.clip(255 * level, 0, 255).astype(np.uint8)])
        n_rows, n_columns = self._pixels.shape
        self._image = QImage(self._pixels.data, n_columns, n_rows, 4 * n_columns, QImage.Format.Format_RGB32)
        self.update()

    def select(self, i: int) -> None:
        """Select a basis by its number."""
        self.selected = min(max(i, 0), max(0, len(self.bases) - 1))
        self.selected_changed.emit()
        self.update()

    def share(self, i: int) -> float:
        """Return what a basis holds, as a share of what all of them do."""
        return float(self._shares[i]) if i < len(self._shares) else 0.0

    def name(self, i: int) -> str:
        """Return what a basis is called."""
        basis, group = self.bases[i], next(g for g in self._groups if i in g)
        if basis.own == "follower":
            return self.tr("follows {}, {}").format(self._source(basis), time_text(basis.seconds))
        if basis.own == "floor":
            return self.tr("floor of {}, {}").format(self._source(basis), time_text(basis.seconds))
        return f"{self._title(basis)} {group.index(i) + 1}"

    def _source(self, basis: Basis) -> str:
        return {"speech": self.tr("speech"), "noise": self.tr("noise")}.get(basis.source, basis.source)

    def _title(self, basis: Basis) -> str:
        titles = {"follower": self.tr("follows"), "floor": self.tr("floor"), "room": self.tr("room")}
        return titles.get(basis.own, self._source(basis))

    def _places(self) -> list[tuple[list[int], float, float]]:
        """Return the groups with their left edge and the width of a basis, in pixels."""
        own_width = self.fontMetrics().horizontalAdvance("000")
        n_own = sum(bool(basis.own) for basis in self.bases)
        room = self.width() - GAP * (len(self._groups) - 1) - own_width * n_own
        width = max(1.0, room / max(1, len(self.bases) - n_own))
        left, places = 0.0, []
        for group in self._groups:
            each = own_width if self.bases[group[0]].own else width
            places.append((group, left, each))
            left += each * len(group) + GAP
        return places

    def basis_at(self, place: QPointF) -> int:
        """Return the number of the basis at a place, or the nearest one's to its left."""
        group, left, width = next((p for p in reversed(self._places()) if p[1] <= place.x()), self._places()[0])
        return group[min(max(int((place.x() - left) / width), 0), len(group) - 1)]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint titles, bars, bases, and what is selected and heard."""
        painter, palette = QPainter(self), self.palette()
        painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Base))
        if not self.bases:
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            text = self.tr("No unfolded network is running: there are no bases to look at.")
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)
            return
        line = self.fontMetrics().height()
        foot, taken, frame = BARS * self.height(), 0, QRectF()
        marked, text_colour = palette.color(QPalette.ColorRole.Highlight), palette.color(QPalette.ColorRole.Text)
        speech, noise = signal_colour("good", palette), signal_colour("warn", palette)
        for group, left, width in self._places():
            first = self.bases[group[0]]
            spectra = QRectF(left, foot + 4, len(group) * width, self.height() - foot - 4)
            painter.drawImage(spectra, self._image, QRectF(taken, 0, len(group), self._image.height()))
            taken += len(group)
            for j, i in enumerate(group):
                x, height = left + j * width, self._bars[i] * (foot - line - 2)
                bar = QRectF(x, foot - height, max(1.0, width - 1), height)
                painter.fillRect(bar, speech if first.is_speech else noise)
                if i in self.heard:
                    painter.fillRect(QRectF(x, foot, width, 4), marked)
                if i == self.selected:
                    beside = max(0.0, LEAST_MARK - width) / 2  # so that a thin basis is seen between the lines
                    frame = QRectF(x - beside, line + 1, width + 2 * beside, self.height() - line - 3)
            painter.setPen(text_colour)
            painter.drawText(QPointF(left + 2, line - self.fontMetrics().descent()), self._title(first))
            if group[0] == next((i for i in self._order if not self.bases[i].is_speech), None):
                painter.setPen(QPen(text_colour, 1, Qt.PenStyle.DashLine))
                painter.drawLine(round(left - GAP / 2), 0, round(left - GAP / 2), self.height())
        painter.setPen(QPen(marked, 2))
        painter.drawRect(frame)
        if self.hasFocus():
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the basis under the pointer."""
        if self.bases:
            self.select(self.basis_at(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Hear it alone."""
        if self.bases:
            self.activated.emit()

    def event(self, event: QEvent) -> bool:
        """Name the basis under a pointer that rests."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self.bases:
            QToolTip.showText(event.globalPos(), self.name(self.basis_at(QPointF(event.pos()))), self)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows select, Return hears."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None and self.bases:
            place = self._order.index(self.selected) + step
            self.select(self._order[min(max(place, 0), len(self._order) - 1)])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.bases:
            self.activated.emit()
        else:
            super().keyPressEvent(event)
