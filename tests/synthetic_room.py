"""A room whose parts are known: talkers of harmonic tones, and a noise with a colour that no model has seen."""

import numpy as np
from scipy.signal import butter, sosfilt

from realtime.adaptivemodel import AdaptiveModel
from realtime.modelfile import StftSettings
from realtime.networks.adaptive import Weights

RATE, N_BINS, N_ROOM = 16000, 257, 3
PITCHES = (125.0, 156.25, 187.5, 218.75, 250.0, 312.5)


def si_sdr(target: np.ndarray, estimate: np.ndarray) -> float:
    """Return the scale-invariant signal-to-distortion ratio in dB."""
    s, y = target.astype(float), estimate.astype(float)
    s = s * (s @ y) / (s @ s)
    return float(10 * np.log10((s @ s) / ((y - s) @ (y - s))))


def tone(pitch: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return a harmonic tone of n samples, fading in and out."""
    t = np.arange(n) / RATE
    partials = range(1, int(3500 / pitch))
    x = sum(np.sin(2 * np.pi * pitch * i * t + rng.uniform(0, 6)) / i for i in partials)
    return x * np.hanning(n)


def scene(seconds: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return (speech, mixture): tones with pauses, in a hum of bands that fluctuate."""
    rng, n = np.random.default_rng(seed), int(seconds * RATE)
    speech, at = np.zeros(n), 0
    while at < n - 8000:
        length = int(rng.integers(3000, 7000))
        speech[at : at + length] += tone(PITCHES[rng.integers(len(PITCHES))], length, rng)
        at += length + int(rng.integers(500, 4000))
    noise = np.zeros(n)
    for low, high in ((300, 600), (900, 1300), (2000, 2600)):
        knots = np.arange(0, n + 4000, 4000)
        swell = np.interp(np.arange(n), knots, rng.uniform(0.3, 1, len(knots)))
        noise += swell * sosfilt(butter(4, (low, high), "bandpass", fs=RATE, output="sos"), rng.standard_normal(n))
    noise *= speech.std() / noise.std()
    scale = 0.1 / speech.std()
    return (scale * speech).astype(np.float32), (scale * (speech + noise)).astype(np.float32)


def model_of_tones() -> AdaptiveModel:
    """Return a model that knows the tones and one flat noise, and nothing of the room."""
    rng = np.random.default_rng(1)
    tones = [np.abs(np.fft.rfft(tone(p, 16000, rng)[4000:4512] * np.hanning(512))) for p in PITCHES]
    bases = np.stack([*tones, np.ones(N_BINS)], axis=1) + 1e-3
    bases = (bases / bases.sum(axis=0)).astype(np.float32)
    n_layers, n_bases = 12, bases.shape[1]
    memory = np.full((n_bases, n_bases), 1e-6, np.float32)

    def ones(*shape: int) -> np.ndarray:
        return np.ones(shape, np.float32)

    weights = Weights(
        W=np.stack([np.concatenate([bases, memory])] * n_layers), read=np.stack([bases] * n_layers),
        transition=1e-6 * ones(n_bases, n_bases), start=1e3 * ones(n_bases), input=ones(N_BINS),
        gain=ones(n_layers, n_bases), power=ones(n_layers, n_bases), leak=0 * ones(n_layers, n_bases),
        first=ones(n_layers, n_bases), slope=ones(n_layers, N_BINS), follow=0 * ones(n_layers, N_BINS),
        own_gain=ones(n_layers, N_ROOM), own_power=ones(n_layers, N_ROOM), own_mix=0 * ones(n_layers, N_ROOM),
        own_floor=np.repeat([[1.0]] + [[1e-6]] * (n_layers - 1), N_ROOM, axis=1).astype(np.float32),
        own_read=ones(n_layers, N_ROOM), own_rate=0 * ones(N_ROOM), own_speech=0 * ones(N_ROOM),
        own_fall=0 * ones(N_ROOM),
        room=np.random.default_rng(2).uniform(0.5, 1.5, (N_ROOM, N_BINS)).astype(np.float32),
    )  # fmt: skip
    sources = (("speech", len(PITCHES)), ("noise", 1))
    return AdaptiveModel("adaptive", StftSettings(), sources, 1.0, 1e-3, weights)
