"""Short loud sounds with little between them: sneezes, coughs, barks, knocks. numpy, float32 at 16 kHz.

Recordings hold few such sounds, and a network that has heard few keeps them as speech: cut from recordings, coloured
at random, or breathed with the spectrum of speech, they are as many as one likes.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from training import augment
from training.data import RATE
from training.procedural import coloured

Samples = NDArray[np.float32]
Random = np.random.Generator

LOUDEST = 0.05  # share of the places in a recording that counts as its loudest
GRAIN = 160  # samples


def bursts(n: int, rng: Random, noise: Callable[[], Samples], speech: Callable[[], Samples]) -> Samples:
    """Return n samples, RMS 1: one sound again and again, or others at random times, over a soft noise or none.

    Parameters
    ----------
    n : int
    rng : Generator
    noise, speech : callable
        Return a recording of noise, and one of speech, chosen at random.
    """
    out = np.zeros(n)
    if rng.random() < 0.6:
        soft = np.resize(noise(), n)
        out += soft / _rms(soft) * 10 ** (rng.uniform(-45, -8) / 20)
    again, sound = rng.random() < 0.4, None
    at, period = int(rng.uniform(0, 4) * RATE), int(rng.uniform(0.7, 6) * RATE)
    while at < n:
        if sound is None or not again:
            length = int(RATE * 10 ** rng.uniform(-1.2, 0.15))
            sound = burst(length, rng, noise, speech) * 10 ** (rng.normal(0, 4) / 20)
        part = sound[: n - at]
        out[at : at + len(part)] += part
        at += period if again else int(len(sound) + rng.exponential(2.0) * RATE)
    out += 1e-6 * rng.standard_normal(n)
    return (out / _rms(out)).astype(np.float32)


def burst(n: int, rng: Random, noise: Callable[[], Samples], speech: Callable[[], Samples]) -> Samples:
    """Return one sound of n samples, RMS 1, that rises fast and falls slowly."""
    kind = rng.random()
    if kind < 0.5:
        x = _loudest(noise(), n, rng)
    elif kind < 0.7:
        x = coloured(n, rng)
    else:
        x = breathed(speech(), n, rng)
    if rng.random() < 0.7:
        x = augment.equalise(x, rng)
    rise, fall = RATE * 10 ** rng.uniform(-3, -0.8), RATE * 10 ** rng.uniform(-1.7, 0)
    t = np.arange(n)
    shape = np.minimum(1, (t + 1) / rise) * np.exp(-np.maximum(0, t - rise - n * rng.uniform(0, 0.7)) / fall)
    x = x * shape * np.minimum(1, (n - t) / 200)
    return (x / _rms(x)).astype(np.float32)


def breathed(speech: Samples, n: int, rng: Random) -> Samples:
    """Return noise of n samples with the smoothed spectrum of a piece of speech."""
    piece = min(len(speech), int(10 ** rng.uniform(2.8, 4)))
    start = rng.integers(len(speech) - piece + 1)
    x = np.resize(speech[start : start + piece], max(n, 512))
    power = np.abs(np.fft.rfft(x * np.hanning(len(x)))) ** 2
    width = int(10 ** rng.uniform(0.3, 2)) | 1
    magnitude = np.sqrt(np.convolve(power, np.ones(width) / width, "same"))
    phases = np.exp(2j * np.pi * rng.random(len(magnitude)))
    return np.fft.irfft(magnitude * phases, len(x))[:n].astype(np.float32)


def _loudest(x: Samples, n: int, rng: Random) -> Samples:
    """Return n samples of a recording from one of its loudest places."""
    if len(x) <= n:
        return np.resize(x, n)
    energy = np.convolve(x[::GRAIN].astype(float) ** 2, np.ones(max(1, n // GRAIN)), "valid")
    loud = np.argsort(energy)[-max(1, int(LOUDEST * len(energy))) :]
    start = min(int(rng.choice(loud)) * GRAIN, len(x) - n)
    return x[start : start + n]


def _rms(x: NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(np.square(x, dtype=float)))) + 1e-9
