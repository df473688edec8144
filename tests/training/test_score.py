"""Oracles: closed forms, invariances, and a filter that SDR forgives and SI-SDR does not."""

import numpy as np
import pytest
from scipy.signal import lfilter

from training.score import SNRS_DB, sdr, si_sdr, table


def test_si_sdr_of_orthogonal_noise_is_the_snr() -> None:
    n = np.arange(16000)
    s, e = np.sin(0.1 * np.pi * n), 0.1 * np.cos(0.1 * np.pi * n)
    assert si_sdr(s, s + e) == pytest.approx(20, abs=1e-6)
    assert si_sdr(s, -3 * (s + e)) == pytest.approx(20, abs=1e-6)


def test_sdr_forgives_a_short_filter() -> None:
    rng = np.random.default_rng(0)
    s = rng.standard_normal(16000)
    y = lfilter([0.2, 1, -0.4], [1], s)
    assert si_sdr(s, y) < 0 and sdr(s, y) > 40
    noisy = y + 0.1 * np.std(y) * rng.standard_normal(16000)
    assert sdr(s, noisy) == pytest.approx(20, abs=0.3)


def test_the_table_has_a_line_for_every_snr() -> None:
    values = {str(snr): [float(snr), snr + 1.5] for snr in (*SNRS_DB, "mean") if snr != "mean"} | {"mean": [5.0, 6.5]}
    text = table({"mixtures": 5, "si_sdr_db": values, "sdr_db": values})
    assert "| -5 | -5.00 | -3.50 | -5.00 | -3.50 |" in text and text.splitlines()[-1].startswith("| mean | 5.00 |")
