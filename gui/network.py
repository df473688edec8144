"""Inside the network: the bases (columns of W) and how active each one is; hear some of them alone. Main thread."""

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gui.basismap import BasisMap
from realtime.networks.network import Basis


class Network(QWidget):
    """The map with what can be heard of it; `chosen` carries a set of bases, or None for the model's own speech."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.map = BasisMap()
        self._columns: list[np.ndarray] = []
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
        self.map.activated.connect(lambda: self._pressed("alone"))
        self.show_bases(())

    def show_bases(self, bases: tuple[Basis, ...]) -> None:
        """Show another network."""
        self._columns = []
        self.map.show_bases(bases)
        for button in self.buttons.values():
            button.setEnabled(bool(bases))

    def show_heard(self, bases: frozenset[int] | None) -> None:
        """Mark what is heard."""
        self.map.heard = self.map.speech if bases is None else bases
        self.read()
        self.map.update()

    def take(self, activations: np.ndarray) -> None:
        """Keep the activations of some columns, float[n, n_bases], until they are written."""
        if activations.shape[1] == len(self.map.bases):
            self._columns.append(activations)

    def write(self, spectra: np.ndarray) -> None:
        """Show what the bases, float[n_bins, n_bases] at activation 1, held on average since the last time."""
        activations = np.concatenate(self._columns) if self._columns else np.zeros((0, 0))
        self._columns = []
        if len(activations) and spectra.shape[1] == activations.shape[1]:
            self.map.put(activations.mean(axis=0) * spectra.sum(axis=0), spectra)
        self.read()

    def _pressed(self, key: str) -> None:
        shown = self.map
        choices = {
            "speech": shown.speech,
            "noise": frozenset(range(len(shown.bases))) - shown.speech,
            "alone": frozenset({shown.selected}),
            "mute": shown.heard ^ {shown.selected},
        }
        chosen = choices[key]
        if chosen:
            self.chosen.emit(None if chosen == shown.speech else chosen)

    def read(self) -> None:
        """Write which basis is selected, and what is heard."""
        shown, i = self.map, self.map.selected
        if not shown.bases:
            self.text.setText(self.tr("No unfolded network is running."))
            return
        is_heard = i in shown.heard
        heard = self.tr("heard") if is_heard else self.tr("not heard")
        text = self.tr("{}: {}, {:.1f} % of the model").format(shown.name(i), heard, 100 * shown.share(i))
        text += "\n" + self.tr("{} of {} bases heard").format(len(shown.heard), len(shown.bases))
        self.text.setText(text)
        self.text.setAccessibleDescription(text)
        title = self.tr("Mute basis") if is_heard else self.tr("Add basis")
        self.buttons["mute"].setText(title)
        self.buttons["mute"].setAccessibleName(title)
