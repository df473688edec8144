"""The model: trained arrays with the settings they were trained for, and their card. Main thread.

In its file (`realtime.modelfile`) matrix i of kind "nmf" is the tensor ``W.i``, float32 (D_i, R) row-major; D_i is F
(the current column alone) or F * T (T columns, oldest first). Its own entries of the metadata:

    sources   [["speech", R_1], ["noise", R_2], ...]                the first is kept, R = sum R_l
    layers    [i, ...]       the matrix of each layer; tied layers name the same
    readouts  [i]            the matrix of the read-out, or one for every depth 0 to K
    sparsity  [mu, ...]      one per layer
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from realtime.adaptivemodel import AdaptiveModel, adaptive_model
from realtime.base.errors import ModelError
from realtime.base.memory import State
from realtime.densemodel import DenseModel, dense_model
from realtime.modelfile import (
    StftSettings,
    check_tensor,
    check_transform,
    read_content,
    transform_of,
    whole,
    write_content,
)
from realtime.networks.network import Basis
from realtime.networks.nmf import network

KINDS = ("nmf", "mlp", "adaptive")
MAX_LAYERS = 1000
LEAST_WEIGHT = 1e-12  # a weight of zero never returns under multiplicative updates


@dataclass(frozen=True)
class Model:
    """A trained network. Attributes are named as in the file; see the module's text."""

    kind: str
    stft: StftSettings
    context: int
    sources: tuple[tuple[str, int], ...]
    layers: tuple[int, ...]
    readouts: tuple[int, ...]
    sparsity: tuple[float, ...]
    weights: tuple[NDArray[np.float32], ...]
    card: dict[str, Any] = field(default_factory=dict)

    @property
    def n_layers(self) -> int:
        """K. [thread-safe]"""
        return len(self.layers)

    @property
    def n_bins(self) -> int:
        """F, bins of one column. [thread-safe]"""
        return self.stft.n_fft // 2 + 1

    @property
    def n_bases(self) -> int:
        """R, of all sources. [thread-safe]"""
        return sum(n for _, n in self.sources)

    @property
    def bases(self) -> tuple[Basis, ...]:
        """What each basis stands for. [thread-safe]"""
        return tuple(Basis(name, i == 0) for i, (name, n) in enumerate(self.sources) for _ in range(n))

    def spectra(self, network: State) -> NDArray[np.float32]:
        """Return float32 (n_bins of the network, R), the bases over the current column. [main-thread]"""
        return self.weights[self.readouts[-1]][: int(network["n_bins"])]

    @property
    def n_parameters(self) -> int:
        """Trained numbers; a matrix that several layers share counts once. [thread-safe]"""
        return sum(w.size for w in self.weights)

    @property
    def macs_per_column(self) -> int:
        """Multiplications and additions of all layers and one read-out, as pairs. [thread-safe]"""
        return self.macs_at(self.n_layers)

    def macs_at(self, depth: int) -> int:
        """Return the same for so many layers, 0 to K, and one read-out. [thread-safe]"""
        return sum(2 * self.weights[i].size for i in self.layers[:depth]) + self.weights[self.readouts[-1]].size

    def network(self, n_fft: int, n_streams: int = 1) -> State:
        """Return the network for windows of n_fft samples. [main-thread]

        It remembers nothing, so the columns of any number of streams may come in turn.

        Bins that a low sample rate does not have are left out of the matrices; the level of the spectra, which grows
        with n_fft, is nothing to a network that is equivariant to scale.
        """
        n_bins = min(self.n_bins, n_fft // 2 + 1)
        matrices = [_cropped(w, self.n_bins, n_bins) for w in self.weights]
        layers, readouts = [matrices[i] for i in self.layers], [matrices[i] for i in self.readouts]
        return network(layers, readouts, self.sparsity, n_bins * self.context, self.sources[0][1])

    def content(self) -> tuple[dict[str, Any], dict[str, NDArray[np.float32]]]:
        """Return the entry ``unfold`` and the tensors of its file; ValueError if they are not valid. [main-thread]"""
        tensors = {f"W.{i}": np.ascontiguousarray(w, np.float32) for i, w in enumerate(self.weights)}
        _validate(self, set(tensors))
        meta = {name: value for name, value in vars(self).items() if name != "weights"}
        return meta | {"stft": vars(self.stft)}, tensors


AnyModel = Model | DenseModel | AdaptiveModel


def load_model(path: str | Path) -> AnyModel:
    """Return the model of a file, checked in every respect. [main-thread]

    Parameters
    ----------
    path : str or Path
        A file written by `save_model`.

    Raises
    ------
    ModelError
        One sentence: what was found, what was wanted.
    """
    meta, tensors = read_content(Path(path))
    try:
        if meta["kind"] not in KINDS:
            raise ValueError(f"its kind is {meta['kind']!r}, this version runs {', '.join(KINDS)}")
        if meta["kind"] == "adaptive":
            return adaptive_model(meta, tensors)
        return dense_model(meta, tensors) if meta["kind"] == "mlp" else _model(meta, tensors)
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ModelError(f"{path} is not a valid model: {what}; train or copy it anew") from None


def save_model(path: str | Path, model: AnyModel) -> None:
    """Write a model file. [main-thread]

    Raises
    ------
    ModelError
        If the model is not valid or the file cannot be written.
    """
    try:
        meta, tensors = model.content()
        write_content(path, meta, tensors)
    except ValueError as error:
        raise ModelError(f"this is not a valid model: {error}") from None


def _model(meta: Any, tensors: dict[str, NDArray[Any]]) -> Model:
    weights = []
    for i in range(len(tensors)):
        if f"W.{i}" not in tensors:
            raise ValueError(f"tensor W.{i} is missing")
        weights.append(check_tensor(f"W.{i}", tensors[f"W.{i}"]))
    if any((w < 0).any() for w in weights):
        raise ValueError("a weight is negative")
    model = Model(
        kind=meta["kind"],
        stft=transform_of(meta),
        context=whole(meta["context"], 1, 64, "context"),
        sources=tuple((str(name), whole(n, 1, 1 << 16, "a source's bases")) for name, n in meta["sources"]),
        layers=tuple(whole(i, 0, len(weights) - 1, "a layer's matrix") for i in meta["layers"]),
        readouts=tuple(whole(i, 0, len(weights) - 1, "a read-out's matrix") for i in meta["readouts"]),
        sparsity=tuple(float(mu) for mu in meta["sparsity"]),
        weights=tuple(np.maximum(w, np.float32(LEAST_WEIGHT)) for w in weights),
        card=dict(meta["card"]),
    )
    _validate(model, set(tensors))
    return model


def _validate(model: Model, names: set[str]) -> None:
    check_transform(model.stft)
    if not 1 <= model.n_layers <= MAX_LAYERS:
        raise ValueError(f"it has {model.n_layers} layers, not 1 to {MAX_LAYERS}")
    if len(model.sources) < 2:
        raise ValueError(f"it has {len(model.sources)} source(s), not speech and something else")
    if len(model.readouts) not in (1, model.n_layers + 1):
        raise ValueError(f"it has {len(model.readouts)} read-outs, not 1 or {model.n_layers + 1}")
    if len(model.sparsity) != model.n_layers or not all(0 <= mu < np.inf for mu in model.sparsity):
        raise ValueError(f"it needs {model.n_layers} sparsities >= 0")
    if names != {f"W.{i}" for i in range(len(model.weights))}:
        raise ValueError(f"its tensors are {sorted(names)}")
    full, current = (model.n_bins * model.context, model.n_bases), (model.n_bins, model.n_bases)
    for i, w in enumerate(model.weights):
        wanted = (current,) if i in model.readouts else (full, current)
        if w.shape not in wanted:
            raise ValueError(f"matrix {i} has shape {w.shape}, not {' or '.join(map(str, wanted))}")


def _cropped(matrix: NDArray[np.float32], n_bins: int, n_kept: int) -> NDArray[np.float32]:
    """Keep the first bins of every context column: what a low sample rate can observe."""
    if n_kept == n_bins:
        return matrix
    stacked = matrix.reshape(-1, n_bins, matrix.shape[1])
    return np.ascontiguousarray(stacked[:, :n_kept].reshape(-1, matrix.shape[1]))
