"""What was asked for last, and its chain on its way to the ears. No widgets. Main thread."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gui.sound import Patch, make_chain, set_values
from realtime.engine.chain import Chain
from realtime.engine.preset import Preset

if TYPE_CHECKING:
    from gui.desk import Desk

Files = tuple[tuple[int, int] | None, ...]


def files_of(preset: Preset) -> Files:
    """Return time and size of a preset's file and of its models; None for one that is not there."""
    models = [preset.path.parent / str(s.options["model"]) for s in preset.stages if "model" in s.options]
    found: list[tuple[int, int] | None] = []
    for path in (preset.path, *models):
        try:
            facts = path.stat()
            found.append((facts.st_mtime_ns, facts.st_size))
        except OSError:
            found.append(None)
    return tuple(found)


class Loading:
    """Part of the desk: what is heard follows what was asked for last, or stays if that cannot be made."""

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk
        self._n = 0
        self._asked: Patch | None = None
        self._pending: dict[int, Callable[[], None]] = {}
        self._files: dict[Path, Files] = {}

    @property
    def target(self) -> Patch:
        """The patch that was asked for last; the one that is heard if none is on its way."""
        return self._desk.patch if self._asked is None else self._asked

    @property
    def idle(self) -> bool:
        """Whether what was asked for last is heard."""
        return self._asked is None

    def note(self, preset: Preset) -> None:
        """Remember of which age the files are that are read now."""
        self._files[preset.path] = files_of(preset)

    def has_changed(self, preset: Preset) -> bool:
        """Return whether a preset's files are others than when they were read last."""
        return self._files.get(preset.path) != files_of(preset)

    def put(self, patch: Patch) -> None:
        """Change values of what is on its way."""
        if self._asked is not None:
            self._asked = patch

    def play(self, patch: Patch, quietly: bool, give_up: Callable[[], None]) -> None:
        """Make a chain on a worker and crossfade to it."""
        desk, sound = self._desk, self._desk.sound
        self._n += 1
        if sound is None:
            if not quietly:
                self._take(patch)
            return
        n, rate = self._n, sound.host.sample_rate
        if not quietly:
            self._asked = patch
            self._pending[n] = give_up
            self.note(patch.preset)

        def swap(chain: Chain) -> None:
            self._pending.pop(n, None)
            if n != self._n:
                return
            wanted = patch if quietly else self.target
            if desk.sound is not sound:  # another stream was opened meanwhile
                self.play(wanted, quietly, give_up)
                return
            if wanted.values != patch.values:
                set_values(chain, wanted.values)
            sound.swap(chain)
            if not quietly:
                self._take(wanted)
            desk.swapped.emit()

        def failed(sentence: str) -> None:
            self._pending.pop(n, None)
            give_up()
            if n == self._n and not quietly:
                self._stay()
            desk.failed(sentence)
            desk.changed.emit()

        label = desk.tr("Loading {}").format("X" if quietly else patch.preset.name)
        desk.worker.start(label, lambda: make_chain(patch.preset, rate, patch.values), swap, failed)

    def cancel(self) -> None:
        """Go on with what is heard: the worker has forgotten its jobs."""
        pending, self._pending = list(self._pending.values()), {}
        for give_up in reversed(pending):
            give_up()
        self._stay()
        self._desk.changed.emit()

    def _take(self, patch: Patch) -> None:
        self._asked = None
        self._desk.slots.heard = self._desk.slots.current
        self._desk.patch = patch
        self._desk.changed.emit()

    def _stay(self) -> None:
        self._asked = None
        self._desk.slots.current = self._desk.slots.heard
