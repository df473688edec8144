"""Which presets and models are listed: what watched folders hold, and what was opened. Main thread."""

import os
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from gui.catalogue import Entry, find_files, scan
from gui.worker import Worker


class Shelf(QObject):
    """`changed` carries the entries, `failed` a sentence. Call `look` now and then: it reads only what has changed."""

    changed = Signal(list)
    failed = Signal(str)

    def __init__(self, worker: Worker, folders: list[Path], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folders = folders
        self._worker = worker
        self._gone: set[Path] = set()
        self._entries: list[Entry] = []
        self._added: list[Entry] = []
        self._files: dict[Path, tuple[int, int]] | None = None

    def look(self) -> None:
        """Read the folders again, on a worker, if a file is new, gone or newer."""
        gone = {folder for folder in self.folders if not os.path.isdir(folder)}
        for folder in sorted(gone - self._gone):
            text = self.tr("{} is gone, and its models with it; bring it back, or watch another folder (Ctrl+W).")
            self.failed.emit(text.format(folder))
        self._gone = gone
        files = find_files(self.folders)
        if files != self._files:
            self._files = files
            folders = list(self.folders)
            self._worker.start(self.tr("Reading the models"), lambda: scan(folders), self._show, self.failed.emit)

    def _show(self, entries: list[Entry]) -> None:
        self._entries = entries
        known = {entry.path for entry in entries}
        self.changed.emit(entries + [e for e in self._added if e.path not in known])

    def add(self, entry: Entry) -> None:
        """List a file from elsewhere."""
        self._added = [e for e in self._added if e.path != entry.path] + [entry]
        self._show(self._entries)

    def watch(self, folder: Path) -> None:
        """List the models of a folder, now and as they appear."""
        if folder not in self.folders:
            self.folders.append(folder)
        self.look()
