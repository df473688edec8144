"""How the window is divided: three columns, or where it is too narrow for them, all in one to scroll through."""

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QSplitter, QWidget


class Columns(QScrollArea):
    """Two columns on the sides of the middle; or, `narrow`, the middle on top and the two beneath it."""

    def __init__(self, left: QWidget, middle: QWidget, right: QWidget) -> None:
        super().__init__()
        self._narrow: bool | None = None  # not known before the first show
        self._left, self._middle, self._right = left, middle, right
        self._shape = QByteArray()
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
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._follow)

    @property
    def narrow(self) -> bool:
        """Whether there is no room for three columns."""
        return self._narrow is True

    def shape(self) -> QByteArray:
        """Return the widths of the columns, as they are or were when there was room for them; empty if never."""
        return self.splitter.saveState() if self._narrow is False else self._shape

    def restore(self, shape: QByteArray) -> None:
        """Set the widths of the columns."""
        self._shape = shape
        if self._narrow is False:
            self.splitter.restoreState(shape)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the columns in the new room."""
        super().resizeEvent(event)
        self._arrange()

    def showEvent(self, event: QShowEvent) -> None:
        """Arrange the columns: sizes from before the first show say nothing."""
        super().showEvent(event)
        self._arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrange the columns when one of them needs another width than before."""
        if watched is self.splitter and event.type() == QEvent.Type.LayoutRequest:
            self._arrange()
        return super().eventFilter(watched, event)

    def _follow(self, _: QWidget | None, focus: QWidget | None) -> None:
        """Scroll to what the keyboard reaches; Qt itself scrolls to a text cursor only, if there is one."""
        if focus is not None and self.splitter.isAncestorOf(focus) and not QApplication.mouseButtons():
            middle = focus.mapTo(self.splitter, focus.rect().center())
            self.ensureVisible(middle.x(), middle.y(), focus.width() // 2 + 1, focus.height() // 2 + 1)

    def _arrange(self) -> None:
        if not self.isVisible():
            return
        sides = (self._left, self._right)
        needed = sum(w.minimumSizeHint().width() for w in (*sides, self._middle)) + 2 * self.splitter.handleWidth()
        narrow = self.width() - self.verticalScrollBar().sizeHint().width() < needed  # it may be needed as well
        if narrow == self._narrow:
            return
        if self._narrow is False:
            self._shape = self.splitter.saveState()
        self._narrow = narrow
        self.splitter.setOrientation(Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal)
        for place, widget in zip((0, 2), sides, strict=True):
            if narrow:
                self._sides.addWidget(widget)
            else:
                self.splitter.insertWidget(place, widget)
        self._sides.setVisible(narrow)
        if not narrow and not self.splitter.restoreState(self._shape):
            left, right = self._left.sizeHint().width(), self._right.minimumSizeHint().width()
            self.splitter.setSizes([left, self.width() - left - right, right, 0])
