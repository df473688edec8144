"""A spectrogram under its title: which view it shows, and what the cursor reads. Main thread."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui.history import VIEWS
from gui.look import Look
from gui.spectrogram import Spectrogram

LEAST_HEIGHT = 110
"""Of a canvas with its axes, in logical pixels; a lower one shows no voice."""


class Pane(QWidget):
    """One of the large spectrograms.

    Parameters
    ----------
    look : Look
        Shared by all panes.
    title, view : str
        What it is called, and what it shows first.
    hint : str
        Shown where the cursor is not.
    """

    def __init__(self, look: Look, title: str, view: str, hint: str = "") -> None:
        super().__init__()
        self._look, self._hint = look, hint
        self._names = {
            "noisy": self.tr("noisy: what comes in"),
            "enhanced": self.tr("enhanced: what goes out"),
            "mask": self.tr("mask: the gain, −40 to 0 dB"),
            "removed": self.tr("removed: the difference"),
        }
        self.canvas = Spectrogram(look, view)
        self.canvas.setMinimumHeight(LEAST_HEIGHT)
        self.canvas.setAccessibleName(self.tr("Spectrogram {}; arrows move the cursor").format(title))
        self.title = QLabel(f"<b>{title}</b>")
        self.view = QComboBox()
        self.view.setAccessibleName(self.tr("View of {}").format(title))
        for name in VIEWS:
            self.view.addItem(self._names[name], name)
        self.view.setCurrentIndex(VIEWS.index(view))
        self.notice = QLabel()
        self.reading = QLabel()
        self.reading.setTextFormat(Qt.TextFormat.PlainText)
        self.reading.setAccessibleName(self.tr("Cursor of {}: Hz, seconds, dB").format(title))
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(8)
        for widget in (self.title, self.view, self.notice):
            head.addWidget(widget)
        head.addStretch(1)
        head.addWidget(self.reading)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 2, 4, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.canvas, 1)
        self.view.currentIndexChanged.connect(lambda i: self.set_view(VIEWS[i]))
        look.cursor_moved.connect(self.read)
        self.read()

    def set_view(self, view: str) -> None:
        """Show another view."""
        self.canvas.set_view(view)
        self.view.setCurrentIndex(VIEWS.index(view))
        self.read()

    def next_view(self) -> None:
        """Show the view after this one."""
        self.set_view(VIEWS[(VIEWS.index(self.canvas.view) + 1) % len(VIEWS)])

    def read(self) -> None:
        """Write what is under the cursor."""
        cursor, history = self._look.cursor, self.canvas.history
        level = None if cursor is None else self.canvas.level_at(*cursor)
        if cursor is None or history is None or level is None:
            text = self._hint
        else:
            column, hz = cursor
            seconds = (column + 1 - self.canvas.end) * history.column_s
            unit = self.tr("dB gain") if self.canvas.view == "mask" else "dBFS"
            text = f"{hz:,.0f} Hz   {seconds:+.2f} s   {level:+.1f} {unit}".replace(",", " ").replace("-", "−")
        if text != self.reading.text():
            self.reading.setText(text)
            self.reading.setAccessibleDescription(text)
