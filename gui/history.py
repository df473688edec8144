"""What the last minute held: columns in a ring of fixed size, numbered since the stream began. Main thread."""

import numpy as np
from numpy.typing import NDArray

from realtime.watch import Columns

Floats = NDArray[np.float32]

HISTORY_S = 60.0
VIEWS = ("noisy", "enhanced", "mask", "removed")


class History:
    """Columns `first` to `end` of the running stream.

    Parameters
    ----------
    n_bins : int
        Of every column.
    n_taps : int
        Tapped depths kept beside the mask that is heard.
    bin_hz, column_s : float
        Width of a bin in Hz and of a column in s.
    """

    def __init__(self, n_bins: int, n_taps: int, bin_hz: float, column_s: float, seconds: float = HISTORY_S) -> None:
        self.n_bins, self.n_taps = n_bins, n_taps
        self.bin_hz, self.column_s = bin_hz, column_s
        self.capacity = max(1, round(seconds / column_s))
        self.end = 0
        self._magnitudes = np.zeros((self.capacity, n_bins), np.float32)
        self._mask = np.ones((self.capacity, n_bins), np.float32)
        self._taps = np.ones((self.capacity, n_taps, n_bins), np.float32)
        self._least = np.zeros(self.capacity, np.float32)
        self._bypassed = np.zeros(self.capacity, bool)

    @property
    def first(self) -> int:
        """The oldest column that is still kept."""
        return max(0, self.end - self.capacity)

    def append(self, columns: Columns, least: float, bypassed: bool) -> None:
        """Take new columns, and blank ones for those that were lost.

        Parameters
        ----------
        columns : Columns
            Of the widths given at the start.
        least : float
            The least gain that the amount allowed, 0 to 1.
        bypassed : bool
            Whether the delayed input was heard instead.
        """
        n_new = len(columns.magnitudes)
        kept = min(n_new, self.capacity)
        place = np.arange(self.end + n_new - kept, self.end + n_new) % self.capacity
        self._magnitudes[place] = columns.magnitudes[n_new - kept :]
        self._mask[place] = columns.mask[n_new - kept :]
        self._taps[place, : columns.taps.shape[1]] = columns.taps[n_new - kept :]
        self._least[place], self._bypassed[place] = least, bypassed
        self.end += n_new
        blank = np.arange(self.end, self.end + min(columns.n_lost, self.capacity)) % self.capacity
        self._magnitudes[blank], self._bypassed[blank] = 0, True
        self.end += columns.n_lost

    def forget_taps(self) -> None:
        """Show nothing of what was tapped so far: it was of other depths."""
        self._taps[:] = 0

    def _places(self, start: int, stop: int) -> NDArray[np.int64] | slice:
        low, n = start % self.capacity, stop - start
        if low + n <= self.capacity:
            return slice(low, low + n)
        return np.arange(start, stop) % self.capacity

    def gains(self, start: int, stop: int, tap: int | None = None) -> Floats:
        """Return float32[n, n_bins], the gain in every bin: as heard, or at a tapped depth."""
        place = self._places(start, stop)
        mask = self._mask[place] if tap is None else self._taps[place, tap]
        gains = np.maximum(mask, self._least[place][:, None])
        if tap is None:
            gains[self._bypassed[place]] = 1
        return gains

    def values(self, view: str, start: int, stop: int, tap: int | None = None) -> Floats:
        """Return float32[n, n_bins] of columns start to stop: magnitudes, full scale 1, or for "mask" gains, 0 to 1."""
        if view == "mask":
            return self.gains(start, stop, tap)
        magnitudes = self._magnitudes[self._places(start, stop)]
        if view == "noisy":
            return magnitudes
        gains = self.gains(start, stop, tap)
        return magnitudes * gains if view == "enhanced" else magnitudes * (1 - gains)

    def removed_db(self, start: int, stop: int, tap: int | None = None) -> float:
        """Return by how many dB the energy of these columns falls, 0 or more; 0 where there is no sound."""
        before = float(np.sum(self.values("noisy", start, stop).astype(np.float64) ** 2))
        after = float(np.sum(self.values("enhanced", start, stop, tap).astype(np.float64) ** 2))
        if before <= 0:
            return 0.0
        return max(0.0, float(-10 * np.log10(max(after / before, 1e-20))))
