"""Oracle: `adaptive_oracle`, the equations in numpy, column after column; and what must hold for any weights."""

import dataclasses

import numpy as np
import pytest

from realtime.base.handover import USED
from realtime.base.memory import State
from realtime.networks.adaptive import network, room_of, use_room
from realtime.networks.adaptiveinfer import infer
from realtime.networks.adaptiverecord import MEAN
from realtime.networks.network import MAX_TAPS, choose
from tests.networks.adaptive_oracle import Oracle, random_weights

N_BINS, N_LAYERS, N_SPEECH, EXPONENT, SHARE = 37, 3, 13, 0.67, 0.2


def made(weights, n_streams: int = 1, n_bins: int = N_BINS) -> State:
    return network(weights, N_SPEECH, EXPONENT, SHARE, n_bins, 1.0, n_streams)


def columns(seed: int, n: int, level: float = 1.0) -> np.ndarray:
    return (level * np.random.default_rng(seed).gamma(0.5, 1, (n, N_BINS))).astype(np.float32)


def heard(net: State, column: np.ndarray, depth: int = N_LAYERS, taps: tuple[int, ...] = ()) -> np.ndarray:
    """Return the mask heard and those of the taps, (1 + n_taps, F)."""
    n_bins = len(column)
    masks = np.full(n_bins, np.nan, np.float32)
    net.keep["taps"][: len(taps)] = taps
    net.put("n_taps", len(taps))
    infer.ctypes(net.address, column.ctypes.data, depth, masks.ctypes.data)
    return np.stack([masks, *net.keep["tap_masks"].reshape(MAX_TAPS, n_bins)[: len(taps)]])


@pytest.mark.parametrize("followers", ["nnsf", "", "ssnnnff"])
@pytest.mark.parametrize("n_bases", [16, 23, 50])
@pytest.mark.parametrize("level", [1e-3, 1.0, 300.0])
def test_forty_columns_equal_numpy(followers: str, n_bases: int, level: float) -> None:
    weights = random_weights(n_bases, n_bases=n_bases, followers=followers)
    net, oracle = made(weights), Oracle(weights, N_SPEECH, EXPONENT, SHARE)
    for column in columns(1, 40, level):
        np.testing.assert_allclose(heard(net, column)[0], oracle.column(column)[-1], atol=1e-5)


@pytest.mark.parametrize("followers", ["nfns", "s"])
def test_without_bases_of_a_room_forty_columns_equal_numpy(followers: str) -> None:
    weights = random_weights(5, n_room=0, followers=followers)
    net, oracle = made(weights), Oracle(weights, N_SPEECH, EXPONENT, SHARE)
    for column in columns(6, 40):
        np.testing.assert_allclose(heard(net, column)[0], oracle.column(column)[-1], atol=1e-5)


@pytest.mark.parametrize("depth", range(N_LAYERS + 1))
def test_every_depth_is_heard_from_the_same_memory_and_taps_leave_it_alone(depth: int) -> None:
    weights, taps = random_weights(3), (0, 2, 1)
    net, alone, oracle = made(weights), made(weights), Oracle(weights, N_SPEECH, EXPONENT, SHARE)
    for column in columns(2, 20):
        wanted = oracle.column(column)
        mask, *tapped = heard(net, column, depth, taps)
        np.testing.assert_allclose(mask, wanted[depth], atol=1e-5)
        np.testing.assert_allclose(tapped, [wanted[tap] for tap in taps], atol=1e-5)
        assert np.array_equal(mask, heard(alone, column, depth)[0])


def test_streams_that_take_turns_do_not_hear_each_other() -> None:
    weights = random_weights(4)
    together, alone = made(weights, 3), [made(weights) for _ in range(3)]
    for column in columns(3, 10):
        for i, net in enumerate(alone):
            other = (column * (i + 1)).astype(np.float32)
            assert np.array_equal(heard(together, other)[0], heard(net, other)[0])


def test_a_room_is_taken_over_whole_at_the_next_column() -> None:
    weights = random_weights(5)
    net, oracle = made(weights), Oracle(weights, N_SPEECH, EXPONENT, SHARE)
    rooms = columns(6, 4).reshape(2, 2, N_BINS)
    for i, column in enumerate(columns(4, 30)):
        if i in (0, 11, 12):
            room = rooms[i % 2]
            assert use_room(net, room)
            assert not use_room(net, room), "a second set must wait until the first is taken over"
            oracle.own[:2] = room
        np.testing.assert_allclose(heard(net, column)[0], oracle.column(column)[-1], atol=1e-5)
        words = net.keep["arrays"].keep["room"]
        assert words[USED] == (net.keep["room"][1].ctypes.data)


def test_a_share_of_a_room_is_the_room_at_a_lower_level() -> None:
    weights, room = random_weights(5), columns(6, 2)
    part, whole = network(weights, N_SPEECH, EXPONENT, SHARE, N_BINS, 1.0, 1, 0.25), made(weights)
    assert use_room(part, room) and use_room(whole, np.float32(0.25) * room)
    assert np.array_equal(room_of(part), room) and room_of(made(weights)) is None
    for column in columns(4, 20):
        assert np.array_equal(heard(part, column)[0], heard(whole, column)[0])


def test_what_the_mask_removed_is_handed_over_as_means() -> None:
    weights = random_weights(6)
    net, oracle = made(weights), Oracle(weights, N_SPEECH, EXPONENT, SHARE)
    for column in columns(5, 4 * MEAN + 2):
        heard(net, column)
        oracle.column(column)
    wanted = np.array(oracle.removed[: 4 * MEAN]).reshape(4, MEAN, N_BINS).mean(axis=1)
    np.testing.assert_allclose(net.keep["heard"].read(), wanted, rtol=1e-4, atol=1e-6)


def test_a_ring_that_nobody_reads_refuses_and_stays_whole() -> None:
    net = made(random_weights(7))
    ring = net.keep["heard"]
    for column in np.tile(columns(6, 10), (ring.capacity * MEAN // 10 + 2, 1)):
        heard(net, column)
    assert ring.refused > 0 and len(ring.read()) == ring.capacity


def test_silence_before_the_stream_is_no_beginning() -> None:
    weights = random_weights(8)
    net, fresh = made(weights), made(weights)
    for _ in range(3):
        assert np.array_equal(heard(net, np.zeros(N_BINS, np.float32))[0], np.ones(N_BINS))
    for column in columns(7, 5):
        assert np.array_equal(heard(net, column)[0], heard(fresh, column)[0])


@pytest.mark.parametrize("value", [0.0, 1e-42, 1e10, np.finfo(np.float32).max])
def test_extreme_columns_leave_shares_and_are_forgotten(value: float) -> None:
    weights = dataclasses.replace(random_weights(9), own_rate=np.array([0, 0, 0.5, 0.5, 0.5], np.float32))
    net, spared = made(weights), made(weights)
    usual = columns(8, 400)
    for column in usual[:20]:
        heard(net, column), heard(spared, column)
    strange = heard(net, np.full(N_BINS, value, np.float32))[0]
    assert np.isfinite(strange).all() and strange.min() >= 0 and strange.max() <= 1
    for column in usual[20:]:
        after, wanted = heard(net, column)[0], heard(spared, column)[0]
    np.testing.assert_allclose(after, wanted, atol=2e-2)


def test_bins_that_a_low_rate_does_not_have_are_left_out() -> None:
    """As if the network had been made without their rows, at the level that all bins would have."""
    weights, n = random_weights(10), 20
    cut = {name: getattr(weights, name)[..., :n] for name in ("input", "slope", "follow", "room")}
    rows = np.r_[:n, N_BINS : N_BINS + 23]
    less = dataclasses.replace(weights, W=weights.W[:, rows], read=weights.read[:, :n], **cut)
    net, oracle = made(weights, n_bins=n), Oracle(less, N_SPEECH, EXPONENT, SHARE, n_trained=N_BINS)
    for column in columns(9, 20)[:, :n].copy():
        np.testing.assert_allclose(heard(net, column)[0], oracle.column(column)[-1], atol=1e-5)


CHOICES = {"alone": {4}, "muted": set(range(N_SPEECH)) - {2} | {27}, "followers": {25, 26, 27}, "none": set()}


@pytest.mark.parametrize("depth", range(N_LAYERS + 1))
@pytest.mark.parametrize("name", CHOICES)
def test_chosen_bases_hold_their_share_and_the_network_goes_on_as_it_was(name: str, depth: int) -> None:
    weights = random_weights(11)
    net, others, oracle = made(weights), made(weights), Oracle(weights, N_SPEECH, EXPONENT, SHARE)
    for i, column in enumerate(columns(10, 12)):
        choice = np.isin(np.arange(28), list(CHOICES[name])) if 3 <= i < 9 else None
        choose(net, None if choice is None else CHOICES[name])
        choose(others, None if choice is None else set(range(28)) - CHOICES[name])
        wanted = oracle.column(column, choice)
        mask, *taps = heard(net, column, depth, (1, 3))
        np.testing.assert_allclose(mask, wanted[depth], atol=1e-5)
        np.testing.assert_allclose(taps, [wanted[1], wanted[3]], atol=1e-5)
        rest = heard(others, column, depth)[0]
        np.testing.assert_allclose(mask + rest, 1 if choice is not None else 2 * wanted[depth], atol=2e-5)


def test_a_choice_changes_nothing_for_those_who_choose_nothing_or_what_is_heard_anyway() -> None:
    weights = random_weights(12)
    net, chosen, was_chosen = made(weights), made(weights), made(weights)
    choose(chosen, [*range(N_SPEECH), 27])
    for i, column in enumerate(columns(11, 20)):
        choose(was_chosen, {3, 26} if i < 10 else None)
        wanted, after = heard(net, column)[0], heard(was_chosen, column)[0]
        np.testing.assert_allclose(heard(chosen, column)[0], wanted, atol=1e-6)
        assert np.array_equal(after, wanted) == (i >= 10)


@pytest.mark.parametrize("depth", [1, N_LAYERS])
def test_activations_are_those_of_the_last_layer(depth: int) -> None:
    weights = random_weights(13)
    net, oracle = made(weights), Oracle(weights, N_SPEECH, EXPONENT, SHARE)
    for column in columns(12, 10):
        heard(net, column, depth)
        oracle.column(column)
        np.testing.assert_allclose(net.keep["activations"], oracle.activations, rtol=1e-4)
