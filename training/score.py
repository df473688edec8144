"""SI-SDR and BSS-eval SDR on mixtures of held-out speakers and noises: what ships is what is scored."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from realtime.engine.chain import Chain
from realtime.model import AnyModel
from realtime.plugins.denoise import Denoise
from realtime.render import render
from training.data import RATE, Corpus
from training.metrics import sdr, si_sdr
from training.pairs import SNRS_DB, development_pairs

Samples = NDArray[np.float32]

SEED = 0  # of the mixtures, and of those of `evaluate` if it is told no other
PAIRS_PER_SNR = 24
MEASURES = {"sdr_db": "SDR", "si_sdr_db": "SI-SDR"}


def engine(model: AnyModel) -> Callable[[Samples], Samples]:
    """Return the real-time engine with a model, over a signal."""
    return lambda x: render(x, Chain([Denoise(model)], RATE))


def score(enhance: Callable[[Samples], Samples], corpus: Corpus, pairs_per_snr: int = PAIRS_PER_SNR) -> dict[str, Any]:
    """Return mean SI-SDR and SDR in and out, in dB, for every input SNR and over all.

    The mixtures are the same whatever the seed of a run, so that the cards of models compare.
    """
    rows: list[tuple[str, list[list[float]]]] = []
    for pair in development_pairs(corpus, SEED, pairs_per_snr * len(SNRS_DB)):
        heard = pair.noisy, enhance(pair.noisy)
        rows.append((pair.group, [[measure(pair.clean, x) for x in heard] for measure in (sdr, si_sdr)]))
    result: dict[str, Any] = {"mixtures": len(rows)}
    for i, name in enumerate(MEASURES):
        groups = {str(snr): [values[i] for found, values in rows if found == str(snr)] for snr in SNRS_DB}
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
