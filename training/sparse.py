"""Sparse NMF with normalised bases: one dictionary for speech, one for noise (Le Roux et al., TR2015-023).

Minimises D_KL(V | W H) + mu sum(H) over W, H >= 0 with unit-norm columns of W. The papers' letters: V (D, N) stacked
magnitudes, W (D, R) bases, H (R, N) activations.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from realtime.base.units import FLOOR

Tensor = torch.Tensor


def magnitudes(x: NDArray[np.float32], n_fft: int = 512, hop: int = 128) -> NDArray[np.float32]:
    """Return (F, N) magnitudes under the square-root Hann window of the real-time transform."""
    window = np.sin(np.pi * np.arange(n_fft) / n_fft)
    starts = np.arange(0, len(x) - n_fft + 1, hop)
    frames = x[starts[:, None] + np.arange(n_fft)] * window
    return np.abs(np.fft.rfft(frames, axis=1)).T.astype(np.float32)


def stacked(columns: NDArray[np.float32], context: int) -> NDArray[np.float32]:
    """Return (F * T, N): every column under its T - 1 past ones, the oldest first, silence before the start."""
    padded = np.pad(columns, ((0, 0), (context - 1, 0)))
    n = columns.shape[1]
    return np.concatenate([padded[:, t : t + n] for t in range(context)])


def update(v: Tensor, w: Tensor, h: Tensor, mu: float) -> tuple[Tensor, Tensor]:
    """One update of H, then of W through its norm: the cost never rises."""
    ratio = v / (w @ h).clamp_min(FLOOR)
    h = h * (w.T @ ratio) / (w.sum(0)[:, None] + mu).clamp_min(FLOOR)
    ratio = v / (w @ h).clamp_min(FLOOR)
    x, y = ratio @ h.T, h.sum(1)[None, :].expand_as(w)
    w = w * (x + w * (y * w).sum(0)) / (y + w * (x * w).sum(0)).clamp_min(FLOOR)
    return w / w.norm(dim=0), h


def cost(v: Tensor, w: Tensor, h: Tensor, mu: float) -> float:
    """Return D_KL(V | W H) + mu sum(H)."""
    model = (w @ h).clamp_min(FLOOR)
    return float((v * (v / model).log() - v + model).sum() + mu * h.sum())


def dictionary(
    v: NDArray[np.float32], n_bases: int, mu: float, n_updates: int, seed: int, report: Callable[[float], None]
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
    report : callable
        Called with the share done.
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
        w, h = update(data, w, h, mu)
        report((i + 1) / n_updates)
    return w.cpu().numpy()
