"""Everything that is steered, in one place: what is heard, how it is set, what can be undone. No widgets. Main thread.

Panels show the desk and call it; it never knows them. What a user sets is kept here even while no sound runs, and
reaches the host when it does.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from gui.dials import Dials
from gui.guard import Guard
from gui.learning import Learning
from gui.loading import Loading
from gui.measurement import Measurement
from gui.slots import Slots
from gui.sound import (
    STRIP_DEPTHS,
    Patch,
    Setup,
    Sound,
    Values,
    hear_bases,
    read_depths,
    read_source,
    settled,
    with_values,
)
from gui.takes import Takes
from gui.undo import Change, withdraw
from gui.worker import Worker
from realtime.base.errors import UnfoldError
from realtime.devices.clips import ClipSource
from realtime.engine.preset import Preset
from realtime.plugin import Parameter


class Desk(QObject):
    """The state of all controls.

    `changed` says that a control moved, `opened` that another stream runs (or none), `swapped` that another chain is
    heard, `said` that there is something to tell: kind ("info", "warn", "bad") and sentence.
    """

    changed = Signal()
    opened = Signal()
    swapped = Signal()
    said = Signal(str, str)

    def __init__(self, preset: Preset, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stacks = {slot: QUndoStack(self) for slot in ("A", "B")}
        self.setup = Setup()
        self.depths: tuple[int, ...] = STRIP_DEPTHS
        self.patch = Patch(preset, Values())
        self.loading = Loading(self)
        self.slots = Slots(self)
        self.takes = Takes(self)
        self.measurement = Measurement(self)
        self.learning = Learning(self)
        self.dials = Dials(self)
        self.guard = Guard(self)
        self.bypassed = self.muted = False
        self.wanted = False  # whether sound is to flow; it may still be opening
        self.sound: Sound | None = None
        self.worker = worker
        worker.cancelled.connect(self.loading.cancel)

    # Transport

    def run(self, on: bool) -> None:
        """Let sound flow, or end it."""
        self.wanted = on
        if not on:
            self.close()
        elif self.sound is None:
            self._open(self.setup)

    def use(self, setup: Setup) -> None:
        """Hear another input or output; what cannot be opened leaves everything as it was."""
        if setup.is_gone:
            self._refused(self.tr("There is no file {}; choose another one.").format(setup.source))
        elif self.wanted:
            self._open(setup)
        else:
            self.setup = setup
            self.changed.emit()

    def _open(self, setup: Setup) -> None:
        """Read a clip on a worker while the sound goes on, then open the stream."""
        possible, note = settled(setup)
        if possible.clip is None:
            self._switch(setup, possible, note, None)
            return
        self.worker.start(
            self.tr("Reading {}").format(possible.clip.name),
            lambda: read_source(possible),
            lambda clip: self._switch(setup, possible, note, clip),
            self._refused,
        )

    def _switch(self, setup: Setup, possible: Setup, note: str, clip: ClipSource | None) -> None:
        if not self.wanted:
            return
        former, was_running = self.setup, self.sound is not None
        self.close()
        self.setup = setup
        try:
            self.loading.note(self.patch.preset)
            self.sound = Sound(possible, self.patch.preset, self.patch.values, clip, self.depths)
            self.guard.begin(self.sound)
            self.sound.host.bypass(self.bypassed)
            self.sound.start()
        except UnfoldError as error:
            self.sound = None
            self._refused(str(error))
            if was_running and former != setup:
                self.wanted, self.setup = True, former
                self._open(former)
                return
        if self.sound is not None and (note or self.sound.note):
            self.said.emit("info", note or self.sound.note)
        self.wanted = self.sound is not None
        self.opened.emit()
        self.changed.emit()

    def _refused(self, sentence: str) -> None:
        self.wanted = self.sound is not None
        self.failed(sentence)
        self.changed.emit()

    def failed(self, sentence: str) -> None:
        """Say what could not be done."""
        self.said.emit("bad", sentence)

    def close(self) -> None:
        """End the stream; an open take is finished first."""
        if self.sound is None:
            return
        self.takes.record(False)
        sound, self.sound = self.sound, None
        sound.stop()
        self.opened.emit()
        self.changed.emit()

    def set_snr(self, snr_db: float) -> None:
        """Mix the noise under the clip louder or softer, live."""
        self.setup = replace(self.setup, snr_db=snr_db)
        if self.sound is not None and self.sound.clip is not None:
            self.sound.clip.snr_db = snr_db
        self.changed.emit()

    def check(self) -> None:
        """Notice what happened by itself: to the stream, to a take, to what is being measured or learned."""
        self.guard.check()
        self.takes.check()
        self.measurement.check()
        self.learning.check()

    # What is heard

    def bypass(self, on: bool) -> None:
        """Hear the delayed input, or the chain."""
        self.bypassed = on
        if self.sound is not None:
            self.sound.host.bypass(on)
        self.changed.emit()

    def mute(self, on: bool) -> None:
        """Be silent, or not."""
        self.muted = on
        if self.sound is not None:
            self.sound.host.mute(on)
            if not on:
                self.guard.unmuted(self.sound)
        self.changed.emit()

    @property
    def denoiser(self) -> dict[str, Parameter]:
        """The parameters of the denoiser that is heard, by id; empty while no sound runs or without one."""
        if self.sound is None:
            return {}
        plugins = self.sound.host.chain.plugins
        return {
            p.id: p for plugin in plugins if plugin.descriptor.id == "denoise" for p in plugin.descriptor.parameters
        }

    @property
    def depth(self) -> int:
        """Layers that are heard; 0 where there is no network."""
        return self.depth_of(self.patch)

    def depth_of(self, patch: Patch) -> int:
        """Return the layers of a patch; 0 where there is no network."""
        if "layers" not in self.denoiser or self.sound is None:
            return 0
        if patch.values.layers is not None:
            return round(self.denoiser["layers"].clip(patch.values.layers))
        stages = (s for s in patch.preset.stages if s.plugin == "denoise")
        layers = self.denoiser["layers"]
        return round(next((s.parameters.get("layers", layers.default) for s in stages), layers.default))

    def set_depth(self, layers: int) -> None:
        """Hear another number of layers, at once."""
        if "layers" in self.denoiser:
            self._change("layers", self.tr("depth"), round(self.denoiser["layers"].clip(layers)))

    def compare(self, text: str) -> None:
        """Compare other depths side by side, of the network that runs and of all that follow."""
        try:
            self.depths = read_depths(text)
        except ValueError as error:
            self.failed(str(error))
            return
        if self.sound is not None:
            self.sound.compare(self.depths)
            self.swapped.emit()

    def set_amount(self, amount_db: float) -> None:
        """Remove at most so many dB."""
        self._change("amount", self.tr("amount"), min(max(float(amount_db), 0.0), 100.0))

    def set_latency(self, latency_ms: int) -> None:
        """Use another window; the sound crossfades."""
        self._change("latency_ms", self.tr("latency mode"), latency_ms)

    def _change(self, name: str, text: str, value: Any) -> None:
        before = self.depth_of(self.target) if name == "layers" else getattr(self.target.values, name)
        if before != value:
            self.undo.push(Change(text, name, before, value, self._set_value))

    def _set_value(self, name: str, value: Any) -> None:
        if name == "latency_ms":
            self.play(with_values(self.target, latency_ms=value))
        elif self.put(name, value) and self.sound is not None:
            if name in self.denoiser:
                self.sound.host.set("denoise", name, value)
            if name == "bases":
                hear_bases(self.sound.host.chain, value)
        self.changed.emit()

    def put(self, name: str, value: Any) -> bool:
        """Set a value of what was asked for last; return whether it is one of what is heard, too."""
        same_preset = self.patch.preset == self.target.preset and self.slots.heard == self.slots.current
        is_heard = same_preset or (name == "amount" and self.slots.heard == self.slots.current)
        self.loading.put(with_values(self.target, **{name: value}))
        if is_heard:
            self.patch = with_values(self.patch, **{name: value})
        return is_heard

    # Presets and slots

    @property
    def undo(self) -> QUndoStack:
        """The changes of the current slot."""
        return self.stacks[self.slots.current]

    @property
    def target(self) -> Patch:
        """The patch that was asked for last; it may still be loading."""
        return self.loading.target

    def choose(self, preset: Preset) -> None:
        """Crossfade to a preset, at its own depth; amount and latency mode stay."""
        before, stack = self.target, self.undo
        if preset == before.preset and not self.loading.has_changed(preset):
            return
        patch = Patch(preset, replace(before.values, layers=None, bases=None, others=()))

        def hear(_: str, wanted: Patch) -> None:
            self.slots.unmatch()
            self.play(with_values(wanted, gain_db=0.0), give_up=lambda: withdraw(stack, step))

        step = Change(self.tr("preset {}").format(preset.name), "", before, patch, hear)
        stack.push(step)

    def play(self, patch: Patch, quietly: bool = False, give_up: Callable[[], None] = lambda: None) -> None:
        """Make a chain on a worker and crossfade to it; the sound goes on, and stays if it cannot be made.

        With `quietly` the panels go on showing what was heard before: for a blind test. `give_up` is called if the
        chain cannot be made.
        """
        self.loading.play(patch, quietly, give_up)

    def choose_bases(self, bases: frozenset[int] | None) -> None:
        """Hear these bases of the network alone, at once; None is the model's own speech bases."""
        before = self.target.values.bases
        if before != bases and self.target.preset == self.patch.preset:  # else they are those of another network
            step = Change(self.tr("bases"), "", before, bases, lambda _, chosen: self._set_value("bases", chosen))
            self.undo.push(step)
