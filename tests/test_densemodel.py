"""Oracles: a round trip, the numpy forward over the engine's own transform, one rate against another."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save
from scipy.signal import firwin, lfilter, resample_poly

from realtime.base.errors import ModelError
from realtime.densemodel import DenseModel
from realtime.dsp.stft import windows
from realtime.engine.chain import Chain
from realtime.model import load_model, save_model
from realtime.modelfile import StftSettings
from realtime.plugins.denoise import Denoise
from realtime.render import render


def make_dense_model(context: int = 2, hidden: tuple[int, ...] = (9, 6), seed: int = 0) -> DenseModel:
    rng = np.random.default_rng(seed)
    sizes = (257 * context, *hidden, 257)

    def normal(*shape: int) -> np.ndarray:
        return (rng.standard_normal(shape) * (4 / shape[-1]) ** 0.5).astype(np.float32)

    weights = tuple(normal(n_out, n_in) for n_in, n_out in itertools.pairwise(sizes))
    biases = tuple(normal(n) for n in sizes[1:])
    mean, std = (rng.uniform(0.5, 1, sizes[0]).astype(np.float32) for _ in range(2))
    return DenseModel("mlp", StftSettings(), context, 1 / 3, weights, biases, mean, std, {"name": "test"})


def masks(model: DenseModel, magnitudes: np.ndarray) -> np.ndarray:
    """Return the masks (F, N) of magnitudes (F, N), in float64."""
    padded = np.pad(magnitudes.astype(float), ((0, 0), (model.context - 1, 0)))
    n = magnitudes.shape[1]
    stack = np.concatenate([padded[:, t : t + n] for t in range(model.context)])
    v = (stack**model.compression - model.mean[:, None]) / model.std[:, None]
    for w, b in zip(model.weights, model.biases, strict=True):
        v = 1 / (1 + np.exp(-(w @ v + b[:, None])))
    return v


def noise(n: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(1).standard_normal(n)).astype(np.float32)


def test_round_trip_is_exact(tmp_path: Path) -> None:
    model = make_dense_model()
    save_model(tmp_path / "m.safetensors", model)
    back = load_model(tmp_path / "m.safetensors")
    assert isinstance(back, DenseModel) and (back.n_layers, back.n_bins) == (1, 257)
    assert back.macs_per_column == 514 * 9 + 9 * 6 + 6 * 257
    assert back.n_parameters == back.macs_per_column + 9 + 6 + 257 + 2 * 514
    for name, value in vars(model).items():
        found = getattr(back, name)
        if name in ("weights", "biases", "mean", "std"):
            assert all(np.array_equal(a, b) for a, b in zip(value, found, strict=True))
        else:
            assert found == value


@pytest.mark.parametrize("hidden", [(9, 6), (5,), (16, 4, 31)])
@pytest.mark.parametrize("context", [1, 3])
def test_the_plugin_applies_the_mask_of_the_equations(context: int, hidden: tuple[int, ...]) -> None:
    model, x = make_dense_model(context, hidden), noise(8000)
    n_fft, hop = model.stft.n_fft, model.stft.hop
    analysis, synthesis = windows(n_fft, n_fft, hop)
    padded = np.pad(x, (n_fft - hop, n_fft + hop))
    starts = np.arange(0, len(padded) - n_fft + 1, hop)
    spectra = np.fft.rfft(padded[starts[:, None] + np.arange(n_fft)] * analysis, axis=1).T
    wanted = np.zeros(len(padded))
    for start, frame in zip(starts, np.fft.irfft((spectra * masks(model, np.abs(spectra))).T, axis=1), strict=True):
        wanted[start : start + n_fft] += frame * synthesis
    got = render(x, Chain([Denoise(model)], 16000))
    assert np.abs(got - wanted[n_fft - hop :][: len(x)]).max() < 1e-5 * np.abs(wanted).max()


@pytest.mark.parametrize("rate", [32000, 48000, 96000])
def test_a_higher_rate_changes_neither_level_nor_mask(rate: int) -> None:
    times, model = rate // 16000, make_dense_model()
    x = lfilter(firwin(401, 6000, fs=16000), 1, noise(16000)).astype(np.float32)
    taps = firwin(400 * times + 1, 0.98 / times, window=("kaiser", 8.0))
    got = render(resample_poly(x, times, 1, window=taps).astype(np.float32), Chain([Denoise(model)], rate))
    wanted = render(x, Chain([Denoise(model)], 16000))
    difference = (resample_poly(got, 1, times, window=taps) - wanted)[1000:-1000]
    assert np.sqrt(np.mean(difference**2)) < 1e-3 * np.sqrt(np.mean(wanted**2))


def test_bins_that_a_low_rate_does_not_have_add_nothing() -> None:
    """At 8 kHz the upper half is missing: as if those inputs were at their means."""
    model = make_dense_model()
    net = model.network(256)
    assert (net["n_bins"], net["n_inputs"], net["n_layers"]) == (129, 2 * 129, 1)
    chain = Chain([Denoise(model)], 8000)
    assert np.isfinite(render(noise(8000), chain)).all()


def test_no_layers_leave_the_input_as_it_is() -> None:
    chain = Chain([Denoise(make_dense_model())], 16000)
    chain.parameter("denoise", "layers")[1][0] = 0
    x = noise(8000)
    assert np.abs(render(x, chain) - x).max() < 1e-6


BAD = {
    "no compression": ({"compression": None}, {}),
    "compression of zero": ({"compression": 0}, {}),
    "compression not a number": ({"compression": float("nan")}, {}),
    "wrong schema": ({"schema": 2}, {}),
    "wrong window": ({"stft": {"sample_rate": 16000, "n_fft": 500, "hop": 128}}, {}),
    "context of three": ({"context": 3}, {}),
    "std of zero": ({}, {"std": np.zeros(514, np.float32)}),
    "mean of wrong shape": ({}, {"mean": np.ones(257, np.float32)}),
    "a layer that does not fit": ({}, {"W.1": np.ones((6, 8), np.float32)}),
    "a bias that does not fit": ({}, {"b.1": np.ones(5, np.float32)}),
    "a last layer of other bins": ({}, {"W.2": np.ones((3, 6), np.float32), "b.2": np.ones(3, np.float32)}),
    "one dimension": ({}, {"W.0": np.ones(9, np.float32)}),
    "NaN": ({}, {"b.0": np.full(9, np.nan, np.float32)}),
    "float64": ({}, {"b.0": np.ones(9)}),
    "unknown tensor": ({}, {"Z": np.ones(3, np.float32)}),
    "a layer too many": ({}, {"W.3": np.ones((257, 257), np.float32)}),
}


@pytest.mark.parametrize("name", BAD)
def test_malformed_content_is_one_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / "m"
    meta, tensors = make_dense_model().content()
    changes, others = BAD[name]
    settings = {k: v for k, v in ({"schema": 1} | meta | changes).items() if v is not None}
    path.write_bytes(save(tensors | others, {"unfold": json.dumps(settings)}))
    with pytest.raises(ModelError) as caught:
        load_model(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
