"""Slots A and B: two settings to compare, at once and equally loud. No widgets. Main thread."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gui.sound import Patch, make_chain, with_values
from realtime.base.units import gain_to_db
from realtime.render import render

if TYPE_CHECKING:
    from gui.desk import Desk

MATCH_S = 8.0
"""Sound whose level is compared between the slots."""


def matching_gains(x: NDArray[np.float32], rate: float, a: Patch, b: Patch) -> dict[str, float]:
    """Return the gains in dB, 0 or less, with which both patches make the same RMS of this input. On a worker."""
    levels = {}
    for name, patch in (("A", a), ("B", b)):
        y = render(x, make_chain(patch.preset, rate, replace(patch.values, gain_db=0.0))).astype(np.float64)
        levels[name] = gain_to_db(float(np.sqrt(np.mean(y**2))) if len(y) else 0.0)
    softest = min(levels.values())
    return {name: round(max(softest - level, -60.0), 2) for name, level in levels.items()}


class Slots:
    """What is kept in A and B, and which of them is heard; part of the desk."""

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk
        self.patches: dict[str, Patch | None] = {"A": None, "B": None}
        self.current = self.heard = "A"  # they differ while the current one is still loading

    @property
    def other(self) -> str:
        """The slot that is not the current one."""
        return "B" if self.current == "A" else "A"

    @property
    def matched(self) -> bool:
        """Whether one of them is played softer to be as loud as the other."""
        patches = (self._desk.target, self.patches[self.other])
        return any(patch is not None and patch.values.gain_db for patch in patches)

    def keep(self) -> None:
        """Keep what was asked for last in its slot."""
        self.patches[self.current] = self._desk.target

    @property
    def differ(self) -> bool:
        """Whether there are two different settings to compare."""
        a, b = self.patches["A"], self.patches["B"]
        return a is not None and b is not None and a != b

    def toggle(self) -> None:
        """Keep what is heard in this slot and hear the other one; an empty one begins as a copy."""
        self.keep()
        self.current = self.other
        patch = self.patches[self.current]
        if patch is None:
            self.keep()
            if self._desk.loading.idle:
                self.heard = self.current
        else:
            self._desk.play(patch)
        self._desk.changed.emit()

    def match(self, on: bool) -> None:
        """Play both equally loud: the louder one softer, by what the last seconds of input gain in each."""
        desk = self._desk
        self.keep()
        a, b = self.patches["A"], self.patches["B"]
        if not on:
            self._set_gains({"A": 0.0, "B": 0.0})
        elif desk.sound is None or a is None or b is None:
            desk.said.emit("warn", desk.tr("Fill both slots first while sound runs: X goes to the other one."))
            desk.changed.emit()
        else:
            rate = desk.sound.host.sample_rate
            rows = desk.sound.wave.rows()[-round(MATCH_S * rate) :, 0]
            desk.worker.start(
                desk.tr("Comparing levels"),
                lambda: matching_gains(rows, rate, a, b),
                lambda gains: self._matched(gains, a, b),
                desk.failed,
            )

    def _matched(self, gains: dict[str, float], a: Patch, b: Patch) -> None:
        self.keep()
        if [p and p.preset for p in (self.patches["A"], self.patches["B"])] == [a.preset, b.preset]:
            self._set_gains(gains)
        self._desk.changed.emit()

    def unmatch(self) -> None:
        """Play the slot that is not heard at its own loudness again; the levels were matched to another preset's."""
        self._set_gain(self.other, 0.0)

    def _set_gain(self, slot: str, gain_db: float) -> None:
        patch = self.patches[slot]
        if patch is not None:
            self.patches[slot] = with_values(patch, gain_db=gain_db)

    def _set_gains(self, gains: dict[str, float]) -> None:
        for slot, gain_db in gains.items():
            self._set_gain(slot, gain_db)
        wanted = self.patches[self.current]
        if wanted is not None and wanted != self._desk.target:
            self._desk.play(wanted)
        self._desk.changed.emit()
