"""Oracles: closed forms for a known error, and the measures' own properties."""

import numpy as np
import pytest

from training.metrics import METRICS, measure, missing_metrics, sdr, si_sdr, stoi

RNG = np.random.default_rng(0)
SPEECH = RNG.standard_normal(32000).astype(np.float32) * np.repeat(RNG.uniform(0, 1, 200), 160).astype(np.float32)


def orthogonal_noise(level_db: float) -> np.ndarray:
    noise = RNG.standard_normal(len(SPEECH))
    noise -= SPEECH * (noise @ SPEECH) / (SPEECH @ SPEECH)
    return noise * np.sqrt((SPEECH @ SPEECH) / (noise @ noise)) * 10 ** (level_db / 20)


@pytest.mark.parametrize("snr_db", [-5, 0, 12.5])
@pytest.mark.parametrize("gain", [0.1, 3.0])
def test_si_sdr_is_the_ratio_of_orthogonal_parts_at_any_gain(snr_db: float, gain: float) -> None:
    assert si_sdr(SPEECH, (gain * (SPEECH + orthogonal_noise(-snr_db))).astype(np.float32)) == pytest.approx(
        snr_db, abs=1e-3
    )


def test_sdr_forgives_a_filter_and_si_sdr_does_not() -> None:
    filtered = np.convolve(SPEECH, [0.5, -0.8, 0.3])[: len(SPEECH)].astype(np.float32)
    assert sdr(SPEECH, filtered) > 40 > 10 > si_sdr(SPEECH, filtered)


@pytest.mark.parametrize("extended", [False, True])
def test_intelligibility_falls_with_noise(extended: bool) -> None:
    pytest.importorskip("pystoi")
    values = [
        stoi(SPEECH, (SPEECH + orthogonal_noise(-snr)).astype(np.float32), extended=extended)
        for snr in (60, 10, 0, -10)
    ]
    assert values[0] == pytest.approx(1, abs=0.01)
    assert values == sorted(values, reverse=True)


def test_every_measure_is_taken_or_said_to_be_missing() -> None:
    values = measure(SPEECH, SPEECH + np.float32(0.01))
    assert list(values) == list(METRICS)
    assert {name for name, value in values.items() if np.isnan(value)} >= set(missing_metrics())


@pytest.mark.parametrize("estimate", [np.zeros_like(SPEECH), np.full_like(SPEECH, np.nan)])
def test_of_silence_and_of_no_numbers_no_measure_is_defined(estimate: np.ndarray) -> None:
    assert all(np.isnan(value) for value in measure(SPEECH, estimate).values())
