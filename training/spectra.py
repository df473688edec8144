"""The transform of the real-time half, over whole signals: spectra, magnitudes, stacked columns."""

import numpy as np
from numpy.typing import NDArray

from realtime.dsp.stft import windows
from realtime.modelfile import StftSettings


def spectra(x: NDArray[np.float32], settings: StftSettings | None = None) -> NDArray[np.complex64]:
    """Return (F, N): the spectra of all whole windows of x, under the analysis window."""
    settings = settings or StftSettings()
    window, _ = windows(settings.n_fft, settings.n_fft, settings.hop)
    starts = np.arange(0, len(x) - settings.n_fft + 1, settings.hop)
    frames = x[starts[:, None] + np.arange(settings.n_fft)] * window
    return np.fft.rfft(frames, axis=1).T.astype(np.complex64)


def magnitudes(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the magnitudes (F, N) of the spectra of x."""
    return np.abs(spectra(x))


def stacked(columns: NDArray[np.float32], context: int) -> NDArray[np.float32]:
    """Return (F * T, N): every column under its T - 1 past ones, the oldest first, silence before the start."""
    padded = np.pad(columns, ((0, 0), (context - 1, 0)))
    n = columns.shape[1]
    return np.concatenate([padded[:, t : t + n] for t in range(context)])
