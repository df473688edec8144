"""A model of kind "adaptive": the unfolded NMF that remembers, and learns the room while it runs. Main thread.

In its file (`realtime.modelfile`) the tensors are the fields of `realtime.networks.adaptive.Weights`, by name. Its own
entries of the metadata:

    sources       [["speech", R_s], ["noise", R_n]]
    compression   p, exponent of the magnitudes, in (0, 1]
    memory_share  rho, of the remembered activations beside the column, > 0
    room_share    what the bases of a room are multiplied by in use, in (0, 1]; 1 if it is missing
    room_level    [] or, of a room that was learned, the mean activation of each row of `room`: it is there at once
"""

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from realtime.base.memory import State
from realtime.modelfile import Floats, StftSettings, check_tensor, check_transform, transform_of, whole
from realtime.networks.adaptive import Weights, network, use_room
from realtime.networks.network import Basis

NAMES = tuple(f.name for f in fields(Weights))
LEAST_WEIGHT = 1e-6  # of a basis of sum one; a weight of zero never returns under multiplicative updates
POSITIVE = ("gain", "power", "own_gain", "own_power", "slope", "input")


@dataclass(frozen=True)
class AdaptiveModel:
    """A trained network with memory. Attributes are named as in the file; see the module's text."""

    kind: str
    stft: StftSettings
    sources: tuple[tuple[str, int], ...]
    compression: float
    memory_share: float
    weights: Weights
    card: dict[str, Any] = field(default_factory=dict)
    room_level: tuple[float, ...] = ()
    room_share: float = 1.0

    @property
    def context(self) -> int:
        """1: the past is in the memory. [thread-safe]"""
        return 1

    @property
    def n_layers(self) -> int:
        """K. [thread-safe]"""
        return len(self.weights.read)

    @property
    def n_bins(self) -> int:
        """F, bins of one column. [thread-safe]"""
        return self.stft.n_fft // 2 + 1

    @property
    def bases(self) -> tuple[Basis, ...]:
        """What each basis stands for: those that are trained, then the stream's own. [thread-safe]"""
        w, (speech, noise) = self.weights, (name for name, _ in self.sources)
        trained = [Basis(name, i == 0) for i, (name, n) in enumerate(self.sources) for _ in range(n)]
        room = [Basis(noise, False, "room")] * len(w.room)
        hop_s = self.stft.hop / self.stft.sample_rate
        followers = []
        following = zip(w.own_rate[len(room) :], w.own_speech[len(room) :], w.own_fall[len(room) :], strict=True)
        for rate, of_speech, fall in following:
            seconds = -hop_s / np.log1p(-min(float(rate), 1 - 1e-6)) if rate > 0 else np.inf
            source, own = speech if of_speech else noise, "floor" if fall else "follower"
            followers.append(Basis(source, bool(of_speech), own, float(seconds)))
        return (*trained, *room, *followers)

    def spectra(self, network: State) -> Floats:
        """Return what the bases of a network hold when their activations are 1. [main-thread]

        Those of the stream as they are now, weighted as in the last read-out: float32 (n_bins of the network, R + J).
        """
        own = network.keep["own"] * self.weights.own_read[-1][:, None]
        return np.concatenate([self.weights.read[-1][: own.shape[1]], own.T], axis=1)

    @property
    def n_parameters(self) -> int:
        """Numbers in the file. [thread-safe]"""
        return sum(getattr(self.weights, name).size for name in NAMES)

    @property
    def macs_per_column(self) -> int:
        """Multiplications and additions of a column, as pairs. [thread-safe]"""
        w, n_own = self.weights, len(self.weights.own_rate)
        own = self.n_bins * n_own * (2 * self.n_layers + 2)  # in every layer; in the read-out and when they follow
        return 2 * w.W.size + own + w.read[0].size + w.transition.size

    def macs_at(self, depth: int) -> int:
        """Return the same for so many layers, 0 to K: all of them run, whichever is heard. [thread-safe]"""
        return self.macs_per_column if depth else 0

    def network(self, n_fft: int, n_streams: int = 1) -> State:
        """Return the network for windows of n_fft samples. [main-thread]

        Bins that a low sample rate does not have are left out. Magnitudes are brought to the level that the window of
        the training has.
        """
        n_bins, scale = min(self.n_bins, n_fft // 2 + 1), self.stft.n_fft / n_fft
        n_speech = self.sources[0][1]
        shares = self.compression, self.memory_share
        made = network(self.weights, n_speech, *shares, n_bins, scale, n_streams, self.room_share)
        if self.room_level:
            use_room(made, self.room_start(n_bins) * np.array(self.room_level, np.float32)[:, None])
        return made

    @property
    def learns_room(self) -> bool:
        """Whether there are bases of a room among the stream's own. [thread-safe]"""
        return len(self.weights.room) > 0

    def room_start(self, n_bins: int) -> Floats:
        """Return where the fit of a room starts, float32 (n_room, n_bins), rows of sum one. [main-thread]"""
        rows = self.weights.room[:, :n_bins] + np.float32(LEAST_WEIGHT)
        return rows / rows.sum(axis=1, keepdims=True)

    def content(self) -> tuple[dict[str, Any], dict[str, Floats]]:
        """Return the entry ``unfold`` and the tensors of its file; ValueError if they are not valid. [main-thread]"""
        _validate(self)
        tensors = {name: np.ascontiguousarray(getattr(self.weights, name), np.float32) for name in NAMES}
        names = ("kind", "context", "compression", "memory_share", "card", "room_level", "room_share")
        meta = {name: getattr(self, name) for name in names}
        return meta | {"stft": vars(self.stft), "sources": self.sources}, tensors


def adaptive_model(meta: Any, tensors: dict[str, NDArray[Any]]) -> AdaptiveModel:
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
    if set(tensors) != set(NAMES):
        raise ValueError(f"its tensors are {sorted(tensors)}, not {', '.join(NAMES)}")
    whole(meta["context"], 1, 1, "context")
    model = AdaptiveModel(
        kind=meta["kind"],
        stft=transform_of(meta),
        sources=tuple((str(name), whole(n, 1, 1 << 16, "a source's bases")) for name, n in meta["sources"]),
        compression=float(meta["compression"]),
        memory_share=float(meta["memory_share"]),
        weights=Weights(**{name: check_tensor(name, tensor) for name, tensor in tensors.items()}),
        card=dict(meta["card"]),
        room_level=tuple(float(level) for level in meta.get("room_level", ())),
        room_share=float(meta.get("room_share", 1.0)),
    )
    _validate(model)
    return model


def _validate(model: AdaptiveModel) -> None:
    check_transform(model.stft)
    w, f = model.weights, model.n_bins
    if len(model.sources) != 2:
        raise ValueError(f"it has {len(model.sources)} source(s), not speech and noise")
    if not 0 < model.compression <= 1 or not 0 < model.memory_share < np.inf:
        raise ValueError(f"its compression is {model.compression} and its memory_share {model.memory_share}")
    if not 0 < model.room_share <= 1:
        raise ValueError(f"its room_share is {model.room_share}, not more than 0 and at most 1")
    if w.read.ndim != 3 or w.own_rate.ndim != 1 or w.room.ndim != 2 or not w.own_rate.size or not w.read.size:
        raise ValueError(f"read has shape {w.read.shape}, own_rate {w.own_rate.shape} and room {w.room.shape}")
    k, r, j, n_room = len(w.read), sum(n for _, n in model.sources), len(w.own_rate), len(w.room)
    shapes: dict[str, tuple[int, ...]] = {"W": (k, f + r, r), "read": (k, f, r), "transition": (r, r), "start": (r,)}
    shapes |= {"input": (f,), "own_rate": (j,), "own_speech": (j,), "own_fall": (j,), "room": (n_room, f)}
    shapes |= dict.fromkeys(("gain", "power", "leak", "first"), (k, r)) | dict.fromkeys(("slope", "follow"), (k, f))
    shapes |= {name: (k, j) for name in NAMES if name.startswith("own_") and name not in shapes}
    for name, shape in shapes.items():
        tensor = getattr(w, name)
        if tensor.shape != shape:
            raise ValueError(f"tensor {name} has shape {tensor.shape}, not {shape}")
        least = tensor.min(initial=1.0)
        if least < 0 or (least == 0 and name in POSITIVE):
            raise ValueError(f"tensor {name} holds {least:g}, which is too low")
    levels = np.array(model.room_level)
    if levels.size not in (0, n_room) or not np.isfinite(levels).all() or levels.min(initial=0.0) < 0:
        raise ValueError(f"its room_level is {list(model.room_level)}, not {n_room} levels >= 0 or none")
    followed = w.own_speech[:n_room].any() or w.own_fall[:n_room].any() or (w.own_fall * w.own_speech).any()
    if n_room > j or followed or max(w.own_rate.max(), w.own_fall.max(), w.leak.max()) > 1:
        raise ValueError(
            "its own bases do not fit together: those of the room come first, they and floors are noise, rates are <= 1"
        )
