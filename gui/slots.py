"""Slots A and B: two settings to compare, at once and equally loud. No widgets. Main thread."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gui.sound import Patch, make_chain
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
        self.current = "A"
        self.matched = False

    def keep(self) -> None:
        """Keep what is heard in its slot."""
        self.patches[self.current] = self._desk.patch

    @property
    def differ(self) -> bool:
        """Whether there are two different settings to compare."""
        a, b = self.patches["A"], self.patches["B"]
        return a is not None and b is not None and a != b

    def toggle(self) -> None:
        """Keep what is heard in this slot and hear the other one; an empty one begins as a copy."""
        self.keep()
        self.current = "B" if self.current == "A" else "A"
        other = self.patches[self.current]
        if other is None:
            self.keep()
            self._desk.changed.emit()
        else:
            self._desk.play(other)

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
                self._set_gains,
                desk.failed,
            )

    def _set_gains(self, gains: dict[str, float]) -> None:
        self.matched = any(gains.values())
        for name, gain_db in gains.items():
            patch = self.patches[name]
            if patch is not None:
                self.patches[name] = Patch(patch.preset, replace(patch.values, gain_db=gain_db))
        heard = self.patches[self.current]
        if heard is not None and heard != self._desk.patch:
            self._desk.play(heard)
        self._desk.changed.emit()
