"""What a running stream is watched for: feedback, digital zero, a device that is gone. No widgets. Main thread."""

from typing import TYPE_CHECKING

from gui.sound import Sound
from realtime.base.units import SILENCE_DB

if TYPE_CHECKING:
    from gui.desk import Desk

ZERO_CHECKS = 12
"""Checks, 3 s of them, that find digital zero before a microphone is suspected of being switched off."""


class Guard:
    """Part of the desk. `safe_pairs` are the inputs and outputs that a user has unmuted once."""

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk
        self.safe_pairs: set[str] = set()
        self._sound: Sound | None = None
        self._n_zero = 0
        self._loudest = SILENCE_DB

    def begin(self, sound: Sound) -> None:
        """Watch a stream that is about to run; one that could howl begins muted."""
        desk = self._desk
        self._sound, self._n_zero, self._loudest = sound, 0, SILENCE_DB
        if sound.can_howl and sound.description not in self.safe_pairs:
            desk.muted = True
            text = "Muted at the start: a microphone that hears its own loudspeaker howls. Unmute with headphones."
            desk.said.emit("warn", desk.tr(text))
        sound.host.mute(desk.muted)

    def unmuted(self, sound: Sound) -> None:
        """Remember that a user took this input and output to be safe."""
        if sound.can_howl:
            self.safe_pairs.add(sound.description)

    def heard(self, peak_db: float) -> None:
        """Take the peak of the input since the last frame, dBFS."""
        self._loudest = max(self._loudest, peak_db)

    def check(self) -> None:
        """Notice that the stream has ended by itself, or that nothing but zeros comes in."""
        desk = self._desk
        sound = desk.sound
        if sound is None:
            return
        if sound.lost:
            desk.run(False)
            desk.said.emit(
                "bad", desk.tr("The device stopped: it was unplugged, or its server ended. Run starts it anew.")
            )
            return
        self._n_zero = self._n_zero + 1 if sound.source_device is not None and self._loudest <= SILENCE_DB else 0
        self._loudest = SILENCE_DB
        if self._n_zero == ZERO_CHECKS:
            text = "The input is digital zero: is the device muted, or is this program not allowed to hear it?"
            desk.said.emit("warn", desk.tr(text))
