"""One line for what there is to tell, with a word and a sign for its kind. Main thread."""

import re

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton

from gui.theme import signal_colour

INFO_MS = 8000


def breakable(text: str) -> str:
    """Return a text whose long names may be broken into lines after these signs."""
    return re.sub(r"([/_.])(?=\S)", "\\1\u200b", text)


class Notice(QFrame):
    """Hidden while there is nothing; information leaves by itself, warnings and errors do not."""

    def __init__(self) -> None:
        super().__init__()
        self.kind = self.sentence = ""
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setMinimumWidth(1)  # else a long name would widen the window
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.text.setAccessibleName(self.tr("Message"))
        self.dismiss = QToolButton()
        self.dismiss.setText(self.tr("Dismiss"))
        self.dismiss.setAccessibleName(self.tr("Dismiss the message"))
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 2, 8, 2)
        row.addWidget(self.text, 1)
        row.addWidget(self.dismiss)
        self.dismiss.clicked.connect(self.hide)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def tell(self, kind: str, sentence: str) -> None:
        """Show a sentence: "info", "warn" or "bad". An information never hides an error."""
        if kind == "info" and self.kind == "bad" and self.isVisible():
            return
        word = {"info": self.tr("ℹ Note"), "warn": self.tr("⚠ Mind"), "bad": self.tr("✗ Problem")}[kind]
        self.kind, self.sentence = kind, sentence
        self.text.setText(breakable(f"{word}:  {sentence}"))
        self.text.setAccessibleDescription(sentence)
        self._dress()
        self._timer.stop()
        if kind == "info":
            self._timer.start(INFO_MS)
        self.show()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        if event.type() == QEvent.Type.PaletteChange and self.kind:
            self._dress()
        super().changeEvent(event)

    def _dress(self) -> None:
        colour = signal_colour({"info": "good"}.get(self.kind, self.kind), self.palette()).name()
        sheet = f"Notice {{ border: 1px solid {colour}; border-left: 6px solid {colour}; }}"
        if sheet != self.styleSheet():  # a new sheet is a change of its own
            self.setStyleSheet(sheet)
