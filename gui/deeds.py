"""What every action of the table does; asks for files where it must. Main thread."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtWidgets import QFileDialog

from gui.abx import Abx
from gui.actions import TABLE
from gui.catalogue import MODEL_SUFFIX, PRESET_SUFFIX, Entry, read_entry
from gui.colours import COLOUR_MAPS
from gui.devices import Devices
from gui.dialogs import KeyList, Palette, ask_depths
from gui.export import export_table
from gui.look import ZOOMS
from gui.scales import SCALES
from gui.sound import DEMO
from gui.theme import THEMES
from gui.transport import LATENCIES_MS

if TYPE_CHECKING:
    from gui.window import Window

T = TypeVar("T")

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif")
AMOUNT_STEP_DB = 3.0


class Deeds:
    """The handlers; the method named as the action's id does it."""

    def __init__(self, window: "Window") -> None:
        self._window, self._desk, self._look = window, window.desk, window.look

    def handlers(self) -> dict[str, Callable[..., None]]:
        """Return a handler for every row of the table."""
        return {row.id: getattr(self, row.id) for row in TABLE}

    def _ask(
        self, title: str, kind: str, chosen: Callable[[Path], None], mode: QFileDialog.FileMode, save: bool = False
    ) -> None:
        dialog = QFileDialog(self._window, title, str(self._desk.takes.folder.parent), kind)
        dialog.setFileMode(mode)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave if save else QFileDialog.AcceptMode.AcceptOpen)
        dialog.fileSelected.connect(lambda path: chosen(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

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
        self._desk.set_depth(self._desk.depth + 1)

    def shallower(self) -> None:
        self._desk.set_depth(self._desk.depth - 1)

    def more(self) -> None:
        self._desk.set_amount(self._desk.patch.values.amount + AMOUNT_STEP_DB)

    def less(self) -> None:
        self._desk.set_amount(self._desk.patch.values.amount - AMOUNT_STEP_DB)

    def latency(self) -> None:
        self._desk.set_latency(_after(LATENCIES_MS, self._desk.patch.values.latency_ms))

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
        self._desk.use(replace(self._desk.setup, source=DEMO, noise=None))

    def open_audio(self) -> None:
        kind = self._window.tr("Audio ({})").format(" ".join(f"*{s}" for s in AUDIO_SUFFIXES))
        self._ask(self._window.tr("Audio file"), kind, self.hear_file, QFileDialog.FileMode.ExistingFile)

    def hear_file(self, path: Path) -> None:
        """Play a file over and over."""
        self._desk.use(replace(self._desk.setup, source=str(path), noise=None))

    def open_noise(self) -> None:
        if self._desk.setup.clip is None and (self._desk.sound is None or self._desk.sound.clip is None):
            self._window.tell("warn", self._window.tr("Noise is mixed under a clip: choose a clip as input first."))
            return
        kind = self._window.tr("Audio ({})").format(" ".join(f"*{s}" for s in AUDIO_SUFFIXES))
        self._ask(self._window.tr("Noise"), kind, self.mix_noise, QFileDialog.FileMode.ExistingFile)

    def mix_noise(self, path: Path) -> None:
        """Mix noise under the clip that plays."""
        source = self._desk.setup.source if self._desk.setup.clip is not None else DEMO
        self._desk.use(replace(self._desk.setup, source=source, noise=str(path)))

    def devices(self) -> None:
        dialog = Devices(self._window, self._desk.setup)
        dialog.accepted.connect(lambda: self._desk.use(dialog.setup()))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # Models

    def open_model(self) -> None:
        kind = self._window.tr("Models and presets ({})").format(f"*{MODEL_SUFFIX} *{PRESET_SUFFIX}")
        self._ask(self._window.tr("Model"), kind, self.hear_model, QFileDialog.FileMode.ExistingFile)

    def hear_model(self, path: Path) -> None:
        """Read a model or preset on a worker, list it and hear it."""
        self._window.worker.start(
            self._window.tr("Reading {}").format(path.name),
            lambda: read_entry(path),
            self._hear_new,
            lambda sentence: self._window.tell("bad", sentence),
        )

    def _hear_new(self, entry: Entry) -> None:
        if entry.preset is not None:
            self._window.shelf.add(entry)
        self.hear_entry(entry)

    def hear_entry(self, entry: Entry) -> None:
        """Hear an entry of the list, or say why it cannot be."""
        if entry.preset is None:
            self._window.tell("bad", entry.problem)
        else:
            self._desk.choose(entry.preset)

    def watch_folder(self) -> None:
        self._ask(self._window.tr("Folder to watch"), "", self._window.shelf.watch, QFileDialog.FileMode.Directory)

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

    def export(self) -> None:
        if self._window.picture.history is None:
            self._window.tell("warn", self._window.tr("There is no picture to export: run some sound first."))
            return
        kind = self._window.tr("Picture (*.png);;Table (*.csv);;Arrays (*.npz)")
        self._ask(self._window.tr("Export"), kind, self.export_to, QFileDialog.FileMode.AnyFile, save=True)

    def export_to(self, path: Path) -> None:
        """Write what the pictures show; the suffix names the format, PNG if there is none."""
        window, picture = self._window, self._window.picture
        path = path if path.suffix else path.with_suffix(".png")
        canvas, history = picture.output.canvas, picture.history
        if path.suffix == ".png":
            if picture.splitter.grab().save(str(path)):
                window.tell("info", window.tr("Exported {}").format(path))
            else:
                window.tell("bad", window.tr("{} cannot be written; name a folder you can write").format(path))
        elif path.suffix in (".csv", ".npz") and history is not None:
            end, view = canvas.end, canvas.view
            start = end - round(canvas.seconds_shown / history.column_s)
            window.worker.start(
                window.tr("Exporting {}").format(path.name),
                lambda: export_table(path, history, start, end, view),
                lambda done: window.tell("info", window.tr("Exported {}").format(done)),
                lambda sentence: window.tell("bad", sentence),
            )
        else:
            window.tell("bad", window.tr("{} is no .png, .csv or .npz; choose one of these").format(path.name))

    # Edit, Help

    def undo(self) -> None:
        self._desk.undo.undo()

    def redo(self) -> None:
        self._desk.undo.redo()

    def folder(self) -> None:
        def take(path: Path) -> None:
            self._desk.takes.folder = path
            self._window.tell("info", self._window.tr("Takes go to {}").format(path))

        self._ask(self._window.tr("Folder for takes"), "", take, QFileDialog.FileMode.Directory)

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

    def drop(self, path: Path) -> None:
        """Take a dropped file: a model, a preset or sound."""
        if path.suffix in (MODEL_SUFFIX, PRESET_SUFFIX):
            self.hear_model(path)
        elif path.suffix.lower() in AUDIO_SUFFIXES:
            self.hear_file(path)
        else:
            text = self._window.tr("{} is no model (.safetensors), preset (.toml) or sound ({}); the sound goes on")
            self._window.tell("bad", text.format(path.name, ", ".join(AUDIO_SUFFIXES)))


def _after(values: tuple[T, ...], current: T) -> T:
    return values[(values.index(current) + 1) % len(values)]
