"""Inside the network: the bases (columns of W) and how active each one is; hear some of them alone. Main thread."""

import numpy as np
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from gui.colours import pixel_table
from gui.theme import signal_colour
from realtime.model import Model

FALL = 0.6  # of a bar that is no longer fed, per reading
DEPTH_DB = 50.0  # range of levels within one basis that is shown


def bases_of(model: Model) -> tuple[list[str], np.ndarray]:
    """Return the source of every basis, and float32[F, R], the bases over the current column."""
    names = [name for name, n in model.sources for _ in range(n)]
    return names, model.weights[model.readouts[-1]]


class BasisMap(QWidget):
    """Every basis as a thin spectrum, its activation as a bar above; speech left, the rest right."""

    selected_changed = Signal()
    activated = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.n_bases = self.n_speech = 0
        self.selected = 0
        self.heard: frozenset[int] = frozenset()
        self._bars = np.zeros(0)
        self._image: QImage | None = None
        self._pixels = np.zeros((1, 1), np.uint32)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 80)
        self.setAccessibleName(self.tr("Bases of the network; arrows select, Return hears the selected one alone"))

    def show_model(self, model: Model | None) -> None:
        """Show another network."""
        if model is None:
            self.n_bases = self.n_speech = 0
            self._image = None
        else:
            names, w = bases_of(model)
            self.n_bases, self.n_speech = len(names), model.sources[0][1]
            level = 20 * np.log10(w / w.max(axis=0) + 1e-9) / DEPTH_DB + 1
            table = pixel_table("viridis")
            self._pixels = np.ascontiguousarray(table[np.clip(255 * level, 0, 255).astype(np.uint8)][::-1])
            n_rows, n_columns = self._pixels.shape
            self._image = QImage(self._pixels.data, n_columns, n_rows, 4 * n_columns, QImage.Format.Format_RGB32)
        self._bars = np.zeros(self.n_bases)
        self.selected = min(self.selected, max(0, self.n_bases - 1))
        self.selected_changed.emit()
        self.update()

    def put(self, activations: np.ndarray) -> None:
        """Show activations, one for every basis, the largest filling its bar."""
        if len(activations) == len(self._bars):
            top = float(activations.max())
            self._bars = np.maximum(FALL * self._bars, activations / max(top, 1e-12))
            self.update()

    def select(self, i: int) -> None:
        """Select a basis."""
        self.selected = min(max(i, 0), max(0, self.n_bases - 1))
        self.selected_changed.emit()
        self.update()

    def activation(self, i: int) -> float:
        """Return how active a basis is, as a share of the most active one."""
        return float(self._bars[i]) if i < len(self._bars) else 0.0

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint bars, bases, and what is selected and heard."""
        painter, palette = QPainter(self), self.palette()
        painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Base))
        if self._image is None:
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            text = self.tr("No unfolded network is running: there are no bases to look at.")
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)
            return
        high = 0.35 * self.height()
        width = self.width() / self.n_bases
        painter.drawImage(QRectF(0, high + 4, self.width(), self.height() - high - 4), self._image)
        speech, noise = signal_colour("good", palette), signal_colour("warn", palette)
        for i, bar in enumerate(self._bars):
            colour = speech if i < self.n_speech else noise
            height = bar * (high - 6)
            painter.fillRect(QRectF(i * width, high - height, max(1.0, width - 1), height), colour)
            if i in self.heard:
                painter.fillRect(QRectF(i * width, high, width, 4), palette.color(QPalette.ColorRole.Highlight))
        text_colour = palette.color(QPalette.ColorRole.Text)
        painter.setPen(QPen(text_colour, 1, Qt.PenStyle.DashLine))
        painter.drawLine(round(self.n_speech * width), 0, round(self.n_speech * width), self.height())
        painter.setPen(text_colour)
        line = self.fontMetrics().height()
        painter.drawText(QRectF(width + 4, 0, self.n_speech * width - 8, line), 0, self.tr("speech"))
        rest = QRectF(self.n_speech * width + 4, 0, self.width() - self.n_speech * width - 8, line)
        painter.drawText(rest, 0, self.tr("noise"))
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2))
        painter.drawRect(QRectF(self.selected * width, 1, width, self.height() - 2))
        if self.hasFocus():
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the basis under the pointer."""
        if self.n_bases:
            self.select(int(event.position().x() * self.n_bases / max(1, self.width())))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Hear it alone."""
        if self.n_bases:
            self.activated.emit(self.selected)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows select, Return hears."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None:
            self.select(self.selected + step)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.n_bases:
            self.activated.emit(self.selected)
        else:
            super().keyPressEvent(event)


class Network(QWidget):
    """The map with what can be heard of it; `chosen` carries a set of bases, or None for the model's own speech."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.map = BasisMap()
        self.text = QLabel()
        self.text.setAccessibleName(self.tr("Selected basis"))
        self.text.setWordWrap(True)  # else a long line would push the columns of the window about
        row = QHBoxLayout()
        row.addWidget(self.text, 1)
        self.buttons: dict[str, QPushButton] = {}
        for key, title, tip in (
            ("speech", self.tr("Hear speech"), self.tr("What the speech bases hold: the usual output")),
            ("noise", self.tr("Hear noise"), self.tr("What all other bases hold: with speech the input")),
            ("alone", self.tr("Hear basis alone"), self.tr("Only what the selected basis holds")),
            ("mute", self.tr("Mute basis"), self.tr("What is heard now, without the selected basis")),
        ):
            button = QPushButton(title)
            button.setToolTip(tip)
            button.setAccessibleName(title)
            button.clicked.connect(lambda _, k=key: self._pressed(k))
            self.buttons[key] = button
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 2, 6, 4)
        column.addLayout(row)
        column.addWidget(self.map, 1)
        self.map.selected_changed.connect(self.read)
        self.map.activated.connect(lambda _: self._pressed("alone"))
        self.show_model(None)

    def show_model(self, model: Model | None) -> None:
        """Show another network."""
        self.map.show_model(model)
        for button in self.buttons.values():
            button.setEnabled(model is not None)
        self.read()

    def show_heard(self, bases: frozenset[int] | None) -> None:
        """Mark what is heard."""
        self.map.heard = bases or frozenset(range(self.map.n_speech))
        self.read()
        self.map.update()

    def _pressed(self, key: str) -> None:
        speech = frozenset(range(self.map.n_speech))
        choices = {
            "speech": None,
            "noise": frozenset(range(self.map.n_bases)) - speech,
            "alone": frozenset({self.map.selected}),
            "mute": self.map.heard - {self.map.selected},
        }
        chosen = choices[key]
        if chosen is None or chosen == speech:
            self.chosen.emit(None)
        elif chosen:
            self.chosen.emit(chosen)

    def read(self) -> None:
        """Write which basis is selected, and what is heard."""
        n, i = self.map.n_bases, self.map.selected
        if not n:
            self.text.setText(self.tr("No unfolded network is running."))
            return
        source = self.tr("speech") if i < self.map.n_speech else self.tr("noise")
        heard = self.tr("heard") if i in self.map.heard else self.tr("not heard")
        share = 100 * self.map.activation(i)
        text = self.tr("Basis {} of {}: {}, {}, activation {:.0f} %").format(i + 1, n, source, heard, share)
        text += self.tr("   ·   {} of {} bases heard").format(len(self.map.heard), n)
        self.text.setText(text)
        self.text.setAccessibleDescription(text)
