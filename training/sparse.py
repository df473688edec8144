"""Sparse NMF with normalised bases: one dictionary for speech, one for noise (Le Roux et al., TR2015-023).

Minimises D_beta(V | W H) + mu sum(H) over W, H >= 0 with unit-norm columns of W. The papers' letters: V (D, N) stacked
magnitudes, W (D, R) bases, H (R, N) activations.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from realtime.base.errors import UnfoldError
from realtime.base.units import FLOOR
from training.config import Config
from training.data import FRAME, Corpus, Recording, active_level, read_audio
from training.dnmf import Tensor, layer, power
from training.spectra import magnitudes, stacked

HEARD = 0.03  # columns below this share of the loudest are silence


def update(v: Tensor, w: Tensor, h: Tensor, mu: float, beta: float = 1.0) -> tuple[Tensor, Tensor]:
    """One update of H, then of W through its norm: the cost never rises for beta in 0.5, 1, 1.5, 2."""
    h = layer(w, v, h, mu, beta)
    model = (w @ h).clamp_min(FLOOR)
    x = (v * power(model, beta - 2)) @ h.T
    y = h.sum(1)[None, :].expand_as(w) if beta == 1 else power(model, beta - 1) @ h.T
    w = w * (x + w * (y * w).sum(0)) / (y + w * (x * w).sum(0)).clamp_min(FLOOR)
    return w / w.norm(dim=0), h


def cost(v: Tensor, w: Tensor, h: Tensor, mu: float, beta: float = 1.0) -> float:
    """Return D_beta(V | W H) + mu sum(H)."""
    model = (w @ h).clamp_min(FLOOR)
    if beta == 1:
        divergence = (v * (v / model).log() - v + model).sum()
    else:
        divergence = (v**beta + (beta - 1) * model**beta - beta * v * model ** (beta - 1)).sum() / (beta * (beta - 1))
    return float(divergence + mu * h.sum())


def dictionary(
    v: NDArray[np.float32],
    n_bases: int,
    mu: float,
    n_updates: int,
    seed: int,
    report: Callable[[float], None] | None = None,
    beta: float = 1.0,
) -> NDArray[np.float32]:
    """Return the bases (D, n_bases) of V (D, N).

    Parameters
    ----------
    v : float32 (D, N)
        Magnitudes; columns of any level.
    n_bases, n_updates : int
        Bases, and updates of both factors.
    mu : float
        Sparsity, relative to columns scaled to a mean magnitude of one.
    seed : int
        Of the start: random columns of V.
    report : callable or None
        Called with the share done.
    beta : float
        Of the divergence.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    rng = np.random.default_rng(seed)
    data = torch.from_numpy(v / v.mean()).to(device)
    data = data.clamp_min(float(data[data > 0].min()))
    start = v[:, rng.choice(v.shape[1], n_bases, replace=False)] / v.mean()
    w = torch.from_numpy(start).to(device) + 0.05
    w = w / w.norm(dim=0)
    h = torch.from_numpy(rng.uniform(0.5, 1, (n_bases, v.shape[1])).astype(np.float32)).to(device)
    for i in range(n_updates):
        w, h = update(data, w, h, mu, beta)
        if report:
            report((i + 1) / n_updates)
    return w.cpu().numpy()


def isolated_columns(files: Sequence[Recording], context: int, n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return about n stacked columns, as many from every file, at one level, without the silent ones."""
    share, parts = max(1, n // len(files)), []
    for recording in files:
        samples = read_audio(recording)
        if samples is None or len(samples) < 2 * FRAME:
            continue
        spectrum = magnitudes(samples / max(active_level(samples), 1e-9))
        energy = spectrum.sum(axis=0)
        heard = np.flatnonzero(energy > HEARD * energy.max())
        parts.append(stacked(spectrum, context)[:, rng.choice(heard, min(share, len(heard)), replace=False)])
    if not parts:
        raise UnfoldError(f"none of {len(files)} recordings can be used; give audio files of some seconds")
    return np.concatenate(parts, axis=1)


def learn(config: Config, corpus: Corpus, report: Callable[[float], None] | None = None) -> NDArray[np.float32]:
    """Return the bases (D, R) of a corpus, speech first."""
    settings, net = config.dictionary, config.network
    rng = np.random.default_rng(config.seed)
    bases = []
    for i, (name, files, n_bases) in enumerate(
        (("speech", corpus.speech, net.speech_bases), ("noise", corpus.noise, net.noise_bases))
    ):
        v = isolated_columns(files, net.context, settings.columns, rng)
        if v.shape[1] < n_bases:
            raise UnfoldError(
                f"{v.shape[1]} columns of {name} for {n_bases} bases; give more recordings, or more dictionary.columns"
            )
        half = (lambda share, i=i: report((i + share) / 2)) if report else None
        bases.append(dictionary(v, n_bases, settings.sparsity, settings.updates, config.seed, half, net.beta))
    return np.concatenate(bases, axis=1)
