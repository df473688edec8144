"""What a mask is judged by: compressed spectra, phase-aware; the waveform that comes out; envelopes of bands."""

from typing import Any

import torch

from realtime.dsp.stft import windows
from realtime.modelfile import StftSettings
from training.config import CriterionConfig
from training.envelopes import SEGMENT, correlation

Tensor = torch.Tensor

N_FFT, HOP = StftSettings().n_fft, StftSettings().hop
EDGE = N_FFT - HOP  # samples before a chunk that its first windows cover
COMPRESSION = 0.3
NOISE_FLOOR = 0.002  # of the speech's power: below it the waveform's error no longer counts
LEAST_KEPT = 0.01  # of the speech's power: a share kept below it counts as that much
KEPT = 0.75  # of the powers of the chunks before, per chunk
LEAST_SPEECH = 1e-6  # power of sound that has speech in it
SPECTRUM_PER_RMS = 11.3  # sqrt(N_FFT / 4): magnitude of a bin for samples of RMS 1
_ANALYSIS, _SYNTHESIS = (torch.from_numpy(w) for w in windows(N_FFT, N_FFT, HOP))


def spectra(x: Tensor) -> Tensor:
    """Return the spectra (T, B, F) of samples (B, EDGE + T HOP)."""
    return torch.fft.rfft(x.unfold(1, N_FFT, HOP) * _ANALYSIS.to(x.device), dim=2).transpose(0, 1)


def overlap_add(frames: Tensor) -> Tensor:
    """Return the samples (B, N) that spectra (T, B, F) give, those that all of their windows cover."""
    pieces = torch.fft.irfft(frames.transpose(0, 1), dim=2) * _SYNTHESIS.to(frames.device)
    n, n_columns = N_FFT // HOP, pieces.shape[1]
    parts = pieces.reshape(*pieces.shape[:2], n, HOP)
    sums = sum(parts[:, n - 1 - i : n_columns - i, i] for i in range(n))
    return torch.as_tensor(sums).flatten(1)


class _Masked(torch.autograd.Function):
    """The waveform of masked spectra; its gradient for the mask alone, by the transposed transform."""

    @staticmethod
    def forward(ctx: Any, mask: Tensor, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return overlap_add(mask * x)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        frames = torch.nn.functional.pad(dy, (EDGE, EDGE)).unfold(1, N_FFT, HOP) * _SYNTHESIS.to(dy.device)
        back = torch.fft.rfft(frames, dim=2).transpose(0, 1)
        weight = torch.full((x.shape[2],), 2 / N_FFT, device=dy.device)
        weight[0] = weight[-1] = 1 / N_FFT
        return (x.real * back.real + x.imag * back.imag) * weight, None


def waveform(mask: Tensor, x: Tensor) -> Tensor:
    """Return the samples (B, N) of spectra x (T, B, F) under a mask."""
    return _Masked.apply(mask, x)


def loss(
    log_masks: list[tuple[float, Tensor]], x: Tensor, s: Tensor, speech: Tensor, past: Tensor, config: CriterionConfig
) -> tuple[Tensor, Tensor]:
    """Return what is wrong with masks, and the powers (3, B) that are the past of the next chunk.

    Parameters
    ----------
    log_masks : list of (weight, (T, B, F))
        Of several depths, the deepest last; it alone is judged by waveform and envelopes.
    x, s : complex (T, B, F)
        Spectra of mixture and speech.
    speech : (B, N)
        The samples that `s` is of.
    past : (3, B)
        Powers of output and speech in the chunks before, and their product, fading: what a score weighs a burst
        against.
    config : CriterionConfig
        Weights of the parts.
    """
    power = speech.square().mean(1)
    unit = (1 / (power.clamp_min(1e-6).sqrt() * SPECTRUM_PER_RMS))[None, :, None]
    heard, wanted = x.abs() * unit + 1e-4, s.abs() * unit + 1e-4
    cosine = (s.real * x.real + s.imag * x.imag) * unit.square() / (heard * wanted)
    both = max(config.magnitude + config.phase, 1e-9)
    target = wanted**COMPRESSION * ((config.magnitude + config.phase * cosine) / both)
    compressed = heard**COMPRESSION
    total = torch.zeros((), device=x.device)
    for weight, log_mask in log_masks:
        error = (torch.exp(COMPRESSION * log_mask) * compressed - target).square().mean()
        total = total + weight * both * error
    y = waveform(torch.exp(log_masks[-1][1]), x)
    part = speech[:, EDGE:][:, : y.shape[1]]
    powers = torch.stack([y.square().mean(1), part.square().mean(1), (y * part).mean(1)])
    output_power, speech_power, common = powers + past
    kept = common.square() / (speech_power + 1e-7)
    ratio = ((output_power - kept).clamp_min(0) + NOISE_FLOOR * speech_power + 1e-8) / (
        kept + LEAST_KEPT * speech_power + 1e-7
    )
    heard_speech = (speech_power > LEAST_SPEECH).float()
    si_sdr_db = -10 * torch.log10(ratio)
    total = total - config.waveform * (si_sdr_db * heard_speech).sum() / heard_speech.sum().clamp_min(1)
    if config.envelope and len(x) >= SEGMENT:
        active = (power > LEAST_SPEECH).float()
        total = total + config.envelope * (1 - correlation(log_masks[-1][1], x, s, active))
    return total, KEPT * (powers + past).detach()


def signal_to_noise_db(enhanced: Tensor, speech: Tensor) -> float:
    """Return the mean SNR of enhanced spectra (T, B, F) over the streams that have speech."""
    y = overlap_add(enhanced)
    part = speech[:, EDGE:][:, : y.shape[1]]
    power = part.square().mean(1)
    snr = 10 * torch.log10(power / ((y - part).square().mean(1) + 1e-12))
    chosen = snr[power > LEAST_SPEECH]
    return float(chosen.mean()) if len(chosen) else float("nan")
