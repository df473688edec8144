"""Oracles: spectra before and after, exact lengths, an impulse through a room, RMS of made noises."""

import numpy as np
import pytest

from training import augment
from training.data import RATE
from training.procedural import KINDS


def tone(hz: float, n: int = RATE) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(n) / RATE).astype(np.float32)


def rms(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(x.astype(float) ** 2)))


def test_speed_changes_length_and_pitch_alike() -> None:
    lengths = set()
    for seed in range(12):
        y = augment.speed(tone(1000), np.random.default_rng(seed))
        peak = np.argmax(np.abs(np.fft.rfft(y))) * RATE / len(y)
        assert abs(peak * len(y) / RATE - 1000) < 2
        lengths.add(len(y))
    assert lengths == {14400, 15200, 16800, 17600}


def test_equalise_keeps_the_level_and_changes_the_balance() -> None:
    x = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    balances = []
    for seed in range(10):
        y = augment.equalise(x, np.random.default_rng(seed))
        assert abs(rms(y) - rms(x)) < 1e-5
        power = np.abs(np.fft.rfft(y)) ** 2
        balances.append(10 * np.log10(power[:2000].sum() / power[6000:].sum()))
    assert np.ptp(balances) > 3


def test_reverberate_starts_with_the_direct_sound() -> None:
    room = np.zeros(400, np.float32)
    room[[30, 200]] = -0.5, 0.25
    x = np.zeros(1000, np.float32)
    x[100] = 1
    y = augment.reverberate(x, room)
    assert len(y) == 1000 and np.argmax(np.abs(y)) == 100
    assert y[100] == pytest.approx(1) and y[270] == pytest.approx(-0.5) and abs(y).sum() == pytest.approx(1.5, abs=1e-3)


def test_band_limit_takes_the_ends_and_leaves_the_middle() -> None:
    for seed in range(10):
        sections = augment.band_limit(np.random.default_rng(seed))
        assert rms(augment.through(sections, tone(10, 4 * RATE))) < 0.1
        assert rms(augment.through(sections, tone(7950))) < 0.5
        assert rms(augment.through(sections, tone(1500))) > 0.68


def test_clip_cuts_only_the_peaks() -> None:
    x = tone(100)
    y = augment.clip(x, np.random.default_rng(0))
    limit = np.abs(y).max()
    assert 0.2 <= limit <= 0.9 and np.array_equal(y, np.clip(x, -limit, limit))


@pytest.mark.parametrize("kind", KINDS)
def test_made_noises_are_finite_repeatable_and_of_one_level(kind) -> None:
    made = [kind(8000, np.random.default_rng(seed)) for seed in range(20)]
    for seed, noise in enumerate(made):
        assert noise.shape == (8000,) and noise.dtype == np.float32 and np.isfinite(noise).all()
        assert 0.9 < rms(noise) < 1.2
        assert np.array_equal(noise, kind(8000, np.random.default_rng(seed)))
    assert not np.array_equal(made[0], made[1])


def test_vary_keeps_length_and_level_and_moves_a_tone_by_up_to_half_an_octave() -> None:
    found = []
    for seed in range(30):
        y = augment.vary(tone(1000, 20000), RATE, np.random.default_rng(seed))
        assert y.shape == (RATE,) and y.dtype == np.float32 and abs(rms(y) - rms(tone(1000))) < 1e-3
        found.append(np.argmax(np.abs(np.fft.rfft(y))))
    assert 700 < min(found) < 800 and 1250 < max(found) < 1400
