"""Make presets/demo.flac: two synthetic voices (espeak-ng) in a synthetic noisy room. The same seed, the same clip."""

import subprocess
import tempfile
from math import gcd
from pathlib import Path
from typing import Annotated

import numpy as np
import soundfile
import typer
from numpy.typing import NDArray
from scipy.signal import lfilter, resample_poly

RATE = 48000
SNR_DB = 5.0
LEAD_S = 1.5
LINES = (
    ("en-us", 150, "You hear a voice in a noisy room. A fan is running, the mains hum, and someone is typing."),
    (
        "en-gb+f3",
        160,
        "Now switch the filter off and on again. Only the room should go away, and the voice should stay.",
    ),
)


def say(voice: str, speed: int, text: str) -> NDArray[np.float64]:
    """Return a sentence spoken by espeak-ng, at `RATE`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-s", str(speed), "-w", str(path), text], check=True)
        samples, rate = soundfile.read(path)
    common = gcd(rate, RATE)
    return resample_poly(samples, RATE // common, rate // common)


def room(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return n samples of fan, mains hum and typing."""
    t = np.arange(n) / RATE
    fan = lfilter([1.0], [1.0, -0.97], rng.standard_normal(n)) + 0.6 * rng.standard_normal(n)
    fan *= 1 + 0.15 * np.sin(2 * np.pi * 0.4 * t)
    hum = sum(np.sin(2 * np.pi * 50 * k * t + k) / k for k in (1, 2, 3, 5))
    typing = np.zeros(n)
    for start in np.cumsum(rng.gamma(2.0, 0.12, int(n / RATE / 0.15)) * RATE).astype(int):
        length = min(1500, n - start)
        if length > 0:
            typing[start : start + length] += rng.standard_normal(length) * np.exp(-np.arange(length) / 220)
    return fan / fan.std() + 0.3 * hum + 2.0 * typing


def main(
    out: Path = Path("presets/demo.flac"),
    clean: Annotated[Path | None, typer.Option(help="Also write the speech alone, to score against.")] = None,
    seed: int = 0,
) -> None:
    """Write the clip."""
    rng = np.random.default_rng(seed)
    pause = np.zeros(int(0.5 * RATE))
    parts = [np.zeros(int(LEAD_S * RATE))]
    for voice, speed, text in LINES:
        parts += [say(voice, speed, text), pause]
    speech = np.concatenate(parts)
    noise = room(len(speech), rng)
    active = speech[np.abs(speech) > 0.02 * np.abs(speech).max()]
    noise *= active.std() / noise.std() * 10 ** (-SNR_DB / 20)
    scale = 0.5 / np.abs(speech + noise).max()
    soundfile.write(out, scale * (speech + noise), RATE, "PCM_16")
    if clean is not None:
        soundfile.write(clean, scale * speech, RATE, "PCM_16")


if __name__ == "__main__":
    typer.run(main)
