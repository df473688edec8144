"""Small synthetic corpora: harmonic "voices" that come and go, and coloured noises."""

from pathlib import Path

import numpy as np
import soundfile

from training.data import RATE
from training.procedural import coloured


def voice(seconds: float, pitch: float, rng: np.random.Generator, rate: int = RATE) -> np.ndarray:
    """Return syllables of harmonics of one pitch, with pauses."""
    n = int(seconds * rate)
    phase = 2 * np.pi * np.cumsum(pitch * (1 + 0.1 * np.sin(np.arange(n) * 4 / rate))) / rate
    sound = sum(np.sin(k * phase) / k for k in range(1, 12))
    gates = np.repeat(rng.random(int(seconds * 5) + 1) > 0.3, rate // 5 + 1)[:n]
    return (0.1 * sound * gates).astype(np.float32)


def folders(root: Path, speakers: int = 4, noises: int = 4, seconds: float = 1.5) -> Path:
    """Write clean/SPEAKER/*.wav and noise/*.flac; return the root."""
    rng = np.random.default_rng(0)
    for s in range(speakers):
        (root / "clean" / f"speaker{s}").mkdir(parents=True)
        for i in range(2):
            soundfile.write(root / f"clean/speaker{s}/{i}.wav", voice(seconds, 90 + 40 * s, rng), RATE)
    (root / "noise").mkdir()
    for i in range(noises):
        soundfile.write(root / f"noise/{i}.flac", 0.1 * coloured(int(seconds * RATE), rng), RATE)
    return root
