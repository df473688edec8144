"""The model file: trained arrays with the settings they were trained for, and their card. Main thread.

A safetensors file. Matrix i is the tensor ``W.i``, float32 (D_i, R) row-major; D_i is F (the current column alone) or
F * T (T columns, oldest first). The metadata entry ``unfold`` is a JSON object:

    schema    1
    kind      "nmf"
    stft      {"sample_rate": 16000, "n_fft": 512, "hop": 128}      square-root Hann windows
    context   T
    sources   [["speech", R_1], ["noise", R_2], ...]                the first is kept, R = sum R_l
    layers    [i, ...]       the matrix of each layer; tied layers name the same
    readouts  [i]            the matrix of the read-out, or one for every depth 0 to K
    sparsity  [mu, ...]      one per layer
    card      {"name": ..., "description": ..., "licence": ..., "data": ..., "metrics": ..., "command": ..., ...}
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save_file

from realtime.base.errors import ModelError

SCHEMA = 1
KINDS = ("nmf",)
MAX_HEADER = 8 << 20  # bytes; a card is a few kB
MAX_FILE = 256 << 20
MAX_LAYERS = 1000
LEAST_WEIGHT = 1e-12  # a weight of zero never returns under multiplicative updates


@dataclass(frozen=True)
class StftSettings:
    """The transform a model was trained on: Hz, samples, samples."""

    sample_rate: int = 16000
    n_fft: int = 512
    hop: int = 128


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
    def n_parameters(self) -> int:
        """Trained numbers; a matrix that several layers share counts once. [thread-safe]"""
        return sum(w.size for w in self.weights)

    @property
    def macs_per_column(self) -> int:
        """Multiplications and additions of all layers and one read-out, as pairs. [thread-safe]"""
        return sum(2 * self.weights[i].size for i in self.layers) + self.weights[self.readouts[-1]].size


def load_model(path: str | Path) -> Model:
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
    path = Path(path)
    content = _read(path)
    try:
        tensors = load(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        meta = json.loads(header["__metadata__"]["unfold"])
    except KeyError:
        raise ModelError(f"{path} holds tensors but no model of ours; give one made by 'python -m training'") from None
    except (SafetensorError, ValueError, TypeError, RecursionError) as error:
        raise ModelError(f"{path} is damaged or no safetensors file ({error}); copy or train it anew") from None
    try:
        model = _model(meta, tensors)
        _validate(model, set(tensors))
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ModelError(f"{path} is not a valid model: {what}; train or copy it anew") from None
    return model


def save_model(path: str | Path, model: Model) -> None:
    """Write a model file. [main-thread]

    Raises
    ------
    ModelError
        If the model is not valid or the file cannot be written.
    """
    tensors = {f"W.{i}": np.ascontiguousarray(w, np.float32) for i, w in enumerate(model.weights)}
    meta = {
        "schema": SCHEMA,
        "kind": model.kind,
        "stft": vars(model.stft),
        "context": model.context,
        "sources": model.sources,
        "layers": model.layers,
        "readouts": model.readouts,
        "sparsity": model.sparsity,
        "card": model.card,
    }
    try:
        _validate(model, set(tensors))
        save_file(tensors, path, {"unfold": json.dumps(meta)})
    except ValueError as error:
        raise ModelError(f"this is not a valid model: {error}") from None
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path} cannot be written ({error}); name a folder you can write") from None


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise ModelError(f"{path} is not a file; give a .safetensors file")
        if size > MAX_FILE:
            raise ModelError(f"{path} has {size >> 20} MB; a model has at most {MAX_FILE >> 20}")
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); give a .safetensors file") from None
    n_header = int.from_bytes(content[:8], "little")
    if len(content) < 8 or n_header > len(content) - 8:
        raise ModelError(f"{path} is cut short at {size} bytes or no safetensors file; copy or train it anew")
    if n_header > MAX_HEADER:
        raise ModelError(f"{path} has a header of {n_header >> 20} MB; at most {MAX_HEADER >> 20} are accepted")
    return content


def _whole(value: Any, low: int, high: int, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} is {value!r}, not a whole number from {low} to {high}")
    return value


def _model(meta: Any, tensors: dict[str, NDArray[Any]]) -> Model:
    if meta["schema"] != SCHEMA:
        raise ValueError(f"its schema is {meta['schema']!r}, this version reads {SCHEMA}")
    weights = []
    for i in range(len(tensors)):
        if f"W.{i}" not in tensors:
            raise ValueError(f"tensor W.{i} is missing")
        if tensors[f"W.{i}"].dtype != np.float32:
            raise ValueError(f"tensor W.{i} is {tensors[f'W.{i}'].dtype}, not float32")
        weights.append(tensors[f"W.{i}"])
    stft = StftSettings(**{k: _whole(v, 1, 1 << 20, f"stft.{k}") for k, v in meta["stft"].items()})
    model = Model(
        kind=meta["kind"],
        stft=stft,
        context=_whole(meta["context"], 1, 64, "context"),
        sources=tuple((str(name), _whole(n, 1, 1 << 16, "a source's bases")) for name, n in meta["sources"]),
        layers=tuple(_whole(i, 0, len(weights) - 1, "a layer's matrix") for i in meta["layers"]),
        readouts=tuple(_whole(i, 0, len(weights) - 1, "a read-out's matrix") for i in meta["readouts"]),
        sparsity=tuple(float(mu) for mu in meta["sparsity"]),
        weights=tuple(weights),
        card=dict(meta["card"]),
    )
    if not all(np.isfinite(w).all() for w in weights):
        raise ValueError("a weight is not a finite number")
    if any((w < 0).any() for w in weights):
        raise ValueError("a weight is negative")
    floored = tuple(np.maximum(w, np.float32(LEAST_WEIGHT)) for w in weights)
    return Model(**{**vars(model), "weights": floored})


def _validate(model: Model, names: set[str]) -> None:
    if model.kind not in KINDS:
        raise ValueError(f"its kind is {model.kind!r}, this version runs {', '.join(KINDS)}")
    settings = model.stft
    if settings.n_fft * 1000 != 32 * settings.sample_rate or settings.hop * 1000 not in (
        8 * settings.sample_rate,
        16 * settings.sample_rate,
    ):
        raise ValueError(f"its transform is {vars(settings)}, not windows of 32 ms with hops of 8 or 16 ms")
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
