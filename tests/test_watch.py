"""Oracles: the same network run at each depth by itself, and the level of a sine of full scale."""

import numpy as np
import pytest

from realtime.engine.chain import Chain
from realtime.plugins.denoise import Denoise
from realtime.plugins.gain import Gain
from realtime.render import Stream
from realtime.watch import Columns, Watch
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
