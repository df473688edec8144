"""Oracles: a round trip, and the rule that a malformed file raises ModelError and nothing else."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from realtime.base.errors import ModelError
from realtime.model import Model, load_model, save_model
from realtime.modelfile import MAX_HEADER, StftSettings


def make_model(context: int = 2, n_layers: int = 3, seed: int = 0, bases: tuple[int, int] = (5, 4)) -> Model:
    rng = np.random.default_rng(seed)
    n_bases = sum(bases)
    w = rng.uniform(0.01, 1, (257 * context, n_bases)).astype(np.float32)
    last = rng.uniform(0.01, 1, (257, n_bases)).astype(np.float32)
    return Model(
        "nmf",
        StftSettings(),
        context,
        (("speech", bases[0]), ("noise", bases[1])),
        (0,) * n_layers,
        (1,),
        (0.1,) * n_layers,
        (w, last),
        {"name": "test"},
    )


def test_round_trip_is_exact(tmp_path: Path) -> None:
    model = make_model()
    save_model(tmp_path / "m.safetensors", model)
    back = load_model(tmp_path / "m.safetensors")
    assert all(np.array_equal(a, b) for a, b in zip(model.weights, back.weights, strict=True))
    assert {k: v for k, v in vars(back).items() if k != "weights"} == {
        k: v for k, v in vars(model).items() if k != "weights"
    }


def changed(path: Path, meta: dict[str, object] | None = None, **tensors: np.ndarray) -> None:
    save_model(path, make_model())
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    settings = json.loads(header["__metadata__"]["unfold"]) | (meta or {})
    settings = {k: v for k, v in settings.items() if v is not None}
    arrays = {f"W.{i}": w for i, w in enumerate(make_model().weights)} | tensors
    path.write_bytes(save(arrays, {"unfold": json.dumps(settings)}))


SHAPE = (514, 9)
BAD = {
    "wrong schema": ({"schema": 2}, {}),
    "no schema": ({"schema": None}, {}),
    "wrong kind": ({"kind": "cnn"}, {}),
    "kind of wrong type": ({"kind": []}, {}),
    "no layers": ({"layers": []}, {}),
    "layer out of range": ({"layers": [0, 0, 7]}, {}),
    "layer of wrong type": ({"layers": ["a", 0, 0]}, {}),
    "two read-outs": ({"readouts": [1, 1]}, {}),
    "read-out over the context": ({"readouts": [0]}, {}),
    "sparsity missing": ({"sparsity": [0.1]}, {}),
    "sparsity negative": ({"sparsity": [-1, 0, 0]}, {}),
    "sparsity not a number": ({"sparsity": [float("nan"), 0, 0]}, {}),
    "one source": ({"sources": [["speech", 9]]}, {}),
    "sources do not add up": ({"sources": [["speech", 5], ["noise", 5]]}, {}),
    "sources of wrong type": ({"sources": 3}, {}),
    "wrong window": ({"stft": {"sample_rate": 16000, "n_fft": 500, "hop": 128}}, {}),
    "unknown setting": ({"stft": {"rate": 16000}}, {}),
    "stft of wrong type": ({"stft": 5}, {}),
    "context zero": ({"context": 0}, {}),
    "context a truth value": ({"context": True}, {}),
    "card of wrong type": ({"card": 7}, {}),
    "NaN": ({}, {"W.0": np.full(SHAPE, np.nan, np.float32)}),
    "negative": ({}, {"W.0": np.full(SHAPE, -1, np.float32)}),
    "infinite": ({}, {"W.0": np.full(SHAPE, np.inf, np.float32)}),
    "wrong shape": ({}, {"W.0": np.ones((3, 9), np.float32)}),
    "one dimension": ({}, {"W.0": np.ones(9, np.float32)}),
    "float64": ({}, {"W.0": np.ones(SHAPE)}),
    "unknown tensor": ({}, {"Z": np.ones(3, np.float32)}),
}


@pytest.mark.parametrize("name", BAD)
def test_malformed_content_is_one_sentence(tmp_path: Path, name: str) -> None:
    meta, tensors = BAD[name]
    changed(tmp_path / "m", meta, **tensors)
    with pytest.raises(ModelError) as caught:
        load_model(tmp_path / "m")
    assert "\n" not in str(caught.value) and str(tmp_path / "m") in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"abc", b"\x00" * 100, b"RIFF" * 50, (MAX_HEADER + 1).to_bytes(8, "little") + b" " * (MAX_HEADER + 9)],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m").write_bytes(content)
    with pytest.raises(ModelError):
        load_model(tmp_path / "m")


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(ModelError):
            load_model(path)


def test_damage_anywhere_never_raises_anything_else(tmp_path: Path) -> None:
    save_model(tmp_path / "m", make_model())
    whole = (tmp_path / "m").read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole[: rng.integers(0, len(whole))] if rng.random() < 0.3 else whole)
        for place in rng.integers(0, max(1, min(len(damaged), 900)), 3):
            if damaged:
                damaged[place] = rng.integers(0, 256)
        (tmp_path / "d").write_bytes(damaged)
        try:
            load_model(tmp_path / "d")
        except ModelError:
            continue
