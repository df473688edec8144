"""How well an estimate matches the clean speech: the measures the field reports, at 16 kHz."""

import warnings
from importlib import import_module
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from realtime.base.errors import UnfoldError

RATE = 16000
METRICS = ("SI-SDR", "SDR", "PESQ-WB", "STOI", "ESTOI")
"""dB, dB, MOS-LQO 1 to 4.64, and two shares from 0 to 1: the more the better."""


def si_sdr(target: NDArray[np.float32], estimate: NDArray[np.float32]) -> float:
    """Return the scale-invariant signal-to-distortion ratio in dB (Le Roux et al., ICASSP 2019)."""
    s, y = target.astype(float), estimate.astype(float)
    s = s * (s @ y) / max(float(s @ s), 1e-20)
    return float(10 * np.log10(max(float(s @ s), 1e-20) / max(float((y - s) @ (y - s)), 1e-20)))


def _package(name: str, package: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as error:
        raise UnfoldError(f"{package} is needed to score and is missing ({error}): pip install {package}") from None


def check_metrics() -> None:
    """Fail early where a package that scores is missing.

    Raises
    ------
    UnfoldError
        Naming it, with the line to type.
    """
    for name, package in (("fast_bss_eval", "fast-bss-eval"), ("pesq", "pesq"), ("pystoi", "pystoi")):
        _package(name, package)


def measure(target: NDArray[np.float32], estimate: NDArray[np.float32]) -> dict[str, float]:
    """Return every measure of `METRICS`; NaN where one is not defined, such as PESQ without speech.

    Parameters
    ----------
    target, estimate : float32[n]
        Clean speech and what is scored, at 16 kHz, lined up.
    """
    sdr = _package("fast_bss_eval", "fast-bss-eval").sdr  # BSS-eval version 3: a filter of 512 taps is forgiven
    pesq, stoi = _package("pesq", "pesq"), _package("pystoi", "pystoi").stoi
    s, y = target.astype(float), estimate.astype(float)
    try:
        quality = float(pesq.pesq(RATE, target, estimate, "wb"))
    except pesq.PesqError:
        quality = float("nan")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pystoi warns and returns 1e-5 where there is too little speech
        intelligible = [float(stoi(s, y, RATE, extended=extended)) for extended in (False, True)]
    return dict(
        zip(METRICS, (si_sdr(target, estimate), float(sdr(s[None], y[None])[0]), quality, *intelligible), strict=True)
    )
