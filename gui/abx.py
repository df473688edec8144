"""A blind test: X is A or B by lot in every trial; the p-value says how likely such luck is. Main thread."""

import random
from math import comb

from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QPushButton, QWidget

from gui.desk import Desk


def p_value(n_right: int, n_trials: int) -> float:
    """Return the chance of at least so many hits in so many tosses of a fair coin."""
    return sum(comb(n_trials, k) for k in range(n_right, n_trials + 1)) / 2**n_trials


class Abx(QDialog):
    """Plays the desk's slots; both must be filled."""

    def __init__(self, parent: QWidget, desk: Desk) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Blind test: which one is X?"))
        self._desk = desk
        self._lots = random.SystemRandom()
        self.n_right = self.n_trials = 0
        self._before = desk.target
        self.answer = self._lots.choice("AB")
        names = {slot: patch.name if patch else "" for slot, patch in desk.slots.patches.items()}
        grid = QGridLayout(self)
        text = QLabel(
            self.tr("A is {}, B is {}. Listen as often as you like, then say which one X is.").format(
                names["A"], names["B"]
            )
        )
        text.setWordWrap(True)
        grid.addWidget(text, 0, 0, 1, 3)
        self.buttons: dict[str, QPushButton] = {}
        for i, (key, title) in enumerate(
            (("A", "Hear &A"), ("X", "Hear &X"), ("B", "Hear &B"), ("is A", "X &is A"), ("is B", "X i&s B"))
        ):
            button = QPushButton(self.tr(title))
            button.setAccessibleName(self.tr(title).replace("&", ""))
            button.clicked.connect(lambda _, k=key: self._pressed(k))
            button.setAutoDefault(False)
            self.buttons[key] = button
            grid.addWidget(button, 1 + i // 3, i if i < 3 else (0 if i == 3 else 2))
        self.score = QLabel()
        self.score.setAccessibleName(self.tr("Score"))
        grid.addWidget(self.score, 3, 0, 1, 3)
        self._tell()
        self.hear("X")

    def hear(self, which: str) -> None:
        """Play a slot, or X."""
        patch = self._desk.slots.patches[self.answer if which == "X" else which]
        if patch is not None:
            self._desk.play(patch, quietly=True)

    def _pressed(self, key: str) -> None:
        if not key.startswith("is "):
            self.hear(key)
            return
        self.n_trials += 1
        self.n_right += key.endswith(self.answer)
        self.answer = self._lots.choice("AB")
        self._tell()
        self.hear("X")

    def _tell(self) -> None:
        if not self.n_trials:
            text = self.tr("No trial yet. Ten or more say something.")
        else:
            p = p_value(self.n_right, self.n_trials)
            text = self.tr("{} of {} right; by luck alone this or better happens with p = {:.3f}.").format(
                self.n_right, self.n_trials, p
            )
            text += " " + (self.tr("You hear a difference.") if p < 0.05 else self.tr("It may be luck."))
        self.score.setText(text)
        self.score.setAccessibleDescription(text)

    def done(self, result: int) -> None:
        """Hear again what was heard before."""
        self._desk.play(self._before)
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing is leaving."""
        self.done(0)
        super().closeEvent(event)
