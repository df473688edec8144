"""What actions do with files: ask for one, hear it, watch it, write it. Main thread."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from gui.catalogue import MODEL_SUFFIX, PRESET_SUFFIX, Entry, read_entry
from gui.export import export_table
from gui.sound import DEMO

if TYPE_CHECKING:
    from gui.window import Window

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif")


def _suffix_of(kind: str) -> str:
    """Return the suffix of a dialog's filter, or of the first of several."""
    return kind.partition("*.")[2].partition(")")[0]


class FileDeeds:
    """Handlers of the actions that take or make files, and what they do with a path that is there already."""

    def __init__(self, window: "Window") -> None:
        self._window, self._desk = window, window.desk

    def _ask(
        self, title: str, kind: str, chosen: Callable[[Path], None], mode: QFileDialog.FileMode, save: bool = False
    ) -> None:
        dialog = QFileDialog(self._window, title, str(self._desk.takes.folder.parent), kind)
        dialog.setFileMode(mode)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave if save else QFileDialog.AcceptMode.AcceptOpen)
        if save:
            dialog.filterSelected.connect(lambda chosen_kind: dialog.setDefaultSuffix(_suffix_of(chosen_kind)))
            dialog.setDefaultSuffix(_suffix_of(kind))
        dialog.fileSelected.connect(lambda path: chosen(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _ask_sound(self, title: str, chosen: Callable[[Path], None]) -> None:
        kind = self._window.tr("Audio ({})").format(" ".join(f"*{s}" for s in AUDIO_SUFFIXES))
        self._ask(title, kind, chosen, QFileDialog.FileMode.ExistingFile)

    def drop(self, path: Path) -> None:
        """Take a dropped file: a model, a preset or sound."""
        if path.suffix.lower() in (MODEL_SUFFIX, PRESET_SUFFIX):
            self.hear_model(path)
        elif path.suffix.lower() in AUDIO_SUFFIXES:
            self.hear_file(path)
        else:
            text = self._window.tr("{} is no model (.safetensors), preset (.toml) or sound ({}); the sound goes on")
            self._window.tell("bad", text.format(path.name, ", ".join(AUDIO_SUFFIXES)))

    # Input

    def open_audio(self) -> None:
        self._ask_sound(self._window.tr("Audio file"), self.hear_file)

    def hear_file(self, path: Path) -> None:
        """Play a file over and over."""
        self._desk.use(replace(self._desk.setup, source=str(path), noise=None, channel=None))

    def open_noise(self) -> None:
        if self._desk.setup.clip is None and (self._desk.sound is None or self._desk.sound.clip is None):
            self._window.tell("warn", self._window.tr("Noise is mixed under a clip: choose a clip as input first."))
            return
        self._ask_sound(self._window.tr("Noise"), self.mix_noise)

    def mix_noise(self, path: Path) -> None:
        """Mix noise under the clip that plays."""
        source = self._desk.setup.source if self._desk.setup.clip is not None else DEMO
        self._desk.use(replace(self._desk.setup, source=source, noise=str(path)))

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

    # Out

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
        canvas, history, suffix = picture.output.canvas, picture.history, path.suffix.lower()
        if suffix == ".png":
            if picture.splitter.grab().save(str(path)):
                window.tell("info", window.tr("Exported {}").format(path))
            else:
                window.tell("bad", window.tr("{} cannot be written; name a folder you can write").format(path))
        elif suffix in (".csv", ".npz") and history is not None:
            end, view = canvas.end, canvas.view
            start = end - round(canvas.seconds_shown / history.column_s)
            window.worker.start(
                window.tr("Exporting {}").format(path.name),
                lambda: export_table(path, history, start, end, view),
                lambda done: window.tell("info", window.tr("Exported {}").format(done)),
                lambda sentence: window.tell("bad", sentence),
                must=True,
            )
        else:
            window.tell("bad", window.tr("{} is no .png, .csv or .npz; choose one of these").format(path.name))

    def folder(self) -> None:
        def take(path: Path) -> None:
            self._desk.takes.folder = path
            self._window.tell("info", self._window.tr("Takes go to {}").format(path))

        self._ask(self._window.tr("Folder for takes"), "", take, QFileDialog.FileMode.Directory)
