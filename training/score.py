"""SI-SDR and BSS-eval SDR on mixtures of held-out speakers and noises: what ships is what is scored."""

from collections.abc import Callable, Iterator
from typing import Any

import fast_bss_eval
import numpy as np
from numpy.typing import NDArray

from realtime.engine.chain import Chain
from realtime.model import Model
from realtime.plugins.denoise import Denoise
from realtime.render import render
from training.data import RATE, Corpus, mix, read_audio

Samples = NDArray[np.float32]

SNRS_DB = (-5, 0, 5, 10, 15)
PAIRS_PER_SNR = 24
MAX_S = 6
MEASURES = {"sdr_db": "SDR", "si_sdr_db": "SI-SDR"}


def si_sdr(target: Samples, estimate: Samples) -> float:
    """Return the scale-invariant signal-to-distortion ratio in dB (Le Roux et al., ICASSP 2019)."""
    s, y = target.astype(float), estimate.astype(float)
    s = s * (s @ y) / (s @ s)
    return float(10 * np.log10((s @ s) / max(float((y - s) @ (y - s)), 1e-20)))


def sdr(target: Samples, estimate: Samples) -> float:
    """Return the signal-to-distortion ratio of BSS-eval in dB: any filter of 512 taps counts as no distortion."""
    return float(fast_bss_eval.sdr(target[None].astype(float), estimate[None].astype(float), load_diag=1e-8)[0])


def mixtures(corpus: Corpus, seed: int, pairs_per_snr: int = PAIRS_PER_SNR) -> Iterator[tuple[int, Samples, Samples]]:
    """Yield (SNR, speech, mixture) of development speakers and noises, the same for the same seed."""
    rng = np.random.default_rng(seed + 1000)
    made = 0
    while made < pairs_per_snr * len(SNRS_DB):
        speech = read_audio(corpus.development_speech[rng.integers(len(corpus.development_speech))])
        noise = read_audio(corpus.development_noise[rng.integers(len(corpus.development_noise))])
        if speech is None or noise is None:
            continue
        speech = speech[: MAX_S * RATE]
        start = rng.integers(0, max(1, len(noise) - len(speech)))
        snr = SNRS_DB[made % len(SNRS_DB)]
        made += 1
        yield snr, speech, mix(speech, noise[start:], snr)


def engine(model: Model) -> Callable[[Samples], Samples]:
    """Return the real-time engine with a model, over a signal."""
    return lambda x: render(x, Chain([Denoise(model)], RATE))


def score(
    enhance: Callable[[Samples], Samples], corpus: Corpus, seed: int, pairs_per_snr: int = PAIRS_PER_SNR
) -> dict[str, Any]:
    """Return mean SI-SDR and SDR in and out, in dB, for every input SNR and over all."""
    rows: list[tuple[int, list[list[float]]]] = []
    for snr, speech, mixture in mixtures(corpus, seed, pairs_per_snr):
        clean = enhance(mixture)
        rows.append((snr, [[measure(speech, x) for x in (mixture, clean)] for measure in (sdr, si_sdr)]))
    result: dict[str, Any] = {"mixtures": len(rows)}
    for i, name in enumerate(MEASURES):
        groups = {str(snr): [values[i] for found, values in rows if found == snr] for snr in SNRS_DB}
        groups["mean"] = [values[i] for _, values in rows]
        result[name] = {snr: [round(float(v), 2) for v in np.mean(pairs, axis=0)] for snr, pairs in groups.items()}
    return result


def table(metrics: dict[str, Any]) -> str:
    """Return the scores as a Markdown table."""
    found = {name: title for name, title in MEASURES.items() if name in metrics}
    head = ["input SNR, dB", *(f"{title} {way}, dB" for title in found.values() for way in ("in", "out"))]
    lines = [f"{metrics['mixtures']} mixtures of held-out speakers and held-out noises.", ""]
    lines += [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for snr in metrics[next(iter(found))]:
        lines.append(f"| {snr} | " + " | ".join(f"{v:.2f}" for name in found for v in metrics[name][snr]) + " |")
    return "\n".join(lines)
