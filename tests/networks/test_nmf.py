"""Oracle: the module's three equations as numpy lines in float64, and what follows from them for any model."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.base.memory import State, aligned
from realtime.base.units import FLOOR
from realtime.networks.network import choose
from realtime.networks.nmf import MAX_TAPS, infer, layer, network, readout

N_BINS = 37  # odd, and no multiple of the rows that the kernel takes at once


def update(w: np.ndarray, m: np.ndarray, h: np.ndarray, mu: float) -> np.ndarray:
    return h * (w.T @ (m / np.maximum(w @ h, FLOOR))) / np.maximum(w.sum(axis=0) + mu, FLOOR)


def mask_of(w: np.ndarray, h: np.ndarray, n_speech: int) -> np.ndarray:
    return w[:, :n_speech] @ h[:n_speech] / np.maximum(w @ h, FLOOR)


def random_network(seed: int, n_bases: int, context: int, n_layers: int, *, tied=True, short=(), by_depth=False):
    """Return (layers, readouts, sparsity, n_speech); the layers numbered in `short` see the current column alone."""
    rng = np.random.default_rng(seed)

    def bases(n_rows: int) -> np.ndarray:
        return rng.gamma(0.5, 1, (n_rows, n_bases)).astype(np.float32)

    shared = {n: bases(n) for n in (N_BINS, N_BINS * context)}
    sizes = [N_BINS if k in short else N_BINS * context for k in range(n_layers)]
    layers = [shared[n] if tied else bases(n) for n in sizes]
    readouts = [bases(N_BINS) for _ in range(n_layers + 1 if by_depth else 1)]
    return layers, readouts, rng.uniform(0, 2, n_layers).tolist(), max(1, n_bases // 2)


def magnitudes(seed: int, n: int) -> np.ndarray:
    return np.random.default_rng(seed).gamma(0.5, 1, n).astype(np.float32)


def masks(net: State, m: np.ndarray, depth: int, taps: tuple[int, ...] = ()) -> np.ndarray:
    """Return the mask heard and those of the taps, (1 + n_taps, F)."""
    heard = np.full(N_BINS, np.nan, np.float32)
    net.keep["taps"][: len(taps)] = taps
    net.put("n_taps", len(taps))
    infer.ctypes(net.address, m.ctypes.data, depth, heard.ctypes.data)
    return np.stack([heard, *net.keep["tap_masks"].reshape(MAX_TAPS, N_BINS)[: len(taps)]])


def wanted_mask(layers, readouts, sparsity, n_speech: int, m: np.ndarray, depth: int) -> np.ndarray:
    m, h = m.astype(float), np.ones(readouts[0].shape[1])
    for w, mu in zip(layers[:depth], sparsity, strict=False):
        h = update(w.astype(float), m[-len(w) :], h, mu)
    return mask_of(readouts[depth if len(readouts) > 1 else 0].astype(float), h, n_speech)


def padded(w: np.ndarray, n_rows: int, n_bases: int) -> np.ndarray:
    laid = aligned((n_rows, n_bases))
    laid[: len(w), : w.shape[1]] = w
    return laid


@pytest.mark.parametrize("n_rows", [1, 3, 4, 5, 37, 64])
@pytest.mark.parametrize("n_bases", [16, 48])
def test_layer_is_one_multiplicative_update(n_rows: int, n_bases: int) -> None:
    w = padded(random_network(n_rows, n_bases, 2, 1)[0][0][:n_rows], -(-n_rows // 4) * 4, n_bases)
    m, h = magnitudes(1, n_rows), aligned(n_bases)
    h[:] = magnitudes(2, n_bases)
    scale, sums = aligned(n_bases), aligned(n_bases)
    scale[:] = 1 / (w.sum(axis=0) + 0.5)
    wanted = update(w[:n_rows].astype(float), m.astype(float), h.astype(float), 0.5)
    layer(w.ctypes.data, m.ctypes.data, n_rows, n_bases, h.ctypes.data, sums.ctypes.data, scale.ctypes.data)
    np.testing.assert_allclose(h, wanted, rtol=1e-5, atol=1e-30)


@pytest.mark.parametrize("n_speech", [0, 1, 31, 32])
def test_readout_is_the_share_of_the_speech_bases(n_speech: int) -> None:
    w, h = padded(random_network(0, 32, 1, 1)[1][0], 40, 32), aligned(32)
    h[:] = magnitudes(3, 32)
    mask, scratch, speech = aligned(N_BINS), aligned(32), aligned(32)
    speech[:n_speech] = 1
    readout(w.ctypes.data, N_BINS, 32, speech.ctypes.data, h.ctypes.data, scratch.ctypes.data, mask.ctypes.data)
    np.testing.assert_allclose(mask, mask_of(w[:N_BINS].astype(float), h.astype(float), n_speech), atol=1e-6)


@pytest.mark.parametrize("by_depth", [False, True])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("n_bases", [2, 16, 23, 100])
@pytest.mark.parametrize("context", [1, 4, 9])
def test_network_equals_numpy_at_every_depth(context: int, n_bases: int, tied: bool, by_depth: bool) -> None:
    parts = random_network(context * n_bases, n_bases, context, 6, tied=tied, short=(3, 5), by_depth=by_depth)
    *arrays, n_speech = parts
    net = network(*arrays, N_BINS * context, n_speech)
    m = magnitudes(4, N_BINS * context)
    for depth in range(7):
        wanted = wanted_mask(*parts, m, depth)
        np.testing.assert_allclose(masks(net, m, depth)[0], wanted, atol=1e-5)


def test_taps_shallower_deeper_and_repeated_leave_the_heard_mask_alone() -> None:
    parts = random_network(5, 40, 4, 8, tied=False, by_depth=True)
    *arrays, n_speech = parts
    net = network(*arrays, N_BINS * 4, n_speech)
    m = magnitudes(5, N_BINS * 4)
    alone = masks(net, m, 3)[0]
    taps = (8, 0, 3, 3, 5, 1, 7, 2)
    together = masks(net, m, 3, taps)
    assert np.array_equal(together[0], alone)
    for depth, mask in zip(taps, together[1:], strict=True):
        assert np.array_equal(mask, masks(net, m, depth)[0])


@pytest.mark.parametrize("choice", [{3}, {0, 1, 30, 39}, set(), set(range(40))])
def test_chosen_bases_hold_their_share(choice: set[int]) -> None:
    parts = random_network(7, 40, 4, 5, tied=False, by_depth=True)
    layers, readouts, sparsity, n_speech = parts
    net, m = network(*parts[:-1], N_BINS * 4, n_speech), magnitudes(7, N_BINS * 4)
    before = masks(net, m, 4)[0]
    choose(net, [*choice, 40, -1])
    h = np.ones(40)
    for w, mu in zip(layers[:4], sparsity, strict=False):
        h = update(w.astype(float), m[-len(w) :].astype(float), h, mu)
    w, order = readouts[4].astype(float), sorted(choice)
    wanted = w[:, order] @ h[order] / (w @ h)
    got = masks(net, m, 4, (2,))
    np.testing.assert_allclose(got[0], wanted, atol=1e-5)
    np.testing.assert_allclose(net.keep["activations"][:40], h, rtol=1e-4)
    choose(net, set(range(40)) - choice)
    np.testing.assert_allclose(got + masks(net, m, 4, (2,)), 1, atol=1e-5)
    for speech in (range(n_speech), None):
        choose(net, speech)
        assert np.array_equal(masks(net, m, 4)[0], before)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_bases=st.integers(1, 70),
    context=st.sampled_from([1, 2, 4, 9]),
    n_layers=st.integers(1, 12),
    tied=st.booleans(),
    level=st.sampled_from([1e-4, 1.0, 1e3]),
)
def test_any_network_equals_numpy_and_masks_are_shares(seed, n_bases, context, n_layers, tied, level) -> None:
    short = tuple(range(0, n_layers, 3))
    parts = random_network(seed, n_bases, context, n_layers, tied=tied, short=short)
    *arrays, n_speech = parts
    net = network(*arrays, N_BINS * context, n_speech)
    m = np.float32(level) * magnitudes(seed, N_BINS * context)
    depth = seed % (n_layers + 1)
    mask = masks(net, m, depth)[0]
    np.testing.assert_allclose(mask, wanted_mask(*parts, m, depth), atol=1e-5)
    assert mask.min() >= 0 and mask.max() <= 1 + 1e-6


@pytest.mark.parametrize("level", [1e-3, 7.0, 1e4])
def test_louder_input_gives_the_same_mask(level: float) -> None:
    """The Kullback-Leibler update is equivariant to scale: activations grow with the level, shares do not."""
    *arrays, n_speech = random_network(6, 50, 4, 10)
    net = network(*arrays, N_BINS * 4, n_speech)
    m = magnitudes(6, N_BINS * 4)
    np.testing.assert_allclose(masks(net, np.float32(level) * m, 10), masks(net, m, 10), atol=1e-5)


@pytest.mark.parametrize(
    "column",
    [
        pytest.param(np.zeros(N_BINS * 4), id="silence"),
        pytest.param(np.full(N_BINS * 4, 1e-42), id="denormal"),
        pytest.param(np.full(N_BINS * 4, 1e-30), id="tiny"),
        pytest.param(np.full(N_BINS * 4, 1e10), id="as loud as samples of +120 dBFS"),
        pytest.param(np.eye(N_BINS * 4)[5], id="one bin"),
    ],
)
def test_extreme_columns_give_shares_and_leave_no_trace(column: np.ndarray) -> None:
    *arrays, n_speech = random_network(7, 30, 4, 25)
    net = network(*arrays, N_BINS * 4, n_speech)
    m = magnitudes(7, N_BINS * 4)
    before = masks(net, m, 25)
    strange = masks(net, column.astype(np.float32), 25)
    assert np.isfinite(strange).all() and strange.min() >= 0 and strange.max() <= 1 + 1e-6
    assert np.array_equal(masks(net, m, 25), before)


def test_zero_activations_give_a_mask_of_zero() -> None:
    """Silence drives every activation to 0, and a model that holds nothing keeps nothing."""
    *arrays, n_speech = random_network(8, 30, 1, 2)
    net = network(*arrays, N_BINS, n_speech)
    assert not masks(net, np.zeros(N_BINS, np.float32), 2).any()


def test_tied_layers_share_their_memory() -> None:
    *arrays, n_speech = random_network(9, 20, 2, 5)
    net = network(*arrays, N_BINS * 2, n_speech)
    assert len(set(net.keep["bank"][1].keep["weights"].tolist())) == 1
