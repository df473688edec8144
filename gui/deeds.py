"""What every action of the table does. Main thread."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from gui.abx import Abx
from gui.actions import TABLE
from gui.colours import COLOUR_MAPS
from gui.devices import Devices
from gui.dialogs import KeyList, Palette, ask_depths
from gui.filedeeds import FileDeeds
from gui.look import ZOOMS
from gui.scales import SCALES
from gui.sound import DEMO
from gui.theme import THEMES
from gui.transport import LATENCIES_MS

if TYPE_CHECKING:
    from gui.window import Window

T = TypeVar("T")

AMOUNT_STEP_DB = 3.0


class Deeds(FileDeeds):
    """The handlers; the method named as the action's id does it."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self._look = window.look

    def handlers(self) -> dict[str, Callable[..., None]]:
        """Return a handler for every row of the table."""
        return {row.id: getattr(self, row.id) for row in TABLE}

    # Sound

    def run(self, on: bool) -> None:
        self._desk.run(on)

    def record(self, on: bool) -> None:
        self._desk.takes.record(on)

    def bypass(self, on: bool) -> None:
        self._desk.bypass(on)

    def mute(self, on: bool) -> None:
        self._desk.mute(on)

    def deeper(self) -> None:
        self._desk.set_depth(self._desk.depth_of(self._desk.target) + 1)

    def shallower(self) -> None:
        self._desk.set_depth(self._desk.depth_of(self._desk.target) - 1)

    def more(self) -> None:
        self._desk.set_amount(self._desk.target.values.amount + AMOUNT_STEP_DB)

    def less(self) -> None:
        self._desk.set_amount(self._desk.target.values.amount - AMOUNT_STEP_DB)

    def latency(self) -> None:
        self._desk.set_latency(_after(LATENCIES_MS, self._desk.target.values.latency_ms))

    def look_back(self) -> None:
        self._desk.takes.save_look_back()

    def measure(self) -> None:
        self._desk.measurement.start()

    def clear(self) -> None:
        if self._desk.sound is not None:
            self._desk.sound.host.reset()
        self._window.clock.forget()
        self._window.clear_meters()

    def quit(self) -> None:
        self._window.close()

    # Input

    def microphone(self) -> None:
        self._desk.use(replace(self._desk.setup, source=None, noise=None))

    def demo(self) -> None:
        self._desk.use(replace(self._desk.setup, source=DEMO, noise=None, channel=None))

    def devices(self) -> None:
        dialog = Devices(self._window, self._desk.setup)

        def use() -> None:
            if dialog.setup() != self._desk.setup:  # else a take that runs would end for nothing
                self._desk.use(dialog.setup())

        dialog.accepted.connect(use)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # Models

    def learn(self, on: bool) -> None:
        self._desk.learning.listen(on)

    def keep_room(self) -> None:
        self._desk.learning.keep_room()

    def search(self) -> None:
        self._window.models.search.setFocus()
        self._window.models.search.selectAll()

    # Compare

    def slot(self) -> None:
        self._desk.slots.toggle()

    def match(self, on: bool) -> None:
        self._desk.slots.match(on)

    def abx(self) -> None:
        desk = self._desk
        desk.slots.keep()
        if desk.sound is None or not desk.slots.differ:
            self._window.tell(
                "warn",
                self._window.tr("A blind test needs running sound and two different slots; X switches slots."),
            )
            return
        dialog = Abx(self._window, desk)
        self._window.hide_for_test(True)
        dialog.finished.connect(lambda: self._window.hide_for_test(False))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def strip(self, on: bool) -> None:
        self._window.show_tab(0, on)

    def depths(self) -> None:
        ask_depths(self._window, self._desk)

    def network(self, on: bool) -> None:
        self._window.show_tab(1, on)

    def others(self, on: bool) -> None:
        self._window.show_tab(2, on)

    # View

    def freeze(self, on: bool) -> None:
        history = self._window.picture.history
        self._look.freeze(history.end if on and history is not None else None)

    def view(self) -> None:
        self._window.picture.output.next_view()

    def scale(self) -> None:
        self._look.set(scale=_after(SCALES, self._look.axes.scale))

    def colours(self) -> None:
        self._look.set(colours=_after(COLOUR_MAPS, self._look.axes.colours))

    def zoom(self) -> None:
        self._look.set(zoom=_after(ZOOMS, self._look.axes.zoom))

    def theme(self) -> None:
        self._window.set_theme(_after(THEMES, self._window.theme))

    def full(self, on: bool) -> None:
        if on:
            self._window.showFullScreen()
        else:
            self._window.showNormal()

    # Edit, Help

    def undo(self) -> None:
        self._desk.undo.undo()

    def redo(self) -> None:
        self._desk.undo.redo()

    def flac(self, on: bool) -> None:
        self._desk.takes.kind = "flac" if on else "wav"

    def keys(self) -> None:
        dialog = KeyList(self._window)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def palette(self) -> None:
        dialog = Palette(self._window, self._window.actions_by_id)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _after(values: tuple[T, ...], current: T) -> T:
    return values[(values.index(current) + 1) % len(values)]
