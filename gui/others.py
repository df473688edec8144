"""Other presets on the same input, side by side, run by a worker a little behind the sound: best effort. Main thread.

While the panel is not seen nothing runs. Columns are numbered as those of the running stream, so that the pictures
freeze and scroll together.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from gui.catalogue import Entry
from gui.desk import Desk
from gui.history import History
from gui.layers import removed_text
from gui.look import Look
from gui.sound import Sound, Values, make_chain
from gui.spectrogram import Spectrogram
from gui.worker import Worker
from realtime.base.errors import UnfoldError
from realtime.compare import Followed, Follower
from realtime.engine.preset import Preset
from realtime.watch import Columns

N_OTHERS = 4
TOP_HZ = 8000.0
LATEST_S, LEFT_S = 2.0, 0.5
"""Who is further behind than the first starts again from the second."""


@dataclass
class Runner:
    """A preset that runs beside the sound."""

    preset: Preset
    follower: Follower | None = None
    problem: str = ""

    def run(self, x: np.ndarray, rate: float, n_bins: int) -> Followed | None:
        """Take the next samples; None if the preset cannot be run. On a worker thread."""
        try:
            if self.follower is None and not self.problem:
                self.follower = Follower(make_chain(self.preset, rate, Values()), n_bins)
        except UnfoldError as error:
            self.problem = str(error)
        return None if self.follower is None else self.follower.follow(x)


class OtherPane(QWidget):
    """One preset: a box to choose it, its picture, its figures, a button to hear it."""

    def __init__(self, look: Look, number: int) -> None:
        super().__init__()
        self.runner: Runner | None = None
        self.history: History | None = None
        self.box = QComboBox()
        self.box.setAccessibleName(self.tr("Preset {} to compare").format(number))
        self.box.setMinimumContentsLength(8)
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.hear = QToolButton()
        self.hear.setText(self.tr("Hear"))
        self.hear.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.hear.setAccessibleName(self.tr("Hear preset {}").format(number))
        self.hear.setToolTip(self.tr("Crossfade to this preset"))
        self.picture = Spectrogram(look, "noisy", with_axes=False)
        self.picture.setAccessibleName(self.tr("Spectrogram of preset {}").format(number))
        self.picture.setMinimumHeight(70)
        self.figures = QLabel()
        self.figures.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.figures.setToolTip(self.tr("Removed, and time used on one core, both over the last second"))
        row = QHBoxLayout()
        row.addWidget(self.box, 1)
        row.addWidget(self.hear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.picture, 1)
        column.addWidget(self.figures)

    @property
    def entry(self) -> Entry | None:
        """The entry that is chosen."""
        chosen = self.box.currentData()
        return chosen if isinstance(chosen, Entry) else None

    def forget(self, reason: str) -> None:
        """Show nothing, and why."""
        self.runner = self.history = None
        self.picture.show_history(None, reason)
        self.figures.setText("")

    def take(self, followed: Followed | None, n_lost: int) -> None:
        """Show what came of the latest samples."""
        if followed is None or self.history is None:
            if self.runner is not None:
                self.picture.show_history(None, self.runner.problem)
            return
        n_bins = followed.magnitudes.shape[1]
        empty = np.zeros((0, n_bins), np.float32)
        for magnitudes, lost in ((empty, n_lost), (followed.magnitudes, 0)):
            taps = np.zeros((len(magnitudes), 0, n_bins), np.float32)
            columns = Columns(magnitudes, np.ones_like(magnitudes), taps, taps[:, :, 0], lost)
            self.history.append(columns, 0.0, False)
        text = self.tr("{} dB  ·  load {:.1f} %").format(removed_text(followed.removed_db), 100 * followed.load)
        self.figures.setText(text)
        self.hear.setAccessibleDescription(text)


class Others(QWidget):
    """Some presets beside the one that is heard; `chosen` carries the entry to hear."""

    chosen = Signal(object)

    def __init__(self, desk: Desk, look: Look) -> None:
        super().__init__()
        self._desk = desk
        self._worker = Worker(self)
        self._busy = False
        self._sound: Sound | None = None
        self._next_row = 0
        self._entries: list[Entry] = []
        self.wanted: list[Path] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 4, 6, 4)
        row.setSpacing(6)
        self.panes = [OtherPane(look, i + 1) for i in range(N_OTHERS)]
        for pane in self.panes:
            row.addWidget(pane, 1)
            pane.box.activated.connect(lambda _, p=pane: self._chose(p))
            pane.hear.clicked.connect(lambda _, p=pane: self._hear(p))
        desk.opened.connect(self.restart)
        self.show_entries([])

    def show_entries(self, entries: list[Entry]) -> None:
        """Offer another catalogue; a preset that is still there stays chosen."""
        self._entries = [e for e in entries if e.preset is not None]
        for i, pane in enumerate(self.panes):
            wanted = self.wanted[i] if i < len(self.wanted) else None
            pane.box.clear()
            pane.box.addItem(self.tr("–"), None)
            for entry in self._entries:
                pane.box.addItem(entry.name, entry)
            place = next((k for k, e in enumerate(self._entries) if e.path == wanted), -1)
            pane.box.setCurrentIndex(place + 1)
        self.restart()

    def restart(self) -> None:
        """Begin anew: with another stream, other presets, or after a pause."""
        self._sound = None
        reason = self.tr("No sound is running.") if self._desk.sound is None else self.tr("Choose a preset above.")
        for pane in self.panes:
            pane.forget(reason)
            pane.hear.setEnabled(pane.entry is not None)

    def _chose(self, pane: OtherPane) -> None:
        self.wanted = [p.entry.path if p.entry else Path() for p in self.panes]
        self.restart()

    def _hear(self, pane: OtherPane) -> None:
        if pane.entry is not None:
            self.chosen.emit(pane.entry)

    def showEvent(self, event: object) -> None:
        """Begin with what is heard now; fill the panes if nothing was ever chosen."""
        if not self.wanted:
            here = self._desk.patch.preset.path
            self.wanted = [e.path for e in self._entries if e.path != here][:N_OTHERS]
            self.show_entries(self._entries)
        self.restart()

    def advance(self) -> None:
        """Draw what is new."""
        for pane in self.panes:
            pane.picture.advance()

    def write(self) -> None:
        """Hand the sound since the last call to the worker, if it is idle."""
        sound = self._desk.sound
        if sound is None or self._busy or not self.isVisible() or not any(p.entry for p in self.panes):
            return
        rate, watch = sound.host.sample_rate, sound.watch
        hop = round(watch.column_s * rate)
        if self._sound is not sound:
            self._start(sound, hop)
        rows, end = sound.wave.rows_since(self._next_row)
        n_lost = 0
        if len(rows) > LATEST_S * rate:
            n_lost = (len(rows) - round(LEFT_S * rate)) // hop
            rows = rows[n_lost * hop :]
        self._next_row = end
        x, n_bins = np.ascontiguousarray(rows[:, 0]), round(TOP_HZ / watch.bin_hz) + 1
        runners = [pane.runner for pane in self.panes]
        self._busy = True
        self._worker.start(
            "",
            lambda: [None if r is None else r.run(x, rate, n_bins) for r in runners],
            lambda results: self._took(runners, results, n_lost),
            lambda _: self._took(runners, [None] * len(runners), n_lost),
        )

    def _start(self, sound: Sound, hop: int) -> None:
        """Number the columns to come as the running stream does: rows of the wave ring lag by the chain's latency."""
        self._sound = sound
        column = max(0, (sound.wave.end - sound.host.chain.latency) // hop)
        self._next_row = column * hop + sound.host.chain.latency
        n_bins = round(TOP_HZ / sound.watch.bin_hz) + 1
        for pane in self.panes:
            if pane.entry is not None and pane.entry.preset is not None:
                pane.runner = Runner(pane.entry.preset)
                pane.history = History(n_bins, 0, sound.watch.bin_hz, sound.watch.column_s)
                pane.history.end = column
                pane.picture.show_history(pane.history)

    def _took(self, runners: list[Runner | None], results: list[Followed | None], n_lost: int) -> None:
        self._busy = False
        for pane, runner, followed in zip(self.panes, runners, results, strict=True):
            if runner is not None and pane.runner is runner:
                pane.take(followed, n_lost)

    def stop(self) -> None:
        """Let the worker end."""
        self._worker.wait()
