"""Learn a noise or a voice: bases fitted to a few seconds of it join or replace those of a model. Worker thread.

Sparse NMF with bases of unit norm (Le Roux et al., MERL TR2015-023), the generalised Kullback-Leibler divergence, some
tens of updates from random columns of the noise. Letters as in `realtime.networks.nmf`: V (D, N) stacked magnitudes,
W (D, R) bases, H (R, N) activations.
"""

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from realtime.adapt import fit
from realtime.adaptivemodel import AdaptiveModel
from realtime.base.errors import ModelError
from realtime.base.units import FLOOR, gain_to_db
from realtime.dsp.stft import window_size, windows
from realtime.model import LEAST_WEIGHT, AnyModel, Model
from realtime.networks.adaptivelayer import EPSILON
from realtime.networks.adaptiverecord import MEAN

Floats = NDArray[np.float32]
Learned = TypeVar("Learned", Model, AdaptiveModel)

LEARNED = "learned"
"""Name of the source that holds what was learned."""

N_BASES = 20
N_UPDATES = 50
N_VOICE_BASES = 40
LEAST_S = 1.0
LEAST_VOICE_S = 5.0
VOICED = 0.05
"""Columns below that share of a voice's loudest are pauses."""
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


def with_voice(model: Model, bases: Floats) -> Model:
    """Return the model with these speech bases instead of its own. [thread-safe]

    Instead, not beside: whatever of the noise a general voice could say, this one cannot.

    Parameters
    ----------
    model : Model
        Of kind "nmf".
    bases : float32[n_bins * context, R]
        A matrix with fewer columns of context takes the newest of them.
    """
    n_speech, weights = model.sources[0][1], []
    for w in model.weights:
        new = bases[len(bases) - len(w) :]
        new = np.maximum(new * (_mean_norm(w[:, :n_speech]) / _mean_norm(new)), LEAST_WEIGHT)
        weights.append(np.ascontiguousarray(np.hstack([new, w[:, n_speech:]]), np.float32))
    speech = (model.sources[0][0], bases.shape[1])
    return replace(model, sources=(speech, *model.sources[1:]), weights=tuple(weights))


def with_room(model: AdaptiveModel, bases: Floats, parts: Floats) -> AdaptiveModel:
    """Return the model with a room that it knows from its first column on, and goes on learning from. [thread-safe]

    Parameters
    ----------
    bases, parts : float32[n_room, n_bins]
        As `adapt.fit` returns them; a low sample rate has fewer bins than the model.
    """
    room = np.zeros_like(model.weights.room)
    room[:, : bases.shape[1]] = bases
    return replace(model, weights=replace(model.weights, room=room), room_level=tuple(map(float, parts.sum(axis=1))))


def can_learn_noise(model: AnyModel | None) -> bool:
    """Return whether `learn_noise` can make something of a model. [thread-safe]"""
    return isinstance(model, Model) or (isinstance(model, AdaptiveModel) and model.learns_room)


def learning_room(model: AnyModel | None) -> AdaptiveModel:
    """Return the model if it learns its room; else raise ModelError. [thread-safe]"""
    if not isinstance(model, AdaptiveModel) or not model.learns_room:
        raise ModelError("this preset does not learn its room; choose another, such as default")
    return model


def keep_room(model: AnyModel | None, room: tuple[Floats, Floats] | None) -> AdaptiveModel:
    """Return the model with the room that a running network of it has learned. [thread-safe]

    Parameters
    ----------
    model : AdaptiveModel
        That of the running network.
    room : (bases, parts)
        From `adapt.Adapter.room`.

    Raises
    ------
    ModelError
        If the model learns no room, or none was learned yet.
    """
    learner = learning_room(model)
    if room is None:
        raise ModelError("no room was learned, so none is kept; let it run for some seconds with 'adapt' on")
    return told(with_room(learner, *room), "With the room of a run.")


def learn_noise(model: AnyModel, x: Floats, sample_rate: float) -> AnyModel:
    """Return a model for the noise that is heard here. [worker-thread]

    Parameters
    ----------
    model : Model or AdaptiveModel
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
    _check_sound(x, sample_rate, LEAST_S, "noise")
    if isinstance(model, AdaptiveModel) and model.learns_room:
        heard = heard_in_room(model, x, sample_rate)
        with_it = with_room(model, *fit(heard, model.room_start(heard.shape[1]), N_UPDATES))
        return told(with_it, f"With the noise of a room, from {len(x) / sample_rate:.1f} s of it.")
    own = _with_bases(model, "noise")
    made = with_learned(own, fit_bases(stacked_magnitudes(x, sample_rate, own.n_bins, own.context)))
    return told(made, f"With {N_BASES} bases of a noise, from {len(x) / sample_rate:.1f} s of it.")


def learn_voice(model: AnyModel, x: Floats, sample_rate: float) -> Model:
    """Return a model for the voice that is heard here. [worker-thread]

    Parameters
    ----------
    model : Model
        The noise bases and the layers are its own.
    x : float32[n]
        Half a minute of the voice, with as little noise as can be.
    sample_rate : float
        Hz.

    Raises
    ------
    ModelError
        If the model has no bases, or there is too little of the voice.
    """
    _check_sound(x, sample_rate, LEAST_VOICE_S, "voice")
    own = _with_bases(model, "voice")
    v = stacked_magnitudes(x, sample_rate, own.n_bins, own.context)
    energy = v[-own.n_bins :].sum(axis=0)
    heard = energy > VOICED * np.percentile(energy, 99)
    if heard.sum() * own.stft.hop < LEAST_VOICE_S / 2 * own.stft.sample_rate:
        raise ModelError(
            f"a voice is heard in {heard.mean():.0%} of the {len(x) / sample_rate:.1f} s; speak on without long pauses"
        )
    v = v[:, heard] / v[:, heard].sum(axis=0)  # soft sounds count as much as loud ones
    made = with_voice(own, fit_bases(v, N_VOICE_BASES))
    return told(made, f"With {N_VOICE_BASES} bases of a voice, from {len(x) / sample_rate:.1f} s of it.")


def heard_in_room(model: AdaptiveModel, x: Floats, sample_rate: float) -> Floats:
    """Return what the network would hand over to the fit of a room if all it hears is noise. [thread-safe]

    Returns
    -------
    float32[n, n_bins]
        Compressed magnitudes, averaged over `MEAN` columns.
    """
    n_bins = min(model.n_bins, window_size(sample_rate) // 2 + 1)
    scale = model.stft.n_fft / window_size(sample_rate)
    magnitudes = stacked_magnitudes(x, sample_rate, n_bins, 1).T * scale
    v = (magnitudes + EPSILON) ** model.compression * model.weights.input[:n_bins]
    n = len(v) // MEAN
    return np.asarray(v[: n * MEAN].reshape(n, MEAN, n_bins).mean(axis=1), np.float32)


def _check_sound(x: Floats, sample_rate: float, least_s: float, what: str) -> None:
    if len(x) < least_s * sample_rate:
        raise ModelError(f"{len(x) / sample_rate:.1f} s are too short to learn a {what} from; {least_s:g} s are needed")
    if gain_to_db(float(np.sqrt(np.mean(np.square(x, dtype=np.float64))))) < LEAST_DB:
        raise ModelError(f"the input was silent: there is no {what} to learn")


def _with_bases(model: AnyModel, what: str) -> Model:
    if not isinstance(model, Model):
        raise ModelError(f"a model of kind {model.kind!r} has no bases of a {what} to learn; choose another preset")
    return model


def told(model: Learned, what: str) -> Learned:
    """Return the model with this sentence added to what its card says was learned. [thread-safe]"""
    return replace(model, card=model.card | {"learned": f"{model.card.get('learned', '')} {what}".strip()})
