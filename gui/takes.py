"""Recordings: takes of the dry and the wet sound, and the last minute after the fact. No widgets. Main thread."""

from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from realtime.base.errors import UnfoldError
from realtime.recorder import Recorder

if TYPE_CHECKING:
    from gui.desk import Desk


class Takes:
    """Where takes go and in which format, and the one that runs; part of the desk."""

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk
        self.folder = Path(platformdirs.user_music_dir()) / "unfold"
        self.kind = "wav"
        self.recording = False

    @property
    def running(self) -> Recorder | None:
        """The take that is being written."""
        sound = self._desk.sound
        return None if sound is None or not self.recording else sound.wave.recorder

    @property
    def seconds(self) -> float:
        """How long the running take is."""
        take, sound = self.running, self._desk.sound
        return 0.0 if take is None or sound is None else take.n_frames / sound.host.sample_rate

    def record(self, on: bool) -> None:
        """Begin or end a take."""
        desk = self._desk
        if desk.sound is None or on == self.recording:
            return
        try:
            if on:
                desk.sound.wave.start_take(self.folder, self.kind)
            else:
                self._tell(desk.sound.wave.stop_take())
            self.recording = on
        except (UnfoldError, OSError) as error:
            desk.failed(str(error))
        desk.changed.emit()

    def check(self) -> None:
        """Notice that the disk refused the running take."""
        take = self.running
        if take is not None and take.problem:
            self.record(False)

    def save_look_back(self) -> None:
        """Write the minute up to now as a take, on a worker."""
        desk = self._desk
        if desk.sound is None:
            desk.said.emit("warn", desk.tr("No sound runs: there is no last minute to save. Press Run first."))
            return
        wave, folder, kind = desk.sound.wave, self.folder, self.kind
        rows = wave.rows()  # now: the worker may be busy for a while
        desk.worker.start(
            desk.tr("Saving the last minute"),
            lambda: wave.save(rows, folder, kind),
            self._tell,
            desk.failed,
            must=True,
        )

    def _tell(self, take: Recorder | None) -> None:
        if take is not None and take.problem:
            self._desk.failed(take.problem)
        elif take is not None:
            self._desk.said.emit("info", self._desk.tr("Recorded {} and {}").format(take.dry, take.wet.name))
