"""Frequency scales: which row of a picture shows which Hz. Pure functions, any thread."""

import numpy as np
from numpy.typing import NDArray

SCALES = ("linear", "log", "mel")
LOWEST_LOG_HZ = 50.0
_SUBROWS = 8  # positions averaged over the height of one row


def _warp(scale: str, hz: NDArray[np.float64]) -> NDArray[np.float64]:
    if scale == "log":
        return np.log(np.maximum(hz, LOWEST_LOG_HZ) / LOWEST_LOG_HZ)
    return np.log1p(hz / 700.0) if scale == "mel" else hz  # O'Shaughnessy 1987


def _unwarp(scale: str, height: NDArray[np.float64]) -> NDArray[np.float64]:
    if scale == "log":
        return LOWEST_LOG_HZ * np.exp(height)
    return 700.0 * np.expm1(height) if scale == "mel" else height


def hz_to_share(scale: str, hz: float, top_hz: float) -> float:
    """Return the height of a frequency as a share of the axis, 0 at the bottom, 1 at `top_hz`."""
    low, high = _warp(scale, np.array([hz, top_hz]))
    return float(low / high)


def share_to_hz(scale: str, share: float, top_hz: float) -> float:
    """Return the frequency at a share of the axis' height."""
    return float(_unwarp(scale, share * _warp(scale, np.array([top_hz])))[0])


def row_weights(scale: str, n_bins: int, bin_hz: float, n_rows: int) -> NDArray[np.float32]:
    """Return float32[n_bins, n_rows]: a column of bins times this is a column of rows, the top row first.

    A row is the mean, over its height, of the line through the bins: narrow rows interpolate, wide ones average.
    """
    top_hz = (n_bins - 1) * bin_hz
    shares = 1 - (np.arange(n_rows * _SUBROWS) + 0.5) / (n_rows * _SUBROWS)
    place = _unwarp(scale, shares * _warp(scale, np.array([top_hz]))) / bin_hz
    low = np.clip(place.astype(np.int64), 0, n_bins - 2)
    above = place - low
    rows = np.arange(n_rows * _SUBROWS) // _SUBROWS
    weights = np.zeros((n_bins, n_rows))
    np.add.at(weights, (low, rows), (1 - above) / _SUBROWS)
    np.add.at(weights, (low + 1, rows), above / _SUBROWS)
    return weights.astype(np.float32)


def ticks(scale: str, top_hz: float, n_wanted: int) -> list[tuple[float, str]]:
    """Return about so many round frequencies with their labels, in Hz up to 999 and in kHz above."""
    if scale == "linear":
        step = min((s for s in (250, 500, 1000, 2000, 4000, 8000)), key=lambda s: abs(top_hz / s - n_wanted))
        values = [float(v) for v in range(0, int(top_hz) + 1, step)]
    else:
        candidates = [50, 100, 200, 500, 1000, 2000, 4000, 8000, 16000]
        values = [float(v) for v in candidates if (v >= 100 or scale == "log") and v <= top_hz]
        while len(values) > max(2, n_wanted):
            values = values[::-1][::2][::-1]
    return [(v, f"{v / 1000:g} kHz" if v >= 1000 else f"{v:g} Hz") for v in values]
