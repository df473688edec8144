"""What a network makes of the newest columns, layer by layer. Worker thread.

For showing and measuring only; the sound is made by a network of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.adaptivemodel import AdaptiveModel
from realtime.base.memory import State, aligned
from realtime.base.units import FLOOR
from realtime.model import AnyModel, Model
from realtime.networks.adaptive import use_room
from realtime.networks.adaptiveexplain import explain_column
from realtime.networks.network import choose

Floats = NDArray[np.float32]

EXPLAINED, EVERY = 16, 8  # columns of a network without memory, and from one to the next: a second
REMEMBERED, TOLD = 250, 125  # columns of one with memory, and the last of them, of which is told: a second


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
    """Run every layer over some columns: the same maths as the kernel, in numpy. [thread-safe]

    Letters as in `realtime.networks.nmf`.

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


class Explainer:
    """Tells what each layer of a network explains of the newest columns.

    Parameters
    ----------
    model : Model or AdaptiveModel
    n_fft : int
        Of the running network's windows.

    Attributes
    ----------
    n_columns : int
        How many it wants.
    """

    def __init__(self, model: Model | AdaptiveModel, n_fft: int) -> None:
        self._model, self._n_fft = model, n_fft
        self.n_columns = EXPLAINED * EVERY + model.context if isinstance(model, Model) else REMEMBERED
        self._network: State | None = None

    def __call__(self, columns: Floats, heard: frozenset[int] | None, room: Floats | None) -> Explanation:
        """Return what each depth makes of the last second. [worker-thread]

        Parameters
        ----------
        columns : float32 (n_columns, n_bins)
            Magnitudes as the network hears them, oldest first.
        heard : frozenset of int or None
            The bases that are heard; None: those of speech.
        room : float32 (n_room, n_bins) or None
            Of the running network; one that remembers begins anew with it, a second before what is told.
        """
        if isinstance(self._model, Model):
            context = self._model.context
            ends = range(len(columns) - (EXPLAINED - 1) * EVERY, len(columns) + 1, EVERY)
            return explain(self._model, np.stack([columns[end - context : end] for end in ends]), heard)
        if self._network is None:
            self._network = self._model.network(self._n_fft)
        return _explain_stream(self._network, columns, heard, room)


def explainer_of(model: AnyModel | None, n_fft: int) -> Explainer | None:
    """Return what explains a model's layers, or None if they explain nothing. [thread-safe]"""
    return Explainer(model, n_fft) if isinstance(model, Model | AdaptiveModel) else None


def _explain_stream(network: State, columns: Floats, heard: Iterable[int] | None, room: Floats | None) -> Explanation:
    arrays, n_layers, n_bins = network.keep["arrays"], int(network["n_layers"]), int(network["n_bins"])
    arrays.keep["ages"][:] = 0
    none = np.zeros((int(arrays["n_room"]), n_bins), np.float32)
    use_room(network, none if room is None else room)
    choose(network, heard)
    masks, divergences = aligned((n_layers + 1, n_bins)), aligned(n_layers + 1)
    after, divergence, before = np.zeros(n_layers + 1), np.zeros(n_layers + 1), 0.0
    columns = np.ascontiguousarray(columns, np.float32)
    for i, column in enumerate(columns):
        explain_column.ctypes(network.address, column.ctypes.data, masks.ctypes.data, divergences.ctypes.data)
        if i >= len(columns) - TOLD:
            after += np.sum(np.square(masks * column, dtype=np.float64), axis=1)
            before += float(np.sum(np.square(column, dtype=np.float64)))
            divergence += divergences / TOLD
    return Explanation(divergence, -10 * np.log10(after / (before + 1e-20) + 1e-20))


def _cut(matrix: Floats, n_bins: int, n_kept: int) -> Floats:
    return matrix.reshape(-1, n_bins, matrix.shape[1])[:, :n_kept].reshape(-1, matrix.shape[1])
