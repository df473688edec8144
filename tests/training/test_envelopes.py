"""Oracles: pystoi's ESTOI of the same signals, finite differences, the clean speech itself."""

import numpy as np
import pytest
import torch

from tests.training.corpora import voice
from training.criteria import EDGE, HOP, spectra
from training.envelopes import SEGMENT, correlation

N = 250  # columns


def scene(seed: int, snr_db: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return speech and mixture (1, samples)."""
    rng = np.random.default_rng(seed)
    speech = voice(5.0, rng.uniform(90, 220), rng)[: EDGE + N * HOP]
    noise = rng.standard_normal(len(speech)) * np.repeat(rng.uniform(0.1, 1, 50), len(speech) // 50 + 1)[: len(speech)]
    noise *= speech.std() / noise.std() * 10 ** (-snr_db / 20)
    return torch.from_numpy(speech).float()[None], torch.from_numpy(speech + noise).float()[None]


def likeness(speech: torch.Tensor, mixture: torch.Tensor, log_mask: torch.Tensor | None = None) -> torch.Tensor:
    x, s = spectra(mixture), spectra(speech)
    return correlation(torch.zeros(x.shape) if log_mask is None else log_mask, x, s, torch.ones(1))


def test_it_goes_with_estoi() -> None:
    stoi = pytest.importorskip("pystoi").stoi
    pairs = [scene(seed, snr) for seed, snr in enumerate(np.linspace(-15, 20, 15))]
    ours = [float(likeness(*pair)) for pair in pairs]
    theirs = [stoi(s[0].numpy(), x[0].numpy(), 16000, extended=True) for s, x in pairs]
    assert np.corrcoef(ours, theirs)[0, 1] > 0.9


def test_clean_speech_is_fully_alike_whatever_its_level() -> None:
    speech, _ = scene(1, 0)
    for gain in (0.01, 1.0, 10.0):
        assert float(likeness(gain * speech, gain * speech)) > 0.97
    quiet = float(likeness(speech, speech, torch.full((N, 1, 257), -3.0)))
    assert quiet == pytest.approx(float(likeness(speech, speech)), abs=0.06)


def test_the_gradient_is_that_of_finite_differences() -> None:
    speech, mixture = (x[:, : EDGE + (SEGMENT + 12) * HOP] for x in scene(2, 3))
    x, s = spectra(mixture.double()), spectra(speech.double())
    mask = torch.zeros(x.shape, dtype=torch.float64, requires_grad=True)
    way = torch.randn(mask.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    (gradient,) = torch.autograd.grad(correlation(mask, x, s, torch.ones(1)), mask)
    step = 1e-5
    ends = [float(correlation((mask + sign * step * way).detach(), x, s, torch.ones(1))) for sign in (1, -1)]
    assert float((gradient * way).sum()) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-3)


def test_streams_without_speech_do_not_count() -> None:
    speech, mixture = (torch.cat(x) for x in zip(scene(3, 5), scene(4, -5), strict=True))
    x, s = spectra(mixture), spectra(speech)
    mask = torch.zeros(x.shape)
    one = correlation(mask, x, s, torch.tensor([1.0, 0.0]))
    assert float(one) == pytest.approx(float(likeness(*scene(3, 5))), abs=1e-4)
    assert float(correlation(mask, x, s, torch.zeros(2))) == 0
