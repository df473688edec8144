"""The file of a model: a safetensors container, read with distrust, and what every kind has in it. Main thread.

The metadata entry ``unfold`` is a JSON object. Of every kind:

    schema    1
    kind      "nmf" (`realtime.model`), "mlp" (`realtime.densemodel`) or "adaptive" (`realtime.adaptivemodel`); each
              tells its own entries and tensors
    stft      {"sample_rate": 16000, "n_fft": 512, "hop": 128}      square-root Hann windows
    context   T, columns that the network sees
    card      {"name": ..., "description": ..., "licence": ..., "data": ..., "metrics": ..., "command": ..., ...}
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save_file

from realtime.base.errors import ModelError
from realtime.base.wholefile import whole_file

Floats = NDArray[np.float32]

SCHEMA = 1
MAX_HEADER = 8 << 20  # bytes; a card is a few kB
MAX_FILE = 256 << 20


@dataclass(frozen=True)
class StftSettings:
    """The transform a model was trained on: Hz, samples, samples."""

    sample_rate: int = 16000
    n_fft: int = 512
    hop: int = 128


def read_content(path: Path) -> tuple[Any, dict[str, NDArray[Any]]]:
    """Return the entry ``unfold`` and the tensors of a file. [main-thread]

    Parameters
    ----------
    path : Path
        Of any file.

    Raises
    ------
    ModelError
        One sentence: what was found, what was wanted.
    """
    content = _read(path)
    try:
        tensors = load(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        return json.loads(header["__metadata__"]["unfold"]), tensors
    except KeyError:
        raise ModelError(f"{path} holds tensors but no model of ours; give one made by 'python -m training'") from None
    except (SafetensorError, ValueError, TypeError, RecursionError) as error:
        raise ModelError(f"{path} is damaged or no safetensors file ({error}); copy or train it anew") from None


def write_content(path: str | Path, meta: dict[str, Any], tensors: dict[str, Floats]) -> None:
    """Write a model file: the whole of it, or nothing. [main-thread]

    Parameters
    ----------
    path : str or Path
        Where to; its folder is made if missing.
    meta : dict
        The entry ``unfold`` but its schema.
    tensors : dict of float32
        By name.

    Raises
    ------
    ModelError
        If the file cannot be written.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as part:
            save_file(tensors, part, {"unfold": json.dumps({"schema": SCHEMA, **meta})})
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path} cannot be written ({error}); name a folder you can write") from None


def whole(value: Any, low: int, high: int, name: str) -> int:
    """Return an entry that must be a whole number from low to high; ValueError if it is not. [main-thread]"""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} is {value!r}, not a whole number from {low} to {high}")
    return value


def transform_of(meta: Any) -> StftSettings:
    """Return the transform of an entry ``unfold``; ValueError if its schema or transform is not ours. [main-thread]"""
    if meta["schema"] != SCHEMA:
        raise ValueError(f"its schema is {meta['schema']!r}, this version reads {SCHEMA}")
    settings = StftSettings(**{k: whole(v, 1, 1 << 20, f"stft.{k}") for k, v in meta["stft"].items()})
    check_transform(settings)
    return settings


def check_transform(settings: StftSettings) -> None:
    """Refuse with ValueError what the engine does not run. [main-thread]"""
    if settings.n_fft * 1000 != 32 * settings.sample_rate or settings.hop * 1000 not in (
        8 * settings.sample_rate,
        16 * settings.sample_rate,
    ):
        raise ValueError(f"its transform is {vars(settings)}, not windows of 32 ms with hops of 8 or 16 ms")


def check_tensor(name: str, tensor: NDArray[Any]) -> Floats:
    """Return a tensor that must be float32 and finite; ValueError if it is not. [main-thread]"""
    if tensor.dtype != np.float32:
        raise ValueError(f"tensor {name} is {tensor.dtype}, not float32")
    if not np.isfinite(tensor).all():
        raise ValueError(f"tensor {name} holds a weight that is not a finite number")
    return tensor


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
    except ValueError as error:  # a name that no file can have
        raise ModelError(f"{str(path)!r} cannot be read ({error}); give a .safetensors file") from None
    n_header = int.from_bytes(content[:8], "little")
    if len(content) < 8 or n_header > len(content) - 8:
        raise ModelError(f"{path} is cut short at {size} bytes or no safetensors file; copy or train it anew")
    if n_header > MAX_HEADER:
        raise ModelError(f"{path} has a header of {n_header >> 20} MB; at most {MAX_HEADER >> 20} are accepted")
    return content
