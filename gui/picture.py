"""The middle of the window: input and output pictures, the strip, the inside; it drains the watch. Main thread."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSplitter, QTabWidget, QVBoxLayout, QWidget

from gui.desk import Desk
from gui.history import History
from gui.layers import N_PANES, LayerStrip
from gui.look import Look
from gui.network import Network
from gui.others import Others
from gui.pane import Pane
from gui.sound import make_chain
from gui.viewbar import ViewBar
from gui.worker import Worker
from realtime.base.units import db_to_gain
from realtime.compare import depth_loads
from realtime.explain import Explainer, Explanation, explainer_of
from realtime.watch import Watch

_REMOVED_S = 0.15


class Picture(QWidget):
    """Everything that shows columns. The window calls `advance` with every frame and `write` at the pace of text."""

    def __init__(self, desk: Desk, look: Look, freeze: QAction) -> None:
        super().__init__()
        self._desk, self._look = desk, look
        self.history: History | None = None
        self.blind = False
        self._shape: tuple[float, ...] = ()
        self._depths: tuple[int, ...] = ()
        self._explaining = Worker(self)
        self._asked = False
        self.explanation: Explanation | None = None
        self._explainer: Explainer | None = None
        self._loads_of: Watch | None = None
        self.loads: tuple[float, ...] = ()
        self.bar = ViewBar(look, freeze)
        self.input = Pane(look, self.tr("Input"), "noisy", self.tr("point at a picture to read Hz, s and dB"))
        self.output = Pane(look, self.tr("Output"), "enhanced")
        self.strip = LayerStrip(look)
        self.network = Network()
        self.others = Others(desk, look)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.strip, self.tr("Layers: what each depth leaves"))
        self.tabs.addTab(self.network, self.tr("Inside the network"))
        self.tabs.addTab(self.others, self.tr("Other models"))
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        for widget, share in ((self.input, 3), (self.output, 3), (self.tabs, 2)):
            self.splitter.addWidget(widget)
            self.splitter.setStretchFactor(self.splitter.count() - 1, share)
        self.splitter.setSizes([190, 190, 260])
        self.splitter.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.bar)
        column.addWidget(self.splitter, 1)
        for pane in (self.input, self.output):
            pane.canvas.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            pane.canvas.customContextMenuRequested.connect(
                lambda place, p=pane: self.bar.menu(p).popup(p.canvas.mapToGlobal(place))
            )
        self.strip.chosen.connect(desk.set_depth)
        self.network.chosen.connect(desk.choose_bases)
        desk.opened.connect(self.renew)
        desk.swapped.connect(self.renew)
        desk.changed.connect(self.refresh)
        self.renew()

    def renew(self) -> None:
        """Show another stream or another network."""
        sound = self._desk.sound
        reason = self.tr("No sound is running. Press Space, or Run, to start it.")
        history: History | None = None
        depths: tuple[int, ...] = ()
        if self.blind:
            reason = self.tr("Hidden during the blind test.")
        elif sound is not None and sound.watch.model is None:
            reason = self.tr("This preset has no network: there are no columns to show.")
        elif sound is not None:
            watch = sound.watch
            history, depths = self._history_for(watch.n_bins, watch.bin_hz, watch.column_s), watch.depths
        if history is not None and depths != self._depths:
            history.forget_taps()
        self._depths = depths
        if history is None or history is not self.history:
            self._look.freeze(None)
            self._look.point(None)
        self.history, self.explanation = history, None
        for pane in (self.input, self.output):
            if pane.canvas.history is not history or history is None:
                pane.canvas.show_history(history, reason)
        self.strip.show_network(history, depths, reason)
        self._explainer = explainer_of(sound.watch.model, sound.watch.n_fft) if sound is not None and depths else None
        self.strip.plot.setVisible(self._explainer is not None)
        self.network.show_bases(() if sound is None or self.blind else sound.watch.bases)
        self.refresh()

    def _history_for(self, n_bins: int, bin_hz: float, column_s: float) -> History:
        kept, sound = self.history, self._desk.sound
        wanted = (n_bins, bin_hz, column_s, id(sound))
        if kept is not None and self._shape == wanted:
            return kept
        self._shape = wanted
        return History(n_bins, N_PANES, bin_hz, column_s)

    def refresh(self) -> None:
        """Show what the desk holds."""
        desk = self._desk
        self.strip.mark(desk.depth)
        self.network.show_heard(desk.patch.values.bases)
        notices = []
        if desk.sound is not None:
            notices += [self.tr("⇥ bypassed: this is the input")] if desk.bypassed else []
            notices += [self.tr("⊘ muted: nothing is heard")] if desk.muted else []
        self.output.notice.setText("  ".join(notices))

    def advance(self) -> float:
        """Take the new columns and draw them; return the dB that were removed lately."""
        sound, history = self._desk.sound, self.history
        if sound is None or history is None:
            return 0.0
        amount = self._desk.patch.values.amount
        least = db_to_gain(-amount) if amount < 100 else 0.0
        columns = sound.watch.read()
        history.append(columns, least, self._desk.bypassed)
        if self.network.isVisible():
            self.network.take(columns.activations)
        self.input.canvas.advance()
        self.output.canvas.advance()
        if self.strip.isVisible():
            self.strip.advance()
        if self.others.isVisible():
            self.others.advance()
        start = max(history.first, history.end - round(_REMOVED_S / history.column_s))
        return history.removed_db(start, history.end)

    def write(self) -> None:
        """Write figures; ask a worker what the network makes of the newest columns."""
        self.input.read()
        self.output.read()
        self.others.write()
        history = self.history
        if history is None:
            return
        if self.strip.isVisible():
            self._measure_loads()
            self.strip.show_figures(self.explanation, self.loads)
        sound = self._desk.sound
        if self.network.isVisible() and sound is not None:
            self.network.write(sound.watch.spectra())
        explain = self._explainer
        if self._asked or explain is None or sound is None or not self.strip.isVisible():
            return
        if history.end < explain.n_columns:
            return
        columns = history.values("noisy", history.end - explain.n_columns, history.end) * sound.watch.full_scale
        bases, room = self._desk.patch.values.bases, sound.watch.room
        self._asked = True
        self._explaining.start(
            "", lambda: explain(columns, bases, room), self._explained, lambda _: self._explained(None)
        )

    def _measure_loads(self) -> None:
        """Ask a worker, once for a network, what each depth costs on this machine."""
        sound = self._desk.sound
        if sound is None or sound.watch is self._loads_of:
            return
        watch, patch, rate = sound.watch, self._desk.patch, sound.host.sample_rate
        self._loads_of, self.loads = watch, ()

        def keep(loads: tuple[float, ...]) -> None:
            if watch is self._loads_of:
                self.loads = loads

        self._explaining.start(
            "",
            lambda: depth_loads(make_chain(patch.preset, rate, patch.values), watch.depths),
            keep,
            lambda sentence: self._desk.said.emit("warn", sentence),
        )

    def _explained(self, explanation: Explanation | None) -> None:
        self._asked = False
        self.explanation = explanation if self.history is not None else None

    def stop(self) -> None:
        """Let the worker end."""
        self._explaining.wait()
        self.others.stop()
