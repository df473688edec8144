"""What makes one recording many: speed, equalisation, rooms, band limits, clipping. numpy, float32 at 16 kHz.

Every function takes samples and a seeded generator and returns new samples.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, lfilter, resample_poly, sosfilt

from training.data import RATE

Samples = NDArray[np.float32]
Random = np.random.Generator

SPEEDS = ((9, 10), (19, 20), (21, 20), (11, 10))  # output over input length
WILD_OCTAVES, WILD_DB, WILD_KNOTS, BACKWARDS = 0.45, 5.0, (3, 9), 0.15


def speed(x: Samples, rng: Random) -> Samples:
    """Play 5 or 10 per cent slower or faster, pitch included."""
    up, down = SPEEDS[rng.integers(len(SPEEDS))]
    return resample_poly(x, up, down).astype(np.float32)


def equalise(x: Samples, rng: Random) -> Samples:
    """Filter by a random second-order section (Valin 2018: coefficients uniform in +-3/8), at the same RMS."""
    r = rng.uniform(-3 / 8, 3 / 8, 4)
    y = lfilter([1, r[0], r[1]], [1, r[2], r[3]], x)
    return _levelled(y, x)


def vary(x: Samples, n: int, rng: Random) -> Samples:
    """Return n samples of a noise, again and again if need be, that hardly resemble it.

    Up to half an octave higher or lower, at times backwards, through an equaliser of random bands (5 dB).
    """
    ratio = 2 ** rng.uniform(-WILD_OCTAVES, WILD_OCTAVES)
    y = np.interp(np.arange(0, len(x) - 1, ratio), np.arange(len(x)), x)
    y = np.resize(y[::-1] if rng.random() < BACKWARDS else y, n)
    knots = np.concatenate([[0, 1], rng.uniform(0, 1, rng.integers(*WILD_KNOTS))])
    gain_db = np.interp(np.linspace(0, 1, n // 2 + 1), np.sort(knots), WILD_DB * rng.standard_normal(len(knots)))
    return _levelled(np.fft.irfft(np.fft.rfft(y) * 10 ** (gain_db / 20), n), x)


def reverberate(x: Samples, room: Samples) -> Samples:
    """Convolve with an impulse response, its direct sound at time zero and of gain one."""
    direct = int(np.argmax(np.abs(room)))
    response = room[direct:] / room[direct]
    return fftconvolve(x, response)[: len(x)].astype(np.float32)


def band_limit(rng: Random) -> NDArray[np.float64]:
    """Return the sections of a random low-pass (3.4 to 7.5 kHz) behind a random high-pass (30 to 300 Hz)."""
    low = butter(2, rng.uniform(30, 300), "highpass", fs=RATE, output="sos")
    high = butter(6, rng.uniform(3400, 7500), "lowpass", fs=RATE, output="sos")
    return np.concatenate([low, high])


def through(sections: NDArray[np.float64], x: Samples) -> Samples:
    """Return the samples filtered by second-order sections."""
    return sosfilt(sections, x).astype(np.float32)


def clip(x: Samples, rng: Random) -> Samples:
    """Cut the peaks at 0.2 to 0.9 of the largest."""
    limit = np.float32(rng.uniform(0.2, 0.9) * np.abs(x).max())
    return np.clip(x, -limit, limit)


def _levelled(y: NDArray[np.float64], like: Samples) -> Samples:
    wanted, found = np.sqrt(np.mean(np.square(like, dtype=float))), np.sqrt(np.mean(y**2))
    return (y * (wanted / max(found, 1e-12))).astype(np.float32)
