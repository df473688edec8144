"""The key list and the command palette, both made from the table of actions. Main thread."""

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from gui.actions import MENUS, TABLE, translated


def key_list_html() -> str:
    """Return every action with its key and tip, by menu."""
    parts = []
    for menu in MENUS:
        rows = "".join(
            f"<tr><td><b>{escape(row.key)}</b>&nbsp;&nbsp;</td><td>{escape(translated(row.text))}&nbsp;&nbsp;</td>"
            f"<td>{escape(translated(row.tip))}</td></tr>"
            for row in TABLE
            if row.menu == menu
        )
        parts.append(f"<h3>{escape(translated(menu))}</h3><table>{rows}</table>")
    extra = (
        "<h3>Elsewhere</h3><table><tr><td><b>1 … 9</b>&nbsp;&nbsp;</td><td>Hear that line of the models</td></tr>"
        "<tr><td><b>Arrows</b>&nbsp;&nbsp;</td><td>On a picture: move the cursor; on the strip: change depth</td>"
        "</tr><tr><td><b>Page Up, Page Down</b>&nbsp;&nbsp;</td><td>On a spectrogram: scroll through time</td></tr>"
        "<tr><td><b>Tab</b>&nbsp;&nbsp;</td><td>Go to the next control</td></tr></table>"
    )
    return "".join(parts) + extra


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
        self.resize(80 * metrics.averageCharWidth(), 32 * metrics.height())


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
        self.resize(70 * metrics.averageCharWidth(), 22 * metrics.height())
        self._fill()

    def _fill(self) -> None:
        words = self.search.text().lower().split()
        self.list.clear()
        for row in TABLE:
            text = f"{translated(row.text)}  –  {translated(row.tip)}"
            if all(word in f"{row.menu} {text}".lower() for word in words) and self._actions[row.id].isEnabled():
                item = QListWidgetItem(f"{text}   [{row.key}]")
                item.setData(Qt.ItemDataRole.UserRole, row.id)
                self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _do_current(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.accept()
            self._actions[item.data(Qt.ItemDataRole.UserRole)].trigger()
