"""The last minute of sound, and the take that grows: a worker drains the host's wave ring into both. Worker thread.

Rows (dry, wet) flow all the time, so "save the last 60 s" needs no foresight, and a take starts and ends on a row.
"""

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime.base.ring import Ring
from realtime.host import Host
from realtime.recorder import Recorder

LOOK_BACK_S = 60.0


class WaveTee:
    """Keeps what was heard, and feeds a recorder while there is one."""

    def __init__(self, host: Host, seconds: float = LOOK_BACK_S) -> None:
        self._host = host
        self._kept = np.zeros((max(1, int(seconds * host.sample_rate)), 2), np.float32)
        self._n = 0
        self.n_refused = 0  # rows a take lost to a disk that stood still for seconds
        self._lock = threading.Lock()
        self._take: Ring | None = None
        self.recorder: Recorder | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._drain, name="look-back", daemon=True)
        host.record(True)
        self._thread.start()

    def start_take(self, folder: Path, kind: str) -> Recorder:
        """Begin a take with the next row; raises AudioFileError if its files cannot be made."""
        ring = Ring(int(4 * self._host.sample_rate), np.float32, 2)
        self.recorder = Recorder(ring, folder, self._host.sample_rate, kind)
        with self._lock:
            self._take = ring
        return self.recorder

    def stop_take(self) -> Recorder | None:
        """End the take; what has come is written before this returns."""
        with self._lock:
            self._take = None
        recorder, self.recorder = self.recorder, None
        if recorder is not None:
            recorder.stop()
        return recorder

    def rows(self) -> NDArray[np.float32]:
        """Return a copy of the kept rows (dry, wet), float32[n, 2], oldest first."""
        with self._lock:
            if self._n < len(self._kept):
                return self._kept[: self._n].copy()
            place = self._n % len(self._kept)
            return np.concatenate([self._kept[place:], self._kept[:place]])

    @property
    def end(self) -> int:
        """Rows that have come since the stream began."""
        return self._n

    def rows_since(self, first: int) -> tuple[NDArray[np.float32], int]:
        """Return a copy of the rows from number `first` on that are still kept, and the number of the next one."""
        with self._lock:
            first = max(min(first, self._n), self._n - len(self._kept))
            return self._kept[np.arange(first, self._n) % len(self._kept)], self._n

    def save(self, rows: NDArray[np.float32], folder: Path, kind: str) -> Recorder:
        """Write rows (dry, wet) as a take of their own and return it. On a worker thread."""
        ring = Ring(max(2, len(rows)), np.float32, 2)
        ring.write(rows)
        recorder = Recorder(ring, folder, self._host.sample_rate, kind)
        recorder.stop()
        return recorder

    def stop(self) -> None:
        """Let go of the stream, which has stopped; end a take that is still open."""
        self._stop.set()
        self._thread.join()
        self.stop_take()

    def _drain(self) -> None:
        while True:
            last = self._stop.is_set()
            rows = self._host.wave.read()
            with self._lock:
                kept = rows[-len(self._kept) :]
                place = np.arange(self._n + len(rows) - len(kept), self._n + len(rows)) % len(self._kept)
                self._kept[place] = kept
                self._n += len(rows)
                if self._take is not None:
                    self.n_refused += len(rows) - self._take.write(rows)
            if last:
                return
            self._stop.wait(0.05)
