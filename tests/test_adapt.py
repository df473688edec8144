"""Oracles: the divergence that multiplicative updates never raise, a synthetic room whose parts are known."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from realtime.adapt import FIT_EVERY, FIT_ROWS, KNOWN_ROWS, Adapter, Room, as_heard, fit
from realtime.engine.chain import Chain
from realtime.networks.adaptive import use_room
from realtime.networks.adaptiverecord import MEAN
from realtime.plugins.denoise import FROZEN, OFF, ON, Denoise
from realtime.render import Stream
from tests.synthetic_room import model_of_tones, scene, si_sdr
from tests.test_adaptivemodel import make_adaptive_model


def divergence(rows: np.ndarray, bases: np.ndarray, n_updates: int) -> float:
    """Return the smallest Kullback-Leibler divergence of rows from mixtures of bases, after many updates of h."""
    h = np.ones((len(rows), len(bases)))
    for _ in range(n_updates):
        h *= (rows / (h @ bases + 1e-12)) @ bases.T / bases.sum(axis=1)
    model = h @ bases + 1e-12
    return float((rows * np.log((rows + 1e-12) / model) - rows + model).sum())


def rows_of(bases: np.ndarray, n: int, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).gamma(0.5, 1, (n, len(bases))) @ bases).astype(np.float32)


def random_bases(n: int, n_bins: int, seed: int) -> np.ndarray:
    bases = np.random.default_rng(seed).gamma(0.3, 1, (n, n_bins)).astype(np.float32) + 1e-4
    return (bases / bases.sum(axis=1, keepdims=True)).astype(np.float32)


def test_more_updates_never_raise_the_divergence_and_find_the_bases() -> None:
    truth = random_bases(3, 40, 0)
    rows = rows_of(truth, 200)
    found = random_bases(3, 40, 1)
    costs = [divergence(rows, found, 200)]
    for _ in range(40):
        found, _ = fit(rows, found, 5)
        costs.append(divergence(rows, found, 200))
    assert all(after <= before * 1.001 for before, after in itertools.pairwise(costs))
    assert costs[-1] < 0.02 * costs[0]


@pytest.mark.parametrize("level", [1e-3, 1.0, 1e3])
def test_parts_add_up_to_the_mean_whatever_the_level(level: float) -> None:
    rows = np.float32(level) * rows_of(random_bases(3, 40, 2), 100)
    bases, parts = fit(rows, random_bases(3, 40, 3), 30)
    np.testing.assert_allclose(bases.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(parts.sum(), rows.mean(axis=0).sum(), rtol=1e-3)
    np.testing.assert_allclose(parts.sum(axis=0), rows.mean(axis=0), rtol=0.05, atol=0.01 * level / 40)


@pytest.mark.parametrize("rows", [np.zeros((30, 20), np.float32), np.zeros((1, 20), np.float32)])
def test_silence_has_no_parts_and_keeps_the_bases_alive(rows: np.ndarray) -> None:
    bases, parts = fit(rows, random_bases(2, 20, 4))
    assert np.isfinite(bases).all() and bases.min() > 0 and parts.max() < 1e-6


def feed(room: Room, rows: np.ndarray) -> None:
    room.network.keep["heard"].write(rows)


def test_a_fit_comes_every_second_and_sees_ten() -> None:
    model = make_adaptive_model()
    network, start = model.network(512), model.room_start(257)
    room, rows = Room(network, start), np.random.default_rng(0).random((3 * FIT_ROWS, 257)).astype(np.float32)
    steps = []
    for i in range(0, len(rows), 5):
        feed(room, rows[i : i + 5])
        steps.append(room.step(ON))
    assert np.flatnonzero(steps).tolist() == list(range(FIT_EVERY // 5 - 1, len(steps), FIT_EVERY // 5))
    assert np.array_equal(np.array(room.heard), rows[-FIT_ROWS:])


def test_a_room_that_is_known_counts_as_heard_for_five_seconds() -> None:
    parts = random_bases(3, 40, 5) * np.array([[3.0], [1.0], [0.2]], np.float32)
    rows = as_heard(parts)
    assert KNOWN_ROWS - 3 < len(rows) <= KNOWN_ROWS
    _, found = fit(rows, parts / parts.sum(axis=1, keepdims=True))
    assert np.abs(found - parts).sum() < 0.05 * parts.sum()


def test_a_second_of_another_noise_does_not_make_a_known_room_forgotten() -> None:
    known, other = (10 * random_bases(2, 257, seed) for seed in (6, 7))
    after = []
    for knows in (True, False):
        network, start = (model := make_adaptive_model()).network(512), model.room_start(257)
        if knows:
            use_room(network, known)
        room = Room(network, start)
        feed(room, np.repeat(other[:1], FIT_EVERY, axis=0))
        assert room.step(ON) and room.parts is not None
        after.append(divergence(known, room.bases, 200))
    assert after[0] < 0.5 * after[1], after


def test_off_takes_the_bases_away_and_freeze_keeps_them() -> None:
    stream = Stream(Chain([plugin := Denoise(make_adaptive_model())], 16000))
    place = stream.host.chain.parameter("denoise", "adapt")[1]
    x = (0.1 * np.random.default_rng(0).standard_normal(16000)).astype(np.float32)

    def room_after(mode: int) -> np.ndarray:
        place[0] = mode
        for _ in range(2):
            stream.process(x)
        assert plugin.network is not None
        owns = plugin.network.keep["arrays"].keep["matrices"][3]
        return owns[0].keep["bases"][:2].copy()

    assert room_after(ON).min() > 0
    learned = room_after(FROZEN)  # the last fit is taken over by the first column of it
    assert np.array_equal(room_after(FROZEN), learned)
    assert not room_after(OFF).any()
    again = room_after(ON)
    assert again.min() > 0 and not np.array_equal(again, learned)


def test_the_thread_learns_and_ends() -> None:
    chain = Chain([plugin := Denoise(make_adaptive_model())], 16000)
    adapter = Adapter(SimpleNamespace(chain=chain))
    assert plugin.network is not None and adapter.hop == 128
    plugin.network.keep["heard"].write(np.ones((FIT_EVERY + 1, 257), np.float32))
    adapter.start()
    for _ in range(200):
        if "room" in plugin.network.keep:
            break
        adapter._stop.wait(0.05)
    adapter.stop()
    assert plugin.network.keep["room"][1].sum() > 0 and MEAN == 5


def test_learning_the_room_raises_si_sdr_in_a_synthetic_room() -> None:
    speech, mixture = scene(seconds=8)
    scores = {}
    for mode in (OFF, ON):
        stream = Stream(Chain([Denoise(model_of_tones())], 16000))
        stream.host.chain.parameter("denoise", "adapt")[1][0] = mode
        latency = stream.host.chain.latency
        out = stream.process(np.pad(mixture, (0, latency)))[latency:]
        half = len(out) // 2
        scores[mode] = si_sdr(speech[half:], out[half:])
    assert scores[ON] > scores[OFF] + 1, scores
