"""A layout for bars of controls: they stand in a row, and go on in the next row where the window is narrow."""

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class Flow(QLayout):
    """Items from left to right, each as large as it wishes; where all fit into one row, the last one ends it."""

    def __init__(self, parent: QWidget, margins: QMargins, gap: int = 8) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self.setContentsMargins(margins)

    def addItem(self, item: QLayoutItem) -> None:
        """Append an item."""
        self._items.append(item)

    def count(self) -> int:
        """Return how many items there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Return an item, or None after the last one."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Remove an item."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Take no more room than the items wish for."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Return that the height depends on the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of all rows."""
        margins = self.contentsMargins()
        rows = self._rows(width - margins.left() - margins.right())
        heights = sum(_height(row) for row in rows) + (len(rows) - 1) * self._gap // 2
        return heights + margins.top() + margins.bottom()

    def sizeHint(self) -> QSize:
        """Return the size in one row."""
        shown = [item for item in self._items if not item.isEmpty()]
        margins = self.contentsMargins()
        width = sum(item.sizeHint().width() + self._gap for item in shown) + margins.left() + margins.right()
        return QSize(width, _height(shown) + margins.top() + margins.bottom())

    def minimumSize(self) -> QSize:
        """Return the size at which the widest item still fits."""
        margins = self.contentsMargins()
        shown = [item for item in self._items if not item.isEmpty()]
        width = max((item.sizeHint().width() for item in shown), default=0) + margins.left() + margins.right()
        return QSize(width, _height(shown) + margins.top() + margins.bottom())

    def setGeometry(self, rect: QRect) -> None:
        """Place the items."""
        super().setGeometry(rect)
        inside = rect.marginsRemoved(self.contentsMargins())
        rows, y = self._rows(inside.width()), inside.top()
        for row in rows:
            x, height = inside.left(), _height(row)
            for item in row:
                size = item.sizeHint()
                if len(rows) == 1 and item is row[-1]:
                    x = max(x, inside.right() + 1 - size.width())
                item.setGeometry(QRect(QPoint(x, y + (height - size.height()) // 2), size))
                x += size.width() + self._gap
            y += height + self._gap // 2

    def _rows(self, width: int) -> list[list[QLayoutItem]]:
        rows: list[list[QLayoutItem]] = [[]]
        left = width
        for item in self._items:
            if item.isEmpty():
                continue
            needed = item.sizeHint().width()
            if rows[-1] and needed > left:
                rows.append([])
                left = width
            rows[-1].append(item)
            left -= needed + self._gap
        return rows


def _height(row: list[QLayoutItem]) -> int:
    return max((item.sizeHint().height() for item in row), default=0)
