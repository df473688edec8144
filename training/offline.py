"""The real-time path over a whole signal at once, for networks that training knows and the engine does not run."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from realtime.dsp.stft import windows
from realtime.model import StftSettings
from training.spectra import spectra, stacked

Samples = NDArray[np.float32]


def enhance(x: Samples, context: int, mask: Callable[[torch.Tensor], torch.Tensor]) -> Samples:
    """Return x with masked spectra, as long as x and lined up with it.

    Parameters
    ----------
    x : float32 (n,)
        At 16 kHz.
    context : int
        T, columns the network sees.
    mask : callable
        From stacked magnitudes (F * T, N) to masks (F, N).
    """
    settings = StftSettings()
    n_fft, hop = settings.n_fft, settings.hop
    padded = np.pad(x, (n_fft - hop, n_fft + hop))
    spectrum = spectra(padded)
    masks = mask(torch.from_numpy(stacked(np.abs(spectrum), context))).numpy()
    _, synthesis = windows(n_fft, n_fft, hop)
    frames = np.fft.irfft((spectrum * masks).T, axis=1) * synthesis
    out = np.zeros(len(padded))
    for i, frame in enumerate(frames):
        out[i * hop : i * hop + n_fft] += frame
    return out[n_fft - hop :][: len(x)].astype(np.float32)
