"""Noises made from nothing but a seed: coloured, gusty, humming, beeping, clattering. numpy, float32 at 16 kHz."""

import numpy as np
from numpy.typing import NDArray

from training.data import RATE

Samples = NDArray[np.float32]
Random = np.random.Generator


def coloured(n: int, rng: Random) -> Samples:
    """Gaussian noise whose spectrum falls or rises by -9 to +3 dB per octave, with a few bumps: fans, hiss, roads."""
    frequency = np.fft.rfftfreq(n, 1 / RATE)
    octaves = np.log2(np.maximum(frequency, 30) / 1000)
    level_db = rng.uniform(-9, 3) * octaves
    for _ in range(rng.integers(0, 4)):
        centre, width = rng.uniform(-4, 3), rng.uniform(0.1, 1)
        level_db = level_db + rng.uniform(-15, 15) * np.exp(-(((octaves - centre) / width) ** 2))
    return _shaped(rng.standard_normal(n), 10 ** (level_db / 20))


def gusty(n: int, rng: Random) -> Samples:
    """Coloured noise that swells and ebbs at 0.2 to 8 Hz: wind, waves, passing cars, machines that cycle."""
    rate = rng.uniform(0.2, 8)
    points = rng.uniform(-20, 6, max(4, int(n / RATE * rate * 2) + 2))
    envelope = np.interp(np.linspace(0, len(points) - 1, n), np.arange(len(points)), points)
    return _normal(coloured(n, rng) * 10 ** (envelope / 20))


def hum(n: int, rng: Random) -> Samples:
    """Harmonics of 40 to 400 Hz that fall off and drift a little, over a soft hiss: mains, motors, engines."""
    drift = np.interp(np.linspace(0, 7, n), np.arange(8), rng.uniform(0.97, 1.03, 8))
    phase = 2 * np.pi * np.cumsum(rng.uniform(40, 400) * drift) / RATE
    slope = rng.uniform(0.3, 1.5)
    tones = sum(
        rng.uniform(0.2, 1) / k**slope * np.sin(k * phase + rng.uniform(0, 6.28)) for k in range(1, rng.integers(4, 18))
    )
    return _normal(tones / np.std(tones) + rng.uniform(0.02, 0.5) * coloured(n, rng))


def beeping(n: int, rng: Random) -> Samples:
    """Tones or chirps that come and go: alarms, ring tones, birds."""
    out, at = np.zeros(n), 0
    frequency, length = rng.uniform(400, 4000), rng.uniform(0.05, 0.4)
    while at < n:
        m = min(n - at, int(RATE * length * rng.uniform(0.7, 1.3)))
        sweep = frequency * np.linspace(1, rng.uniform(0.7, 1.4), m) * rng.uniform(0.8, 1.25)
        out[at : at + m] = np.sin(2 * np.pi * np.cumsum(sweep) / RATE) * np.sin(np.pi * np.arange(m) / max(m, 1))
        at += m + int(RATE * rng.uniform(0, 0.5))
    return _normal(out + 0.01 * coloured(n, rng))


def clattering(n: int, rng: Random) -> Samples:
    """Decaying bursts at random times: keys, dishes, steps, knocks."""
    pulses = np.zeros(n)
    times = rng.integers(0, n, max(2, int(n / RATE * rng.uniform(2, 15))))
    pulses[times] = rng.uniform(0.2, 1, len(times)) * rng.choice([-1, 1], len(times))
    m = int(RATE * rng.uniform(0.02, 0.15))
    ring = coloured(m, rng) * np.exp(-np.arange(m) / (m / rng.uniform(3, 8)))
    size = n + m - 1
    out = np.fft.irfft(np.fft.rfft(pulses, size) * np.fft.rfft(ring, size), size)[:n]
    return _normal(out / (np.std(out) + 1e-12) + rng.uniform(0.005, 0.1) * coloured(n, rng))


KINDS = (coloured, gusty, hum, beeping, clattering)


def procedural(n: int, rng: Random) -> Samples:
    """Return n samples of a noise of random kind, RMS 1."""
    return KINDS[rng.integers(len(KINDS))](n, rng)


def _shaped(x: NDArray[np.float64], gain: NDArray[np.float64]) -> Samples:
    return _normal(np.fft.irfft(np.fft.rfft(x) * gain, len(x)))


def _normal(x: NDArray[np.float64]) -> Samples:
    return (x / (np.std(x) + 1e-12)).astype(np.float32)
