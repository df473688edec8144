"""Learn a noise: bases fitted to a few seconds of it join the noise bases of a model. Worker thread.

Sparse NMF with bases of unit norm (Le Roux et al., MERL TR2015-023), the generalised Kullback-Leibler divergence, some
tens of updates from random columns of the noise. Letters as in `realtime.networks.nmf`: V (D, N) stacked magnitudes,
W (D, R) bases, H (R, N) activations.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from realtime.base.errors import ModelError
from realtime.base.units import FLOOR, gain_to_db
from realtime.dsp.stft import window_size, windows
from realtime.model import LEAST_WEIGHT, Model

Floats = NDArray[np.float32]

LEARNED = "learned"
"""Name of the source that holds what was learned."""

N_BASES = 20
N_UPDATES = 50
LEAST_S = 1.0
LEAST_DB = -90.0
"""What is softer is taken for silence."""


def stacked_magnitudes(x: Floats, sample_rate: float, n_bins: int, context: int) -> Floats:
    """Return float32[n_bins * context, n]: every column of a sound under those before it. [thread-safe]

    Parameters
    ----------
    x : float32[n]
        Samples.
    sample_rate : float
        Hz; windows last 32 ms at every rate, so bins line up with a model's.
    n_bins : int
        Of one column; those that a low rate does not have are zero.
    context : int
        Columns on one another, the current one last.
    """
    n_fft = window_size(sample_rate)
    hop = n_fft // 4
    frames = np.lib.stride_tricks.sliding_window_view(x, n_fft)[::hop]
    spectrum = np.abs(np.fft.rfft(frames * windows(n_fft, n_fft, hop)[0], axis=1))[:, :n_bins]
    columns = np.zeros((len(frames), n_bins), np.float32)
    columns[:, : spectrum.shape[1]] = spectrum
    n = len(columns) - context + 1
    return np.concatenate([columns[t : t + n] for t in range(context)], axis=1).T


def fit_bases(v: Floats, n_bases: int = N_BASES, n_updates: int = N_UPDATES, seed: int = 0) -> Floats:
    """Return float32[D, n_bases], unit-norm bases of V, float32[D, N]. [worker-thread]"""
    rng = np.random.default_rng(seed)
    v = np.maximum(v / v.mean(), np.float32(FLOOR))
    w = v[:, rng.choice(v.shape[1], n_bases, replace=v.shape[1] < n_bases)] + np.float32(0.05)
    w /= np.linalg.norm(w, axis=0)
    h = rng.uniform(0.5, 1, (n_bases, v.shape[1])).astype(np.float32)
    for _ in range(n_updates):
        h *= (w.T @ (v / np.maximum(w @ h, FLOOR))) / np.maximum(w.sum(axis=0)[:, None], FLOOR)
        up, down = (v / np.maximum(w @ h, FLOOR)) @ h.T, h.sum(axis=1)[None, :]
        # The update of W / |W| (ibid., eq. 14): it keeps the norm out of the cost.
        w = w * (up + w * (down * w).sum(axis=0)) / np.maximum(down + w * (up * w).sum(axis=0), FLOOR)
        w /= np.linalg.norm(w, axis=0)
    return np.asarray(w, np.float32)


def with_learned(model: Model, bases: Floats) -> Model:
    """Return the model with these noise bases beside its own, in place of those learned before. [thread-safe]

    Beside, not instead: what a few seconds do not hold, a passing car or a door, the model's own bases still explain.

    Parameters
    ----------
    model : Model
        Of kind "nmf".
    bases : float32[n_bins * context, R]
        A matrix with fewer columns of context takes the newest of them.
    """
    sources = tuple(source for source in model.sources if source[0] != LEARNED)
    n_own, n_speech = sum(n for _, n in sources), sources[0][1]
    weights = []
    for w in model.weights:
        new = bases[len(bases) - len(w) :]
        # As loud as the model's own, for the sparsity of a layer weighs all activations alike.
        new = new * (_mean_norm(w[:, n_speech:n_own]) / _mean_norm(new))
        joined = np.hstack([w[:, :n_own], np.maximum(new, LEAST_WEIGHT)])
        weights.append(np.ascontiguousarray(joined, np.float32))
    return replace(model, sources=(*sources, (LEARNED, bases.shape[1])), weights=tuple(weights))


def _mean_norm(w: Floats) -> float:
    return float(np.linalg.norm(w, axis=0).mean())


def learn_noise(model: Model, x: Floats, sample_rate: float) -> Model:
    """Return a model for the noise that is heard here. [worker-thread]

    Parameters
    ----------
    model : Model
        The speech bases and the layers are its own.
    x : float32[n]
        Some seconds of noise without speech.
    sample_rate : float
        Hz.

    Raises
    ------
    ModelError
        If the model has no bases, or the sound is too short or silent.
    """
    if model.kind != "nmf":
        raise ModelError(f"a model of kind {model.kind!r} has no noise bases to learn; choose another preset")
    if len(x) < LEAST_S * sample_rate:
        raise ModelError(f"{len(x) / sample_rate:.1f} s are too short to learn a noise from; {LEAST_S:g} s are needed")
    if gain_to_db(float(np.sqrt(np.mean(np.square(x, dtype=np.float64))))) < LEAST_DB:
        raise ModelError("the input was silent: there is no noise to learn")
    return with_learned(model, fit_bases(stacked_magnitudes(x, sample_rate, model.n_bins, model.context)))
