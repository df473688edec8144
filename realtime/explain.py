"""What a network makes of a few columns, layer by layer: the same maths as the kernel, in numpy. Worker thread.

Letters as in `realtime.networks.nmf`. For showing and measuring only; the sound is made by the kernel.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.base.units import FLOOR
from realtime.model import Model

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Explanation:
    """What every depth k = 0 ... K holds for n columns.

    Attributes
    ----------
    divergence : float64[K + 1]
        Generalised KL divergence between the current columns and the model, at the model's best scale, as a share
        of the columns' sum: 0 is a perfect fit.
    removed_db : float64[K + 1]
        By how many dB the mask lowers the energy.
    """

    divergence: NDArray[np.float64]
    removed_db: NDArray[np.float64]


def explain(model: Model, stacks: Floats, heard: frozenset[int] | None = None) -> Explanation:
    """Run every layer over some columns. [thread-safe]

    Parameters
    ----------
    model : Model
        Of kind "nmf".
    stacks : float32[n, context, n_bins]
        Magnitudes, the current column last; n_bins at most the model's (a low sample rate has fewer).
    heard : frozenset of int or None
        The bases that are heard; None: those of the first source.
    """
    n, context, n_bins = stacks.shape
    m = np.maximum(stacks.reshape(n, context * n_bins), np.float32(FLOOR))
    current = m[:, -n_bins:]
    cut = [_cut(w, model.n_bins, n_bins) for w in model.weights]
    kept = np.isin(range(model.n_bases), list(range(model.sources[0][1]) if heard is None else heard))
    h = np.ones((n, model.n_bases), np.float32)
    divergence, removed = np.zeros(model.n_layers + 1), np.zeros(model.n_layers + 1)
    for k in range(model.n_layers + 1):
        readout = cut[model.readouts[min(k, len(model.readouts) - 1)]]
        total = np.maximum(h @ readout.T, np.float32(FLOOR))
        mask = h[:, kept] @ readout[:, kept].T / total
        share = total / total.sum(axis=1, keepdims=True) * current.sum(axis=1, keepdims=True)
        divergence[k] = np.sum(current * np.log(current / share)) / np.sum(current)
        removed[k] = -10 * np.log10(np.sum((mask * current) ** 2) / np.sum(current**2) + 1e-20)
        if k < model.n_layers:
            w = cut[model.layers[k]]
            x = m[:, -len(w) :]
            h = h * ((x / np.maximum(h @ w.T, np.float32(FLOOR))) @ w) / (w.sum(axis=0) + model.sparsity[k])
    return Explanation(divergence, removed)


def _cut(matrix: Floats, n_bins: int, n_kept: int) -> Floats:
    return matrix.reshape(-1, n_bins, matrix.shape[1])[:, :n_kept].reshape(-1, matrix.shape[1])
