"""The latency of the whole way, measured by a quiet burst that is played and heard. No widgets. Main thread."""

from typing import TYPE_CHECKING

from realtime.base.errors import UnfoldError

if TYPE_CHECKING:
    from gui.desk import Desk


class Measurement:
    """Starts one and tells what came of it; part of the desk."""

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk
        self._running = False

    def start(self) -> None:
        """Play the burst; `check` tells what came of it."""
        desk = self._desk
        if desk.sound is None:
            desk.said.emit("warn", desk.tr("No sound runs: press Run first."))
            return
        try:
            desk.sound.host.measure_latency()
        except UnfoldError as error:
            desk.said.emit("warn", str(error))
            return
        self._running = True
        desk.said.emit("info", desk.tr("Measuring: for two seconds a quiet burst of noise is played and looked for."))

    def check(self) -> None:
        """Tell the result, once."""
        desk = self._desk
        if not self._running or (desk.sound is not None and desk.sound.host.is_measuring):
            return
        self._running = False
        if desk.sound is None:
            return
        host = desk.sound.host
        measured = host.status().latency_ms.measured
        if host.measure_problem is not None:
            desk.said.emit("warn", host.measure_problem)
        elif measured is not None:
            desk.said.emit("info", desk.tr("{:.1f} ms from the input to the output, measured.").format(measured))
