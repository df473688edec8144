"""How spectrograms are looked at: one object that all panes share, so that axes and cursor are linked. Main thread."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from gui.colours import COLOUR_MAPS
from gui.scales import SCALES

LOWEST_DB, HIGHEST_DB, LEAST_SPAN_DB = -160.0, 20.0, 10.0
ZOOMS = (1, 2, 4)


@dataclass(frozen=True)
class Axes:
    """What a user may set: frequency scale, levels shown in dBFS, colour map, logical pixels per column."""

    scale: str = "linear"
    low_db: float = -100.0
    high_db: float = -20.0
    colours: str = "magma"
    zoom: int = 1


class Look(QObject):
    """Axes, the linked cursor, and the frozen end of time.

    `cursor` is (column, Hz) or None; `frozen` is the column after the last one shown, or None while live.
    """

    changed = Signal()
    cursor_moved = Signal()
    frozen_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.axes = Axes()
        self.cursor: tuple[int, float] | None = None
        self.frozen: int | None = None

    def set(self, **values: Any) -> None:
        """Change some of the axes; values that make no sense are brought into range."""
        wanted = replace(self.axes, **values)
        scale = wanted.scale if wanted.scale in SCALES else self.axes.scale
        colours = wanted.colours if wanted.colours in COLOUR_MAPS else self.axes.colours
        zoom = wanted.zoom if wanted.zoom in ZOOMS else self.axes.zoom
        low = min(max(float(wanted.low_db), LOWEST_DB), HIGHEST_DB - LEAST_SPAN_DB)
        high = min(max(float(wanted.high_db), LOWEST_DB + LEAST_SPAN_DB), HIGHEST_DB)
        if high - low < LEAST_SPAN_DB:
            low, high = (high - LEAST_SPAN_DB, high) if "low_db" in values else (low, low + LEAST_SPAN_DB)
        axes = Axes(scale, low, high, colours, zoom)
        if axes != self.axes:
            self.axes = axes
            self.changed.emit()

    def point(self, cursor: tuple[int, float] | None) -> None:
        """Move the cursor of all panes, or take it away."""
        if cursor != self.cursor:
            self.cursor = cursor
            self.cursor_moved.emit()

    def freeze(self, end: int | None) -> None:
        """Show time up to a column, or live again."""
        if end != self.frozen:
            self.frozen = end
            self.frozen_changed.emit()

    def as_dict(self) -> dict[str, Any]:
        """Return the axes as plain values."""
        return asdict(self.axes)
