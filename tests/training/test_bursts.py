"""Oracles: the seed, the level recomputed, the share of the time that is loud, the spectrum that was asked for."""

import numpy as np
import pytest

from training.bursts import breathed, burst, bursts
from training.data import RATE

SOUND = np.random.default_rng(0).standard_normal(2 * RATE).astype(np.float32)


def made(seed: int, n: int = 4 * RATE) -> np.ndarray:
    return bursts(n, np.random.default_rng(seed), lambda: SOUND, lambda: SOUND)


@pytest.mark.parametrize("seed", range(12))
def test_bursts_are_seeded_at_rms_one_and_mostly_quiet(seed: int) -> None:
    x = made(seed)
    assert np.array_equal(x, made(seed)) and x.dtype == np.float32
    assert abs(np.sqrt(np.mean(np.square(x, dtype=float))) - 1) < 1e-3


def test_bursts_are_loud_for_a_small_part_of_the_time() -> None:
    shares = [np.mean(np.abs(made(seed)) > 1) for seed in range(40)]
    steady = np.mean(np.abs(SOUND) > 1)
    assert np.median(shares) < 0.5 * steady


@pytest.mark.parametrize("n", [600, 5000, 3 * RATE])
def test_a_burst_has_its_length_and_ends_in_silence(n: int) -> None:
    for seed in range(10):
        x = burst(n, np.random.default_rng(seed), lambda: SOUND, lambda: SOUND)
        assert len(x) == n and np.isfinite(x).all()
        assert np.abs(x[-10:]).max() < 0.3 * np.abs(x).max()


def test_breathed_speech_has_the_speechs_spectrum_and_no_pitch() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    x = breathed(tone, RATE, np.random.default_rng(1))
    power = np.abs(np.fft.rfft(x)) ** 2
    frequency = np.fft.rfftfreq(len(x), 1 / RATE)
    assert abs((power * frequency).sum() / power.sum() - 1000) < 100
