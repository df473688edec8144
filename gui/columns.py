"""How the window is divided: three columns, or where it is too narrow for them, all in one to scroll through."""

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSplitter, QWidget


class Columns(QScrollArea):
    """Two columns on the sides of the middle; or, `narrow`, the middle on top and the two beneath it."""

    def __init__(self, left: QWidget, middle: QWidget, right: QWidget) -> None:
        super().__init__()
        self.narrow = False
        self._left, self._middle, self._right = left, middle, right
        self._shape: QByteArray | None = None
        self._sides = QSplitter(Qt.Orientation.Horizontal)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        for i, widget in enumerate((left, middle, right, self._sides)):
            self.splitter.addWidget(widget)
            self.splitter.setStretchFactor(i, int(i == 1))
        for splitter in (self.splitter, self._sides):
            splitter.setChildrenCollapsible(False)
        self._sides.hide()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        self.setWidget(self.splitter)

    def shape(self) -> QByteArray:
        """Return the widths of the columns, as they are or were when there was room for them."""
        return self._shape if self.narrow and self._shape is not None else self.splitter.saveState()

    def restore(self, shape: QByteArray) -> None:
        """Set the widths of the columns."""
        self._shape = shape
        if not self.narrow:
            self.splitter.restoreState(shape)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the columns in the new room."""
        super().resizeEvent(event)
        self._arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrange the columns when one of them needs another width than before."""
        if watched is self.splitter and event.type() == QEvent.Type.LayoutRequest:
            self._arrange()
        return super().eventFilter(watched, event)

    def _arrange(self) -> None:
        columns = (self._left, self._middle, self._right)
        needed = sum(w.minimumSizeHint().width() for w in columns) + 2 * self.splitter.handleWidth()
        narrow = self.width() < needed
        if narrow == self.narrow:
            return
        if narrow:
            self._shape = self.splitter.saveState()
        self.narrow = narrow
        self.splitter.setOrientation(Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal)
        for place, widget in ((0, self._left), (2, self._right)):
            if narrow:
                self._sides.addWidget(widget)
            else:
                self.splitter.insertWidget(place, widget)
        self._sides.setVisible(narrow)
        if not narrow and self._shape is not None:
            self.splitter.restoreState(self._shape)
