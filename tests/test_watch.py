"""Oracles: the same network run at each depth by itself, the read-out's equation, the level of a sine of full scale."""

import numpy as np
import pytest

from realtime.adaptivemodel import AdaptiveModel
from realtime.engine.chain import Chain
from realtime.plugins.denoise import OFF, Denoise
from realtime.plugins.gain import Gain
from realtime.render import Stream
from realtime.watch import Columns, Watch
from tests.test_adaptivemodel import make_adaptive_model
from tests.test_densemodel import make_dense_model
from tests.test_model import make_model

RATE = 16000


def columns_of(x: np.ndarray, depths: tuple[int, ...], layers: int, latency_ms: int = 32) -> tuple[Columns, Watch]:
    chain = Chain([Denoise(make_model(n_layers=6), latency_ms)], RATE)
    chain.parameter("denoise", "layers")[1][0] = layers
    stream, watch = Stream(chain), Watch(chain, depths)
    stream.process(x)
    return watch.read(), watch


def test_tapped_depths_equal_the_network_run_to_that_depth() -> None:
    x = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    depths = (0, 1, 2, 4, 6)
    tapped, watch = columns_of(x, depths, layers=3)
    assert (watch.n_layers, watch.depths, len(tapped.magnitudes)) == (6, depths, 125)
    for i, depth in enumerate(depths):
        alone, _ = columns_of(x, (), layers=depth)
        assert np.array_equal(alone.magnitudes, tapped.magnitudes)
        assert np.abs(alone.mask - tapped.taps[:, i]).max() <= 1e-5


@pytest.mark.parametrize("latency_ms", [32, 16, 8, 4])
def test_full_scale_is_one_and_time_runs_alike_in_every_mode(latency_ms: int) -> None:
    x = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    columns, watch = columns_of(x, (), 1, latency_ms)
    assert watch.column_s == 0.008 and abs(len(columns.magnitudes) - 125) <= 1
    assert columns.magnitudes[20:, round(1000 / watch.bin_hz)] == pytest.approx(1, rel=2e-3)


def test_columns_that_find_the_ring_full_are_counted() -> None:
    chain = Chain([Denoise(make_model())], RATE)
    stream, watch = Stream(chain), Watch(chain)
    n = 700
    stream.process(np.zeros(n * 128, np.float32))
    columns = watch.read()
    assert (len(columns.magnitudes), columns.n_lost) == (512, n - 512)
    stream.process(np.zeros(1280, np.float32))
    assert (len(watch.read().magnitudes), watch.read().n_lost) == (10, 0)


def test_a_chain_without_a_network_has_nothing_to_watch() -> None:
    watch = Watch(Chain([Gain()], RATE), (0, 1))
    columns = watch.read()
    assert watch.model is None and watch.n_layers == 0 and columns.magnitudes.shape == (0, 1)
    watch.close()


def test_nothing_is_published_after_close() -> None:
    chain = Chain([Denoise(make_model())], RATE)
    stream, watch = Stream(chain), Watch(chain)
    watch.close()
    stream.process(np.zeros(1280, np.float32))
    assert len(watch.read().magnitudes) == 0


@pytest.mark.parametrize("make", [make_model, make_adaptive_model])
@pytest.mark.parametrize("latency_ms", [32, 4])
def test_what_the_bases_hold_gives_the_mask(make, latency_ms: int) -> None:
    """From activations, spectra and what each basis stands for alone, by the read-out's equation in numpy."""
    plugin = Denoise(make(), latency_ms)
    chain = Chain([plugin], RATE)
    if isinstance(plugin.model, AdaptiveModel):
        chain.parameter("denoise", "adapt")[1][0] = OFF
    stream, watch, x = Stream(chain), Watch(chain), np.random.default_rng(1).normal(0, 0.1, RATE).astype(np.float32)
    stream.process(x[:-128])
    watch.read()
    spectra = watch.spectra()  # the followers move after each column
    stream.process(x[-128:])
    columns = watch.read()
    terms = spectra * columns.activations[0]
    of_speech = np.array([basis.is_speech for basis in watch.bases])
    s, n = terms[:, of_speech].sum(axis=1), terms[:, ~of_speech].sum(axis=1)
    wanted = s / (s + n)
    if isinstance(plugin.model, AdaptiveModel):
        w, magnitudes = plugin.model.weights, columns.magnitudes[0] * 512 / np.pi
        v = (magnitudes + 1e-4) ** 0.67 * w.input
        ratio, rest = np.log((s + 1e-4) / (n + 1e-4)), np.log((v + 1e-4) / (s + n + 1e-4))
        wanted = 1 / (1 + np.exp(-w.slope[-1] * (ratio + w.follow[-1] * rest)))
    assert (len(columns.mask), len(watch.bases)) == (1, spectra.shape[1])
    np.testing.assert_allclose(columns.mask[0], wanted, atol=1e-4)


def test_a_network_without_bases_shows_none() -> None:
    chain = Chain([Denoise(make_dense_model())], RATE)
    watch = Watch(chain)
    Stream(chain).process(np.zeros(1280, np.float32))
    assert watch.bases == () and watch.spectra().shape == (257, 0) and watch.read().activations.shape == (10, 0)
