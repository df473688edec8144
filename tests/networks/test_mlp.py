"""Oracle: the module's two equations as numpy lines in float64."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from realtime.base.memory import State
from realtime.networks.mlp import infer, network
from realtime.networks.network import MAX_TAPS


def random_parts(seed: int, sizes: list[int]):
    """Return (weights, biases, exponent, mean, deviation)."""
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray:
        return (rng.standard_normal(shape) * (4 / shape[-1]) ** 0.5).astype(np.float32)

    weights = [normal(n_out, n_in) for n_in, n_out in itertools.pairwise(sizes)]
    mean, deviation = (rng.uniform(0.5, 1, sizes[0]).astype(np.float32) for _ in range(2))
    return weights, [normal(n) for n in sizes[1:]], float(rng.uniform(0.2, 1)), mean, deviation


def wanted_mask(parts, m: np.ndarray) -> np.ndarray:
    weights, biases, exponent, mean, deviation = parts
    v = (m.astype(float) ** exponent - mean) / deviation
    for w, b in zip(weights, biases, strict=True):
        v = expit(w @ v + b)
    return v


def masks(net: State, m: np.ndarray, depth: int, taps: tuple[int, ...] = ()) -> np.ndarray:
    """Return the mask heard and those of the taps, (1 + n_taps, F)."""
    n_bins = int(net["n_bins"])
    heard = np.full(n_bins, np.nan, np.float32)
    net.keep["taps"][: len(taps)] = taps
    net.put("n_taps", len(taps))
    infer.ctypes(net.address, m.ctypes.data, depth, heard.ctypes.data)
    return np.stack([heard, *net.keep["tap_masks"].reshape(MAX_TAPS, n_bins)[: len(taps)]])


def magnitudes(seed: int, n: int) -> np.ndarray:
    return np.random.default_rng(seed).gamma(0.5, 1, n).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.lists(st.integers(1, 50), min_size=2, max_size=5),
    level=st.sampled_from([0.0, 1e-3, 1.0, 1e3]),
)
def test_any_network_equals_numpy(seed: int, sizes: list[int], level: float) -> None:
    parts = random_parts(seed, sizes)
    net, m = network(*parts), np.float32(level) * magnitudes(seed, sizes[0])
    for _ in range(2):  # an odd number of layers leaves its two buffers swapped
        np.testing.assert_allclose(masks(net, m, 1)[0], wanted_mask(parts, m), atol=1e-5)


@pytest.mark.parametrize("depth", [0, 1])
def test_no_layer_keeps_all_and_taps_say_the_same(depth: int) -> None:
    parts = random_parts(3, [20, 7, 11])
    net, m = network(*parts), magnitudes(3, 20)
    heard, *tapped = masks(net, m, depth, (0, 1, 0))
    mask = wanted_mask(parts, m)
    np.testing.assert_allclose(heard, mask if depth else np.ones(11), atol=1e-5)
    np.testing.assert_allclose(tapped, [np.ones(11), mask, np.ones(11)], atol=1e-5)


@pytest.mark.parametrize("column", [np.zeros(20), np.full(20, 1e-42), np.full(20, 1e10), np.eye(20)[5]])
def test_extreme_columns_give_shares_and_leave_no_trace(column: np.ndarray) -> None:
    net, m = network(*random_parts(4, [20, 9, 9, 6])), magnitudes(4, 20)
    before = masks(net, m, 1)
    strange = masks(net, column.astype(np.float32), 1)
    assert np.isfinite(strange).all() and strange.min() >= 0 and strange.max() <= 1
    assert np.array_equal(masks(net, m, 1), before)
