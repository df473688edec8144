"""A model of kind "mlp": the conventional network that the unfolded one is compared with, live as well. Main thread.

In its file (`realtime.modelfile`) it has the tensors W.i (n_out, n_in) and b.i (n_out,) of its layers, the first with
D = F * T columns and the last with F rows, and mean (D,) and std (D,) of its compressed input. Its own entry of the
metadata:

    compression  exponent of the magnitudes, in (0, 1]
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from realtime.base.memory import State
from realtime.modelfile import Floats, StftSettings, check_tensor, check_transform, transform_of, whole
from realtime.networks.mlp import network
from realtime.networks.network import Basis


@dataclass(frozen=True)
class DenseModel:
    """A trained network of dense layers. Attributes are named as in the file; see the module's text."""

    kind: str
    stft: StftSettings
    context: int
    compression: float
    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    mean: Floats
    std: Floats
    card: dict[str, Any] = field(default_factory=dict)

    @property
    def n_layers(self) -> int:
        """1: there is no mask before the last layer. [thread-safe]"""
        return 1

    @property
    def n_bins(self) -> int:
        """F, bins of one column. [thread-safe]"""
        return self.stft.n_fft // 2 + 1

    @property
    def bases(self) -> tuple[Basis, ...]:
        """None: a dense layer has no parts that stand for a source. [thread-safe]"""
        return ()

    def spectra(self, network: State) -> Floats:
        """Return float32 (n_bins of the network, 0). [main-thread]"""
        return np.zeros((int(network["n_bins"]), 0), np.float32)

    @property
    def n_parameters(self) -> int:
        """Numbers in the file. [thread-safe]"""
        return sum(a.size for a in (*self.weights, *self.biases, self.mean, self.std))

    @property
    def macs_per_column(self) -> int:
        """Multiplications and additions of all layers, as pairs. [thread-safe]"""
        return self.macs_at(1)

    def macs_at(self, depth: int) -> int:
        """Return the same at depth 1, and 0 for depth 0. [thread-safe]"""
        return sum(w.size for w in self.weights) if depth else 0

    def network(self, n_fft: int, n_streams: int = 1) -> State:
        """Return the network for windows of n_fft samples. [main-thread]

        It remembers nothing, so the columns of any number of streams may come in turn.

        It is not equivariant to scale, so the normalisation takes back that the level of the spectra grows with n_fft.
        Bins that a low sample rate does not have are taken to be at their means, where they add nothing.
        """
        n_bins = min(self.n_bins, n_fft // 2 + 1)
        level = (n_fft / self.stft.n_fft) ** self.compression

        def kept(inputs: Floats) -> Floats:
            columns = inputs.reshape(*inputs.shape[:-1], self.context, self.n_bins)[..., :n_bins]
            return np.ascontiguousarray(columns.reshape(*inputs.shape[:-1], -1))

        weights, biases = [kept(self.weights[0]), *self.weights[1:]], list(self.biases)
        weights[-1], biases[-1] = weights[-1][:n_bins], biases[-1][:n_bins]
        return network(weights, biases, self.compression, kept(self.mean) * level, kept(self.std) * level)

    def content(self) -> tuple[dict[str, Any], dict[str, Floats]]:
        """Return the entry ``unfold`` and the tensors of its file; ValueError if they are not valid. [main-thread]"""
        _validate(self)
        tensors = {f"W.{i}": w for i, w in enumerate(self.weights)} | {f"b.{i}": b for i, b in enumerate(self.biases)}
        tensors |= {"mean": self.mean, "std": self.std}
        meta = {name: getattr(self, name) for name in ("kind", "context", "compression", "card")}
        return meta | {"stft": vars(self.stft)}, {k: np.ascontiguousarray(t, np.float32) for k, t in tensors.items()}


def dense_model(meta: Any, tensors: dict[str, NDArray[Any]]) -> DenseModel:
    """Return the model of a file's content, checked. [main-thread]

    Parameters
    ----------
    meta : dict
        The entry ``unfold``.
    tensors : dict of arrays
        By name.

    Raises
    ------
    ValueError, KeyError, TypeError
        If it is not a valid model.
    """
    n = (len(tensors) - 2) // 2
    names = {"mean", "std", *(f"{letter}.{i}" for letter in "Wb" for i in range(n))}
    if n < 1 or set(tensors) != names:
        raise ValueError(f"its tensors are {sorted(tensors)}, not mean, std and as many W.i as b.i")
    checked = {name: check_tensor(name, tensor) for name, tensor in tensors.items()}
    model = DenseModel(
        kind=meta["kind"],
        stft=transform_of(meta),
        context=whole(meta["context"], 1, 64, "context"),
        compression=float(meta["compression"]),
        weights=tuple(checked[f"W.{i}"] for i in range(n)),
        biases=tuple(checked[f"b.{i}"] for i in range(n)),
        mean=checked["mean"],
        std=checked["std"],
        card=dict(meta["card"]),
    )
    _validate(model)
    return model


def _validate(model: DenseModel) -> None:
    check_transform(model.stft)
    if not 0 < model.compression <= 1:
        raise ValueError(f"its compression is {model.compression}, not more than 0 and at most 1")
    n_inputs = n_before = model.n_bins * model.context
    for i, (w, b) in enumerate(zip(model.weights, model.biases, strict=True)):
        last = i == len(model.weights) - 1
        if (
            w.ndim != 2
            or not len(w)
            or w.shape[1] != n_before
            or b.shape != w.shape[:1]
            or (last and len(w) != model.n_bins)
        ):
            raise ValueError(
                f"layer {i} has shapes {w.shape} and {b.shape}, behind {n_before} rows, for {model.n_bins} bins"
            )
        n_before = len(w)
    for name, a in (("mean", model.mean), ("std", model.std)):
        if a.shape != (n_inputs,):
            raise ValueError(f"tensor {name} has shape {a.shape}, not ({n_inputs},)")
    if (model.std <= 0).any():
        raise ValueError("a std is not more than 0")
