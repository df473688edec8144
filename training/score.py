"""What ships is what is scored: SI-SDR of the real-time engine on mixtures of held-out speakers and noises."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from realtime.base.errors import AudioFileError
from realtime.engine.chain import Chain
from realtime.model import Model
from realtime.plugins.denoise import Denoise
from realtime.render import render
from training.data import RATE, Corpus, mix, read_audio

SNRS_DB = (-5, 0, 5, 10, 15)
PAIRS_PER_SNR = 24
MAX_S = 6
MOST_SKIPPED = 100


def si_sdr(target: NDArray[np.float32], estimate: NDArray[np.float32]) -> float:
    """Return the scale-invariant signal-to-distortion ratio in dB (Le Roux et al., ICASSP 2019)."""
    s, y = target.astype(float), estimate.astype(float)
    s = s * (s @ y) / (s @ s)
    return float(10 * np.log10((s @ s) / max(float((y - s) @ (y - s)), 1e-20)))


def mixtures(corpus: Corpus, seed: int) -> list[tuple[int, NDArray[np.float32], NDArray[np.float32]]]:
    """Return (SNR, speech, mixture) of development speakers and noises, the same for the same seed.

    Raises
    ------
    AudioFileError
        If too many of them cannot be read.
    """
    rng = np.random.default_rng(seed + 1000)
    made: list[tuple[int, NDArray[np.float32], NDArray[np.float32]]] = []
    n_skipped = 0
    while len(made) < PAIRS_PER_SNR * len(SNRS_DB):
        speech = read_audio(corpus.development_speech[rng.integers(len(corpus.development_speech))])
        noise = read_audio(corpus.development_noise[rng.integers(len(corpus.development_noise))])
        if speech is None or noise is None:
            n_skipped += 1
            if n_skipped > MOST_SKIPPED:
                raise AudioFileError(f"{n_skipped} held-out recordings cannot be read; take them off the manifest")
            continue
        speech = speech[: MAX_S * RATE]
        start = rng.integers(0, max(1, len(noise) - len(speech)))
        snr = SNRS_DB[len(made) % len(SNRS_DB)]
        made.append((snr, speech, mix(speech, noise[start:], snr)))
    return made


def score(model: Model, corpus: Corpus, seed: int) -> dict[str, Any]:
    """Return mean SI-SDR in and out, in dB, for every input SNR and over all."""
    rows: dict[int, list[tuple[float, float]]] = {snr: [] for snr in SNRS_DB}
    for snr, speech, mixture in mixtures(corpus, seed):
        clean = render(mixture, Chain([Denoise(model)], RATE))
        rows[snr].append((si_sdr(speech, mixture), si_sdr(speech, clean)))
    means = {str(snr): [round(float(m), 2) for m in np.mean(pairs, axis=0)] for snr, pairs in rows.items()}
    means["mean"] = [round(float(m), 2) for m in np.mean([p for pairs in rows.values() for p in pairs], axis=0)]
    return {"si_sdr_db": means, "mixtures": PAIRS_PER_SNR * len(SNRS_DB)}


def table(metrics: dict[str, Any]) -> str:
    """Return the scores as a Markdown table."""
    rows = [f"| {snr} | {before:.2f} | {after:.2f} |" for snr, (before, after) in metrics["si_sdr_db"].items()]
    head = ["| input SNR, dB | SI-SDR in, dB | SI-SDR out, dB |", "|---|---|---|"]
    return "\n".join([f"{metrics['mixtures']} mixtures of held-out speakers and held-out noises.", "", *head, *rows])
