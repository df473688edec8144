"""How well a mask keeps the envelopes of speech: a differentiable likeness of ESTOI.

Extended short-time objective intelligibility (Jensen and Taal, "An algorithm for predicting the intelligibility of
speech masked by modulated noise maskers", IEEE/ACM TASLP 2016) over the transform's own columns: envelopes of 15
third-octave bands, cut into segments of 384 ms, every band made free of mean and of unit norm over time, every column
over bands, and correlated with those of the clean speech.
"""

import torch

from realtime.modelfile import StftSettings

Tensor = torch.Tensor

N_BANDS, LOWEST_HZ = 15, 150.0
SEGMENT, STEP = 48, 11  # columns: 384 ms, and from one segment to the next
QUIET = 0.02  # segments below this share of the loudest's energy have no speech in them
FLOOR = 3e-3  # of the mean envelope, beside the norm of a band


def _bands() -> Tensor:
    settings = StftSettings()
    frequency = torch.arange(settings.n_fft // 2 + 1) * (settings.sample_rate / settings.n_fft)
    centres = LOWEST_HZ * 2 ** (torch.arange(N_BANDS) / 3)
    return torch.stack([(frequency >= c * 2 ** (-1 / 6)) & (frequency < c * 2 ** (1 / 6)) for c in centres], 1).float()


BANDS = _bands()


def correlation(log_mask: Tensor, x: Tensor, s: Tensor, active: Tensor) -> Tensor:
    """Return the mean correlation of envelopes, at most 1.

    Parameters
    ----------
    log_mask, x, s : (T, B, F)
        Logarithm of the mask; complex spectra of mixture and speech. T is at least `SEGMENT`.
    active : (B,)
        1 for streams that have speech in them, else 0.
    """
    bands = BANDS.to(x.device, log_mask.dtype)
    clean = _envelopes(s.abs().square(), bands)
    energy = clean.square().sum(2).unfold(0, SEGMENT, STEP).mean(2)
    counted = (energy > QUIET * energy.max(0).values) * active
    floor = FLOOR * clean.mean((0, 2)) + 1e-7
    made = _normalised(_envelopes(torch.exp(2 * log_mask) * x.abs().square(), bands), floor)
    alike = (_normalised(clean, floor) * made).sum(2).mean(2)
    return (alike * counted).sum() / counted.sum().clamp_min(1)


def _envelopes(power: Tensor, bands: Tensor) -> Tensor:
    return (power @ bands + 1e-12).sqrt()


def _normalised(envelopes: Tensor, floor: Tensor) -> Tensor:
    """Return segments (n, B, bands, SEGMENT) of envelopes (T, B, bands), normalised over time, then over bands."""
    y = envelopes.unfold(0, SEGMENT, STEP)
    y = y - y.mean(3, keepdim=True)
    y = y / (y.square().sum(3, keepdim=True) + floor[None, :, None, None].square()).sqrt()
    y = y - y.mean(2, keepdim=True)
    return y / (y.square().sum(2, keepdim=True) + 1e-6).sqrt()
