"""The layer strip: what is heard after some layers, side by side, all from taps of the same pass. Main thread.

A click, or the arrow keys on a pane, lets that depth be heard at once. The plot shows what each layer adds.
"""

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPalette
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from gui.history import History
from gui.look import Look
from gui.spectrogram import Spectrogram
from realtime.explain import Explanation

N_PANES = 6
_LAST_S = 1.0


def removed_text(removed_db: float) -> str:
    """Return what happens to the level when so much is removed: "−3.2", "0.0", or "+0.4" where it rises."""
    change = round(-removed_db, 1) + 0.0  # + 0.0: no "−0.0"
    return f"{change:+.1f}".replace("-", "−") if change else "0.0"


class DepthPane(QWidget):
    """One depth: a button that lets it be heard, its picture, its figures."""

    def __init__(self, look: Look, tap: int) -> None:
        super().__init__()
        self.n_layers = -1
        self.button = QToolButton()
        self.button.setCheckable(True)
        self.button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.picture = Spectrogram(look, "enhanced", tap, with_axes=False)
        self.picture.setMinimumSize(70, 70)
        self.figures = QLabel()
        self.figures.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.button)
        column.addWidget(self.picture, 1)
        column.addWidget(self.figures)

    def show_depth(self, n_layers: int) -> None:
        """Stand for another depth."""
        self.n_layers = n_layers
        name = self.tr("{} layers").format(n_layers) if n_layers != 1 else self.tr("1 layer")
        self.button.setText(name)
        self.button.setAccessibleName(self.tr("Hear {}").format(name))
        self.picture.setAccessibleName(self.tr("Spectrogram after {}").format(name))
        self.button.setToolTip(self.tr("Hear the sound after {} at once; arrow keys go on").format(name))
        self.figures.setText("")


class LayerStrip(QWidget):
    """The panes of a running network; `chosen` carries the depth to hear."""

    chosen = Signal(int)

    def __init__(self, look: Look) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 2, 6, 4)
        row.setSpacing(4)
        self.panes = [DepthPane(look, i) for i in range(N_PANES)]
        self._history: History | None = None
        for pane in self.panes:
            pane.button.clicked.connect(lambda _, p=pane: self.chosen.emit(p.n_layers))
            pane.picture.activated.connect(lambda p=pane: self.chosen.emit(p.n_layers))
            pane.button.installEventFilter(self)
            row.addWidget(pane, 3)
        self.plot = LayerPlot()
        row.addWidget(self.plot, 4)

    @property
    def shown(self) -> list[DepthPane]:
        """The panes that stand for a depth of the running network."""
        return [pane for pane in self.panes if not pane.isHidden()]

    def show_network(self, history: History | None, depths: tuple[int, ...], reason: str) -> None:
        """Stand for the tapped depths of another network, or say why there is none."""
        self._history = history
        for i, pane in enumerate(self.panes):
            pane.setVisible(i < len(depths) or (not depths and i == 0))
            if i < len(depths):
                pane.show_depth(depths[i])
            pane.button.setVisible(bool(depths))
            pane.figures.setVisible(bool(depths))
            pane.picture.show_history(history if depths else None, reason)

    def mark(self, depth: int) -> None:
        """Show which depth is heard."""
        for pane in self.panes:
            pane.button.setChecked(pane.n_layers == depth)

    def advance(self) -> None:
        """Draw what is new."""
        for pane in self.shown:
            pane.picture.advance()

    def show_figures(self, explanation: Explanation | None, loads: tuple[float, ...]) -> None:
        """Write what each depth removes, how well it fits, both over the last second, and what it costs."""
        history = self._history
        if history is None or not self.isVisible():
            return
        start = max(history.first, history.end - round(_LAST_S / history.column_s))
        for i, pane in enumerate(self.shown):
            if pane.n_layers < 0 or i >= history.n_taps:
                continue
            text = self.tr("{} dB").format(removed_text(history.removed_db(start, history.end, i)))
            if explanation is not None and pane.n_layers < len(explanation.divergence):
                text += f"\nKL {explanation.divergence[pane.n_layers]:.2f}"
            text += "\n" + (self.tr("load {:.1f} %").format(100 * loads[i]) if i < len(loads) else "")
            pane.figures.setText(text)
            pane.figures.setToolTip(
                self.tr(
                    "Removed in the last second; residual KL divergence as a share of the sound; "
                    "time used on one core, measured once"
                )
            )
            pane.button.setAccessibleDescription(text)
        if explanation is not None:
            self.plot.show_explanation(explanation)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrow keys go from depth to depth."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
            buttons = [pane.button for pane in self.shown]
            if step is not None and watched in buttons:
                i = min(max(buttons.index(watched) + step, 0), len(buttons) - 1)
                buttons[i].setFocus()
                self.chosen.emit(self.shown[i].n_layers)
                return True
        return super().eventFilter(watched, event)


class LayerPlot(QWidget):
    """Two curves over the depth: what is removed, and what is not yet explained."""

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2)
        self.plots, self.curves, self.titles = [], [], []
        for i, (title, name) in enumerate(
            (
                (self.tr("removed, dB"), self.tr("Removed dB over the number of layers")),
                (self.tr("residual KL"), self.tr("Residual KL divergence over the number of layers")),
            )
        ):
            label = QLabel(title)
            plot = pg.PlotWidget()
            plot.setMenuEnabled(False)
            plot.setMouseEnabled(False, False)
            plot.hideButtons()
            plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            plot.setAccessibleName(name)
            plot.setToolTip(name)
            plot.setMinimumSize(90, 40)
            plot.getViewBox().setDefaultPadding(0.12)
            plot.getPlotItem().setContentsMargins(0, 6, 8, 0)  # the last labels reach beyond their axes
            plot.getAxis("bottom").setStyle(hideOverlappingLabels=False)
            self.curves.append(plot.plot())
            self.plots.append(plot)
            self.titles.append(label)
            grid.addWidget(label, 2 * i, 0)
            grid.addWidget(plot, 2 * i + 1, 0)
        self._dress()

    def _dress(self) -> None:
        palette = self.palette()
        text = palette.color(QPalette.ColorRole.WindowText)
        for plot, curve in zip(self.plots, self.curves, strict=True):
            plot.setBackground(palette.color(QPalette.ColorRole.Base))
            for side in ("left", "bottom"):
                plot.getAxis(side).setPen(text)
                plot.getAxis(side).setTextPen(text)
                plot.getAxis(side).setStyle(tickFont=self.font())
            curve.setPen(pg.mkPen(palette.color(QPalette.ColorRole.Highlight), width=2))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "curves"):
            self._dress()
        super().changeEvent(event)

    def show_explanation(self, explanation: Explanation) -> None:
        """Draw the curves."""
        n = len(explanation.divergence) - 1
        for plot, curve, values in zip(
            self.plots, self.curves, (explanation.removed_db, explanation.divergence), strict=True
        ):
            curve.setData(values)
            plot.getAxis("bottom").setTicks([[(k, str(k)) for k in sorted({0, n // 2, n})]])
