"""Oracles: the offline render, a weak reference, a sine of full scale, the gain of a gain, the order of depths."""

import gc
import weakref

import numpy as np
import pytest

from realtime.compare import Follower, depth_loads
from realtime.engine.chain import Chain
from realtime.plugins.delay import Delay
from realtime.plugins.denoise import Denoise
from realtime.plugins.gain import Gain
from realtime.render import render
from tests.test_model import make_model

RATE = 16000
HOP, N_FFT = 128, 512


def follow(chain: Chain, x: np.ndarray, sizes: list[int]) -> tuple[np.ndarray, Follower]:
    follower, parts, start = Follower(chain, N_FFT // 2 + 1), [], 0
    for n in sizes:
        parts.append(follower.follow(x[start : start + n]).magnitudes)
        start += n
    return np.concatenate(parts), follower


@pytest.mark.parametrize("sizes", [[16000], [1, 0, 777, 128, 15094], [4000] * 4])
def test_columns_are_those_of_the_offline_output(sizes: list[int]) -> None:
    x = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    columns, follower = follow(Chain([Denoise(make_model())], RATE), x, sizes)
    y = np.concatenate([np.zeros(N_FFT - HOP), render(x, Chain([Denoise(make_model())], RATE))])
    window = np.sin(np.pi * np.arange(N_FFT) / N_FFT)
    assert (follower.hop, len(columns)) == (HOP, (RATE - N_FFT) // HOP)  # the latency is still to come
    for i in (0, 5, 60, len(columns) - 1):
        wanted = np.abs(np.fft.rfft(window * y[i * HOP : i * HOP + N_FFT])) / window.sum() * 2
        assert np.abs(columns[i] - wanted).max() <= 1e-5


def test_a_sine_of_full_scale_is_one() -> None:
    x = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    columns, _ = follow(Chain([Delay()], RATE), x, [RATE])
    assert columns[50:, 32] == pytest.approx(1, rel=1e-3)


def test_what_a_gain_removes_is_its_gain_and_only_the_last_second_counts() -> None:
    chain = Chain([Gain()], RATE)
    follower = Follower(chain, 257)
    x = np.random.default_rng(0).normal(0, 0.1, RATE // 2).astype(np.float32)
    place = chain.parameter("gain", "gain")[1]
    for gain_db in (0.0, -6.0, -6.0, -6.0):
        place[0] = gain_db
        followed = follower.follow(x)
    assert followed.removed_db == pytest.approx(6, abs=0.01)
    assert 0 < followed.load < 1
    assert follower.follow(np.zeros(0, np.float32)).removed_db == pytest.approx(6, abs=0.01)


def test_silence_removes_nothing() -> None:
    assert Follower(Chain([Gain()], RATE), 257).follow(np.zeros(100, np.float32)).removed_db == 0


def test_deeper_costs_more() -> None:
    loads = depth_loads(Chain([Denoise(make_model(n_layers=30))], RATE), (0, 30))
    assert len(loads) == 2 and 0 < loads[0] < loads[1]


def test_what_nobody_follows_any_more_is_freed_at_once() -> None:
    """Tens of megabytes each: too much to lie about until the collector comes."""
    chain = Chain([Denoise(make_model())], RATE)
    gone = weakref.ref(chain)
    gc.disable()
    try:
        follow(chain, np.zeros(RATE, np.float32), [RATE])
        del chain
        assert gone() is None
    finally:
        gc.enable()
