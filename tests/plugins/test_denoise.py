"""Oracles: perfect reconstruction, an exact delay, the numpy forward of the theory, one block size against another."""

import dataclasses

import numpy as np
import pytest

from realtime.dsp.stft import window_size, windows
from realtime.engine.chain import Chain
from realtime.plugins.denoise import Denoise
from realtime.render import Stream, render
from tests.test_model import make_model

RATES = (8000, 16000, 32000, 44100, 48000, 96000)
LATENCIES = (32, 16, 8, 4)


def noise(n: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(n)).astype(np.float32)


def all_pass_model(hop: int = 128):
    model = make_model()
    weights = tuple(np.where(np.arange(9) < 5, w, 0).astype(np.float32) for w in model.weights)
    return dataclasses.replace(model, weights=weights, stft=dataclasses.replace(model.stft, hop=hop))


@pytest.mark.parametrize("hop", [128, 256])
@pytest.mark.parametrize("latency_ms", LATENCIES)
@pytest.mark.parametrize("rate", RATES)
def test_unit_mask_reconstructs_the_input(rate: int, latency_ms: int, hop: int) -> None:
    chain = Chain([Denoise(all_pass_model(hop), latency_ms)], rate)
    assert chain.latency == window_size(rate) * latency_ms // 32
    x = noise(rate // 4)
    assert np.abs(render(x, chain) - x).max() < 1e-6


@pytest.mark.parametrize("latency_ms", [32, 4])
def test_output_is_the_same_for_every_block_size(latency_ms: int) -> None:
    x = noise(20000, 1)
    wanted = Stream(Chain([Denoise(make_model(), latency_ms)], 48000)).process(x)
    for block in (1, 7, 64, 128, 333, 480, 1024, 1025, 8192):
        stream = Stream(Chain([Denoise(make_model(), latency_ms)], 48000))
        got = np.concatenate([stream.process(x[i : i + block]) for i in range(0, len(x), block)])
        assert np.array_equal(got, wanted), block


def reference(x: np.ndarray, model, depth: int, rate: int, least: float = 0.0) -> np.ndarray:
    """The theory, column by column, in float64."""
    n_fft = window_size(rate)
    hop = n_fft * model.stft.hop // model.stft.n_fft
    analysis, synthesis = windows(n_fft, n_fft, hop)
    n_bins, context = min(model.n_bins, n_fft // 2 + 1), model.context
    crop = [
        w.reshape(-1, model.n_bins, w.shape[1])[:, :n_bins].reshape(-1, w.shape[1]).astype(float) for w in model.weights
    ]
    n_speech = model.sources[0][1]
    padded = np.concatenate([np.zeros(n_fft - hop), x, np.zeros(2 * n_fft)])
    out, stack = np.zeros(len(padded) + n_fft), np.zeros(n_bins * context)
    for start in range(0, len(padded) - n_fft + 1, hop):
        spectrum = np.fft.rfft(padded[start : start + n_fft] * analysis)
        stack = np.concatenate([stack[n_bins:], np.abs(spectrum[:n_bins])])
        h = np.ones(model.n_bases)
        for k in range(depth):
            w = crop[model.layers[k]]
            m = stack[-len(w) :]
            h = h * (w.T @ (m / np.maximum(w @ h, 1e-9))) / (w.sum(0) + model.sparsity[k])
        w = crop[model.readouts[0]]
        mask = (w[:, :n_speech] @ h[:n_speech]) / np.maximum(w @ h, 1e-9)
        top, current = slice(n_bins - n_bins // 4, n_bins), stack[-n_bins:]
        extension = (mask[top] * current[top]).sum() / (current[top].sum() + 1e-20)
        full = np.concatenate([mask, np.full(len(spectrum) - n_bins, extension)])
        out[start : start + n_fft] += np.fft.irfft(spectrum * np.maximum(full, least)) * synthesis
    return out[n_fft - hop :][: len(x)]


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_equals_the_numpy_forward(rate: int, depth: int) -> None:
    model = make_model(context=3)
    chain = Chain([Denoise(model)], rate)
    chain.parameter("denoise", "layers")[1][0] = depth
    x = noise(rate // 4, 2)
    wanted = reference(x, model, depth, rate)
    assert np.abs(render(x, chain) - wanted).max() < 1e-5 * np.abs(wanted).max()


def test_amount_zero_is_the_delayed_input_bit_for_bit() -> None:
    chain = Chain([Denoise(make_model())], 48000)
    chain.parameter("denoise", "amount")[1][0] = 0
    x = noise(9000)
    assert np.array_equal(render(x, chain)[1000:], x[1000:])


def test_amount_limits_what_is_removed() -> None:
    model = make_model()
    chain = Chain([Denoise(model)], 16000)
    chain.parameter("denoise", "amount")[1][0] = 12
    x = noise(8000)
    wanted = reference(x, model, 3, 16000, least=10 ** (-12 / 20))
    assert np.abs(render(x, chain) - wanted).max() < 1e-6
    silent = dataclasses.replace(
        model, weights=tuple(np.where(np.arange(9) < 5, 0, w).astype(np.float32) for w in model.weights)
    )
    chain = Chain([Denoise(silent)], 16000)
    chain.parameter("denoise", "amount")[1][0] = 12
    assert np.abs(render(x, chain) - 10 ** (-12 / 20) * x).max() < 1e-6


def test_taps_are_the_masks_of_their_depths() -> None:
    model = make_model()
    plugin = Denoise(model)
    chain = Chain([plugin], 16000)
    plugin.watch((0, 2))
    stream = Stream(chain)
    x = noise(4000)
    stream.process(x)
    rows = plugin.columns.read()
    assert len(rows) == 4000 // 128
    for depth, part in ((0, 2), (2, 3)):
        other = Denoise(model)
        chain = Chain([other], 16000)
        chain.parameter("denoise", "layers")[1][0] = depth
        other.watch()
        Stream(chain).process(x)
        heard = other.columns.read()[:, 257:514]
        assert np.array_equal(rows[:, 257 * part : 257 * (part + 1)], heard)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30, 1e-42])
def test_a_bad_block_is_silence_and_the_rest_is_right(bad: float) -> None:
    x = noise(16000)
    x[5120:5248] = 0
    wanted = Stream(Chain([Denoise(make_model())], 16000)).process(x)
    stream = Stream(Chain([Denoise(make_model())], 16000))
    x[5200] = bad
    got = np.concatenate([stream.process(x[i : i + 128]) for i in range(0, len(x), 128)])
    assert np.abs(got - wanted).max() < 1e-7
    assert stream.host.status().bad_blocks == (0 if bad == 1e-42 else 1)
