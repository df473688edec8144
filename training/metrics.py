"""How well an estimate matches the clean speech: the measures the field reports, at 16 kHz."""

import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

RATE = 16000


def si_sdr(target: Floats, estimate: Floats) -> float:
    """Return the scale-invariant signal-to-distortion ratio in dB (Le Roux et al., ICASSP 2019)."""
    if not _is_sound(estimate):
        return float("nan")
    s, y = target.astype(float), estimate.astype(float)
    s = s * (s @ y) / max(float(s @ s), 1e-20)
    return float(10 * np.log10(max(float(s @ s), 1e-20) / max(float((y - s) @ (y - s)), 1e-20)))


def sdr(target: Floats, estimate: Floats) -> float:
    """Return BSS-eval's signal-to-distortion ratio in dB (Vincent et al. 2006): a filter of 512 taps is forgiven."""
    if not _is_sound(estimate):
        return float("nan")
    pair = (x[None].astype(float) for x in (target, estimate))
    return float(import_module("fast_bss_eval").sdr(*pair, load_diag=1e-8)[0])


def pesq_wb(target: Floats, estimate: Floats) -> float:
    """Return the wideband PESQ of ITU-T P.862.2, 1 to 4.64; NaN where it finds no speech."""
    if not _is_sound(estimate):
        return float("nan")
    pesq = import_module("pesq")
    try:
        return float(pesq.pesq(RATE, target, estimate, "wb"))
    except pesq.PesqError:
        return float("nan")


def stoi(target: Floats, estimate: Floats, extended: bool = False) -> float:
    """Return the short-time objective intelligibility, 0 to 1 (Taal et al. 2011; extended: Jensen and Taal 2016)."""
    if not _is_sound(estimate):
        return float("nan")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where there is too little speech it warns and returns 1e-5
        return float(import_module("pystoi").stoi(target.astype(float), estimate.astype(float), RATE, extended))


def _is_sound(estimate: Floats) -> bool:
    """Return whether there is anything to score: of silence, and of what is no number, no measure is defined."""
    return bool(np.isfinite(estimate).all() and estimate.any())


METRICS: dict[str, tuple[str, Callable[[Floats, Floats], float]]] = {
    "SI-SDR": ("numpy", si_sdr),
    "SDR": ("fast_bss_eval", sdr),
    "PESQ-WB": ("pesq", pesq_wb),
    "STOI": ("pystoi", stoi),
    "ESTOI": ("pystoi", lambda target, estimate: stoi(target, estimate, extended=True)),
}
"""Every measure with the package it needs; the more of each, the better."""


def missing_metrics() -> dict[str, str]:
    """Return the measures that cannot be taken here, with the package each needs."""
    return {name: package for name, (package, _) in METRICS.items() if find_spec(package) is None}


def measure(target: Floats, estimate: Floats) -> dict[str, float]:
    """Return every measure of `METRICS`; NaN for one that is not defined here or cannot be taken.

    Parameters
    ----------
    target, estimate : float32[n]
        Clean speech and what is scored, at 16 kHz, lined up.
    """
    missing = missing_metrics()
    return {
        name: float("nan") if name in missing else function(target, estimate) for name, (_, function) in METRICS.items()
    }
