"""The key list and the command palette, both made from the table of actions, and small questions. Main thread."""

from html import escape

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QInputDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from gui.actions import MENUS, TABLE, translated
from gui.desk import Desk

ELSEWHERE = (
    ("1 … 9", "Models", "Hear that line of the list"),
    ("Arrows", "On a spectrogram", "Move the cursor"),
    ("Page Up, Page Down", "On a spectrogram", "Scroll through time; the picture freezes, sound goes on"),
    ("Left, Right", "On the layer strip", "Hear the next depth"),
    ("Left, Right, Return", "Inside the network", "Select a basis, hear it alone"),
    ("Tab", "Everywhere", "Go to the next control"),
)
"""Keys that belong to a part of the window, not to the table of actions."""


def key_list_html() -> str:
    """Return every action with its key and tip, by menu."""
    sections = [(translated(m), [(r.key, r.text, r.tip) for r in TABLE if r.menu == m]) for m in MENUS]
    sections.append((translated("Elsewhere"), list(ELSEWHERE)))
    lines = []
    for title, rows in sections:
        lines.append(f"<tr><td colspan='3'><h3>{escape(title)}</h3></td></tr>")
        for key, text, tip in rows:
            texts = (f"<b>{escape(key)}</b>", escape(translated(text)), escape(translated(tip)))
            cells = zip(("20%", "32%", "48%"), texts, strict=True)
            lines.append("<tr>" + "".join(f"<td width='{w}'>{cell}</td>" for w, cell in cells) + "</tr>")
    return f"<table cellpadding='3' width='100%'>{''.join(lines)}</table>"


def ask_depths(parent: QWidget, desk: Desk) -> None:
    """Ask which depths the strip compares."""
    dialog = QInputDialog(parent)
    dialog.setWindowTitle(dialog.tr("Depths of the strip"))
    dialog.setLabelText(dialog.tr("Numbers of layers to compare; the full network is always shown:"))
    dialog.setTextValue(", ".join(map(str, desk.depths)))
    dialog.textValueSelected.connect(desk.compare)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    for line in dialog.findChildren(QLineEdit):
        line.setAccessibleName(dialog.tr("Depths of the strip"))


class KeyList(QDialog):
    """F1."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys"))
        self.text = QTextBrowser()
        self.text.setAccessibleName(self.tr("Every action with its key"))
        self.text.setHtml(key_list_html())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.text)
        column.addWidget(buttons)
        metrics = self.fontMetrics()
        self.resize(QSize(90 * metrics.averageCharWidth(), 32 * metrics.height()).boundedTo(parent.window().size()))


class Palette(QDialog):
    """Find an action by typing, do it with Return."""

    def __init__(self, parent: QWidget, actions: dict[str, QAction]) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Command palette"))
        self._actions = actions
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Type what you want to do"))
        self.search.setAccessibleName(self.tr("Search actions"))
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Actions"))
        column = QVBoxLayout(self)
        column.addWidget(self.search)
        column.addWidget(self.list)
        self.search.textChanged.connect(self._fill)
        self.search.returnPressed.connect(self._do_current)
        self.list.itemActivated.connect(lambda _: self._do_current())
        metrics = self.fontMetrics()
        self.resize(QSize(96 * metrics.averageCharWidth(), 22 * metrics.height()).boundedTo(parent.window().size()))
        self._fill()

    def _fill(self) -> None:
        words = self.search.text().lower().split()
        self.list.clear()
        for row in TABLE:
            text = f"{translated(row.text)}  –  {translated(row.tip)}"
            if all(word in f"{row.menu} {text}".lower() for word in words) and self._actions[row.id].isEnabled():
                item = QListWidgetItem(f"{translated(row.text)}  ({row.key})  –  {translated(row.tip)}")
                item.setData(Qt.ItemDataRole.UserRole, row.id)
                self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _do_current(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.accept()
            self._actions[item.data(Qt.ItemDataRole.UserRole)].trigger()
