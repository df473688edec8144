"""The bar on top: run, record, bypass, mute; how much is removed, how many layers, which latency. Main thread."""

from PySide6.QtCore import QMargins, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QToolButton, QVBoxLayout, QWidget

from gui.actions import button_of
from gui.desk import Desk
from gui.flow import Flow
from gui.health import clock_text
from gui.theme import signal_colour

LATENCIES_MS = (32, 16, 8, 4)


class Transport(QWidget):
    """Shows the desk's controls and moves them.

    Parameters
    ----------
    desk : Desk
        What is steered.
    actions : dict of QAction
        By id; the buttons are theirs.
    """

    def __init__(self, desk: Desk, actions: dict[str, QAction]) -> None:
        super().__init__()
        self._desk, self._actions = desk, actions
        row = Flow(self, QMargins(8, 6, 8, 4))
        self.buttons: dict[str, QToolButton] = {}
        for key, symbol in (("run", "▶"), ("record", "●"), ("bypass", "⇥"), ("mute", "⊘")):
            button = button_of(actions[key])
            actions[key].setIconText(f"{symbol} {actions[key].text()}")
            self.buttons[key] = button
            row.addWidget(button)
        self.state = QLabel()
        self.state.setAccessibleName(self.tr("What is heard"))
        row.addWidget(self.state)
        controls = QWidget()
        line = QHBoxLayout(controls)
        line.setContentsMargins(0, 0, 0, 0)
        self.amount, self.amount_text = self._slider(line, self.tr("Remove at most"), self.tr("Amount in dB"), 100)
        self.amount.setToolTip(self.tr("0 dB: the delayed input, bit for bit. 100 dB: no limit  (Ctrl+Up, Ctrl+Down)"))
        self.layers, self.layers_text = self._slider(line, self.tr("Layers"), self.tr("Layers that are run"), 1)
        self.layers.setToolTip(self.tr("Layers of the network that are run before the mask is read  ( [ and ] )"))
        column = QVBoxLayout()
        column.setSpacing(1)
        title = QLabel(self.tr("Latency"))
        self.latency = QComboBox()
        self.latency.setAccessibleName(self.tr("Latency of the window in ms"))
        self.latency.setToolTip(actions["latency"].toolTip())
        for ms in LATENCIES_MS:
            self.latency.addItem(f"{ms} ms", ms)
        column.addWidget(title)
        column.addWidget(self.latency)
        line.addLayout(column)
        row.addWidget(controls)
        self.amount.valueChanged.connect(desk.set_amount)
        self.layers.valueChanged.connect(desk.set_depth)
        self.latency.activated.connect(lambda i: desk.set_latency(self.latency.itemData(i)))
        desk.changed.connect(self.refresh)
        self.refresh()

    def _slider(self, row: QHBoxLayout, title: str, name: str, top: int) -> tuple[QSlider, QLabel]:
        column, line = QVBoxLayout(), QHBoxLayout()
        column.setSpacing(1)
        text = QLabel()
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, top)
        slider.setMinimumWidth(120)
        slider.setMaximumWidth(220)
        slider.setAccessibleName(name)
        line.addWidget(QLabel(title))
        line.addStretch(1)
        line.addSpacing(10)
        line.addWidget(text)
        column.addLayout(line)
        column.addWidget(slider)
        row.addLayout(column)
        row.addSpacing(8)
        return slider, text

    def refresh(self) -> None:
        """Show what the desk holds."""
        desk = self._desk
        running, layers = desk.sound is not None, desk.denoiser.get("layers")
        states = {"run": desk.wanted, "record": desk.takes.recording, "bypass": desk.bypassed, "mute": desk.muted}
        for key, on in states.items():
            self._actions[key].setChecked(on)
        self._actions["record"].setEnabled(running)
        self._actions["run"].setIconText("■ " + self.tr("Stop") if running else "▶ " + self.tr("Run"))
        controls: tuple[QWidget, ...] = (self.amount, self.layers, self.latency)
        for widget in controls:
            widget.blockSignals(True)
        self.layers.setEnabled(layers is not None)
        self.amount.setEnabled(layers is not None or not running)
        self.latency.setEnabled(layers is not None or not running)
        self.amount.setValue(round(desk.patch.values.amount))
        self.layers.setRange(0, max(1, round(layers.maximum)) if layers else 1)
        self.layers.setValue(desk.depth)
        self.latency.setCurrentIndex(LATENCIES_MS.index(desk.patch.values.latency_ms))
        for widget in controls:
            widget.blockSignals(False)
        amount = desk.patch.values.amount
        self.amount_text.setText(self.tr("no limit") if amount >= 100 else f"{amount:.0f} dB")
        self.layers_text.setText(f"{desk.depth} / {round(layers.maximum)}" if layers else "–")
        self.write()

    def write(self) -> None:
        """Write what is heard, and how long the running take is."""
        desk = self._desk
        if desk.sound is None:
            text, kind = self.tr("■ STOPPED"), "warn"
        elif desk.muted:
            text, kind = self.tr("⊘ MUTED: nothing is heard"), "bad"
        elif desk.bypassed:
            text, kind = self.tr("⇥ BYPASSED: the input is heard"), "warn"
        else:
            text, kind = self.tr("▶ PROCESSING"), "good"
        if desk.takes.recording:
            text += self.tr("  ● REC {}").format(clock_text(desk.takes.seconds))
        if text != self.state.text():
            self.state.setText(text)
            self.state.setAccessibleDescription(text)
        style = f"font-weight: bold; color: {signal_colour(kind, self.palette()).name()}"
        if style != self.state.styleSheet():
            self.state.setStyleSheet(style)
