"""Learn my noise: listen for some seconds, fit bases to them, switch to the preset that comes of it. Main thread.

And keep the room: what a running network has learned of it becomes a preset too.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gui.sound import Sound
from realtime.base.errors import UnfoldError
from realtime.engine.preset import Preset, preset_folders, with_model
from realtime.learn import can_learn_noise, keep_room, learn_noise
from realtime.model import AnyModel

if TYPE_CHECKING:
    from gui.desk import Desk

LISTEN_S = 5.0
NO_BASES = "This preset has no bases that could be fitted to a noise: choose another, such as default."


def learned_preset(preset: Preset, model: AnyModel, folder: Path, what: str = "noise") -> Preset:
    """Write the model beside a new preset, with all else as it was, and return it. On a worker thread.

    `what` was learned, "noise" or "room", is told in its name and description.
    """
    stamp = time.strftime("%Y-%m-%d_%H-%M-%S")
    path = folder / f"{what}_{stamp}.toml"
    root = preset.description.split(" With the noise of ")[0].split(" With the room of ")[0]
    named = replace(model, card=model.card | {"name": path.stem})
    return with_model(preset, named, path, f"{root} With the {what} of {stamp.replace('_', ', ')}.")


class Learning:
    """Part of the desk. `listening` is true while sound is gathered."""

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk
        self._sound: Sound | None = None
        self._first = 0

    @property
    def listening(self) -> bool:
        """Whether sound is being gathered."""
        return self._sound is not None

    @property
    def seconds_left(self) -> float:
        """How much is still to be heard."""
        if self._sound is None:
            return 0.0
        heard = (self._sound.wave.end - self._first) / self._sound.host.sample_rate
        return max(0.0, LISTEN_S - heard)

    def listen(self, on: bool) -> None:
        """Begin to listen, or give up."""
        self._sound = None
        if on:
            self._begin()
        self._desk.changed.emit()

    def _begin(self) -> None:
        desk = self._desk
        if desk.sound is None:
            desk.said.emit("warn", desk.tr("No sound runs: press Run first."))
        elif not can_learn_noise(desk.sound.watch.model):
            desk.said.emit("warn", desk.tr(NO_BASES))
        else:
            self._sound, self._first = desk.sound, desk.sound.wave.end
            text = desk.tr("Listening for {:g} s: be silent, let only the noise be heard.")
            desk.said.emit("info", text.format(LISTEN_S))

    def check(self) -> None:
        """Fit when enough was heard; give up if the stream has ended."""
        sound, desk = self._sound, self._desk
        if sound is None or (sound is desk.sound and self.seconds_left > 0):
            return
        self._sound = None
        if sound is desk.sound and not can_learn_noise(sound.watch.model):
            desk.said.emit("warn", desk.tr(NO_BASES))
        elif sound is desk.sound:
            self._fit(sound)
        else:
            text = "The sound ended before enough of the noise was heard: press Run, then learn again."
            desk.said.emit("info", desk.tr(text))
        desk.changed.emit()

    def _fit(self, sound: Sound) -> None:
        desk = self._desk
        rows, _ = sound.wave.rows_since(self._first)
        x, rate, preset = rows[:, 0].copy(), sound.host.sample_rate, desk.patch.preset
        model = sound.watch.model
        assert model is not None
        desk.worker.start(
            desk.tr("Learning the noise"),
            lambda: learned_preset(preset, learn_noise(model, x, rate), preset_folders()[0]),
            self._hear,
            desk.failed,
        )

    def keep_room(self) -> None:
        """Write a preset that begins in the room which the running network has learned."""
        desk = self._desk
        if desk.sound is None:
            desk.said.emit("warn", desk.tr("No sound runs: press Run first."))
            return
        preset = desk.patch.preset
        try:
            model = keep_room(desk.sound.watch.model, desk.sound.adapter.room())
        except UnfoldError as error:
            desk.said.emit("warn", str(error))
            return
        desk.worker.start(
            desk.tr("Keeping the room"),
            lambda: learned_preset(preset, model, preset_folders()[0], "room"),
            lambda kept: desk.said.emit("info", desk.tr("Kept. {} begins in this room.").format(kept.name)),
            desk.failed,
            must=True,
        )

    def _hear(self, preset: Preset) -> None:
        self._desk.choose(preset)
        self._desk.said.emit("info", self._desk.tr("Learned. {} is a preset of its own now.").format(preset.name))
