"""The list of presets and models: search, keys 1 to 9, the card on hover, slots A and B. Main thread."""

from collections.abc import Callable
from html import escape
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.actions import button_of
from gui.catalogue import Entry
from gui.desk import Desk
from gui.notice import breakable
from gui.parameters import Parameters

N_KEYS = 9


def card_html(entry: Entry) -> str:
    """Return the hover card: what the file says about itself."""
    rows = [f"<b>{escape(entry.name)}</b>", escape(entry.description)]
    for key, value in entry.card.items():
        if key not in ("name", "description") and not isinstance(value, dict | list):
            rows.append(f"<i>{escape(str(key))}</i>: {escape(str(value)[:300])}")
    rows.append(f"<small>{escape(str(entry.path))}</small>")
    return "<p style='white-space: pre-wrap'>" + "<br>".join(rows) + "</p>"


class Models(QWidget):
    """Shows the catalogue; `chosen` carries the entry to hear."""

    chosen = Signal(object)

    def __init__(self, desk: Desk, actions: dict[str, QAction]) -> None:
        super().__init__()
        self._desk = desk
        self.entries: list[Entry] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 4, 4)
        title = QLabel(self.tr("<b>Models and presets</b>"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search  (Ctrl+F)"))
        self.search.setAccessibleName(self.tr("Search models and presets"))
        self.search.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Models and presets"))
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        title.setBuddy(self.search)
        for widget in (title, self.search, self.list):
            column.addWidget(widget)
        self.empty = QLabel(self.tr("Nothing fits the search."))
        self.empty.setWordWrap(True)
        self.empty.hide()
        column.addWidget(self.empty)
        self.about = QLabel()
        self.about.setWordWrap(True)
        self.about.setMinimumWidth(1)  # else a long name would widen the window
        self.about.setAccessibleName(self.tr("What is heard"))
        column.addWidget(self.about)
        self.parameters = Parameters(desk)
        column.addWidget(self.parameters)
        row = QHBoxLayout()
        self.slots: dict[str, QToolButton] = {}
        for slot in ("A", "B"):
            button = QToolButton()
            button.setCheckable(True)
            button.setText(slot)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setAccessibleName(self.tr("Hear slot {}").format(slot))
            button.setToolTip(self.tr("Slot {}: a preset at its values; X switches").format(slot))
            button.clicked.connect(self._slot_action(slot))
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setMinimumWidth(6 * self.fontMetrics().averageCharWidth())
            self.slots[slot] = button
            row.addWidget(button, 1)
        buttons = []
        for key in ("match", "learn"):
            button = button_of(actions[key])
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            buttons.append(button)
        self._learn = actions["learn"]
        column.addLayout(row)
        for button in buttons:
            column.addWidget(button)
        self.search.textChanged.connect(self._fill)
        self.search.returnPressed.connect(self._choose_first)
        self.list.itemActivated.connect(self._activated)
        self.list.itemClicked.connect(self._activated)
        for i in range(N_KEYS):
            QShortcut(QKeySequence(str(i + 1)), self, self._key_action(i))
        desk.changed.connect(self.refresh)
        self.refresh()

    def _slot_action(self, slot: str) -> Callable[[], None]:
        def press() -> None:
            if self._desk.slots.current != slot:
                self._desk.slots.toggle()
            self.refresh()

        return press

    def _key_action(self, i: int) -> Callable[[], None]:
        def press() -> None:
            if i < len(self.entries):
                self.chosen.emit(self.entries[i])

        return press

    def show_entries(self, entries: list[Entry]) -> None:
        """Show another catalogue."""
        self.entries = entries
        self._fill()

    def entry_of(self, path: Path) -> Entry | None:
        """Return the entry of a file."""
        return next((e for e in self.entries if e.path == path), None)

    def _fill(self) -> None:
        words = self.search.text().lower().split()
        self.list.clear()
        fitting = []
        for i, entry in enumerate(self.entries):
            name, text = entry.name.lower(), f"{entry.name} {entry.description}".lower()
            if all(word in text for word in words):
                fitting.append((not all(word in name for word in words), i, entry))
        for _, i, entry in sorted(fitting, key=lambda found: found[:2]):  # names before descriptions
            key = f"{i + 1}  " if i < N_KEYS else ""
            item = QListWidgetItem(f"{key}{entry.name}" + ("" if entry.preset else self.tr("  ✗ not usable")))
            item.setData(Qt.ItemDataRole.UserRole, entry)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{entry.name}: {entry.description}")
            item.setToolTip(card_html(entry))
            self.list.addItem(item)
        self.empty.setVisible(self.list.count() == 0)
        self._mark()

    def _mark(self) -> None:
        for i in range(self.list.count()):
            item = self.list.item(i)
            font = item.font()
            heard = item.data(Qt.ItemDataRole.UserRole).path == self._desk.patch.preset.path
            font.setBold(heard)
            item.setFont(font)
            if heard:
                self.list.setCurrentItem(item)

    def _activated(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))

    def _choose_first(self) -> None:
        if self.list.count():
            self._activated(self.list.item(0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the names on the slots."""
        QTimer.singleShot(0, self.refresh)

    def write(self) -> None:
        """Write how much longer to listen."""
        learning = self._desk.learning
        left = self.tr("Listening, {:.0f} s left: press to cancel").format(learning.seconds_left)
        self._learn.setIconText(left if learning.listening else self._learn.text())

    def refresh(self) -> None:
        """Show what is heard."""
        self.write()
        preset = self._desk.patch.preset
        self.about.setText(f"<b>▶ {escape(breakable(preset.name))}</b><br>{escape(preset.description)}")
        self.about.setAccessibleDescription(f"{preset.name}: {preset.description}")
        for slot, button in self.slots.items():
            patch = self._desk.target if slot == self._desk.slots.current else self._desk.slots.patches[slot]
            button.setChecked(slot == self._desk.slots.current)
            text = f"{slot}: {patch.name if patch else self.tr('empty')}"
            button.setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, button.width() - 24))
            button.setToolTip(self.tr("{}; X switches between the slots").format(text))
        self._mark()
