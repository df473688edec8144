"""How the pictures look: frequency scale, levels, colours, time scale, freeze. Main thread."""

from PySide6.QtCore import QMargins
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QSpinBox, QWidget

from gui.actions import button_of
from gui.colours import COLOUR_MAPS
from gui.flow import Flow
from gui.look import HIGHEST_DB, LOWEST_DB, ZOOMS, Look
from gui.scales import SCALES


class ViewBar(QWidget):
    """Shows the look and changes it; its menu is also the pictures' context menu."""

    def __init__(self, look: Look, freeze: QAction) -> None:
        super().__init__()
        self._look = look
        row = Flow(self, QMargins(8, 0, 8, 0))
        self.scale = self._combo(row, self.tr("Frequency"), list(SCALES), self.tr("Frequency scale"))
        self.low, self.high = QSpinBox(), QSpinBox()
        levels = _titled(self.tr("Level"), self.low, self.high)
        for box, name in ((self.low, self.tr("Lowest level, dBFS")), (self.high, self.tr("Highest level, dBFS"))):
            box.setRange(round(LOWEST_DB), round(HIGHEST_DB))
            box.setSingleStep(5)
            box.setAccessibleName(name)
            box.setToolTip(name)
        row.addWidget(levels)
        self.high.setSuffix(" dBFS")
        self.colours = self._combo(row, self.tr("Colours"), list(COLOUR_MAPS), self.tr("Colour map"))
        self.zoom = self._combo(row, self.tr("Time"), [f"{z}×" for z in ZOOMS], self.tr("Time scale"))
        self.freeze = button_of(freeze)
        row.addWidget(self.freeze)
        self.scale.activated.connect(lambda i: look.set(scale=SCALES[i]))
        self.colours.activated.connect(lambda i: look.set(colours=COLOUR_MAPS[i]))
        self.zoom.activated.connect(lambda i: look.set(zoom=ZOOMS[i]))
        self.low.valueChanged.connect(lambda v: look.set(low_db=v))
        self.high.valueChanged.connect(lambda v: look.set(high_db=v))
        look.changed.connect(self.refresh)
        self.refresh()

    def _combo(self, row: Flow, title: str, items: list[str], name: str) -> QComboBox:
        box = QComboBox()
        box.addItems(items)
        box.setAccessibleName(name)
        box.setToolTip(name)
        row.addWidget(_titled(title, box))
        return box

    def refresh(self) -> None:
        """Show what the look holds."""
        axes = self._look.axes
        boxes: tuple[QWidget, ...] = (self.low, self.high)
        for box in boxes:
            box.blockSignals(True)
        self.scale.setCurrentIndex(SCALES.index(axes.scale))
        self.colours.setCurrentIndex(COLOUR_MAPS.index(axes.colours))
        self.zoom.setCurrentIndex(ZOOMS.index(axes.zoom))
        self.low.setValue(round(axes.low_db))
        self.high.setValue(round(axes.high_db))
        for box in boxes:
            box.blockSignals(False)

    def menu(self, parent: QWidget) -> QMenu:
        """Return the axis menu for the pictures."""
        menu = QMenu(parent)
        for title, values, current, key in (
            (self.tr("Frequency"), SCALES, self._look.axes.scale, "scale"),
            (self.tr("Colours"), COLOUR_MAPS, self._look.axes.colours, "colours"),
            (self.tr("Time scale"), ZOOMS, self._look.axes.zoom, "zoom"),
        ):
            part = menu.addMenu(title)
            for value in values:
                action = part.addAction(str(value))
                action.setCheckable(True)
                action.setChecked(value == current)
                action.triggered.connect(lambda _, k=key, v=value: self._look.set(**{k: v}))
        ranges = menu.addMenu(self.tr("Levels"))
        for low, high in ((-120, -20), (-100, -20), (-80, 0), (-60, 0)):
            action = ranges.addAction(self.tr("{} to {} dBFS").format(low, high).replace("-", "−"))
            action.triggered.connect(lambda _, a=low, b=high: self._look.set(low_db=a, high_db=b))
        menu.addSeparator()
        menu.addAction(self.freeze.defaultAction())
        return menu


def _titled(title: str, *controls: QWidget) -> QWidget:
    """Return the controls behind their title, as one that is never parted."""
    whole = QWidget()
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    for widget in (QLabel(title), *controls):
        row.addWidget(widget)
    return whole
