"""Oracles: columns computed one by one, the cost of the factorisation, noise that the model has never heard."""

from dataclasses import replace

import numpy as np
import pytest

from realtime.adaptivemodel import AdaptiveModel
from realtime.base.errors import ModelError
from realtime.engine.callback import process_block
from realtime.engine.chain import Chain
from realtime.engine.preset import BUILT_IN
from realtime.learn import (
    LEARNED,
    N_BASES,
    N_VOICE_BASES,
    fit_bases,
    heard_in_room,
    learn_noise,
    learn_voice,
    stacked_magnitudes,
    with_learned,
)
from realtime.model import AnyModel, load_model, save_model
from realtime.plugins.denoise import FROZEN, OFF, Denoise
from realtime.render import Stream, render
from tests.synthetic_room import model_of_tones, scene, si_sdr
from tests.test_densemodel import make_dense_model
from tests.test_model import make_model

RATE = 16000
MODEL = load_model(BUILT_IN / "models" / "sparse.safetensors")


def whistles(seconds: float, seed: int, rate: int = RATE) -> np.ndarray:
    """A noise no dictionary of ours knows: three tones that come and go at random."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(rate * seconds)) / rate
    gates = np.repeat(rng.uniform(0, 1, (3, len(t) // 800 + 1)), 800, axis=1)[:, : len(t)]
    tones = [np.sin(2 * np.pi * hz * t) for hz in (710.0, 1530.0, 2930.0)]
    return (0.1 * np.sum(gates * tones, axis=0)).astype(np.float32)


def level(x: np.ndarray) -> float:
    return 10 * np.log10(np.mean(x[2000:] ** 2) + 1e-12)


@pytest.mark.parametrize(("rate", "n_fft"), [(16000, 512), (48000, 1536), (8000, 256)])
def test_columns_stand_under_those_before_them(rate: int, n_fft: int) -> None:
    x = np.random.default_rng(0).normal(0, 0.1, rate).astype(np.float32)
    v = stacked_magnitudes(x, rate, 257, 3)
    window = np.sin(np.pi * np.arange(n_fft) / n_fft)
    for n in (0, 40):
        for t in range(3):
            frame = x[(n + t) * n_fft // 4 :][:n_fft] * window
            wanted = np.abs(np.fft.rfft(frame))[:257]
            assert v[t * 257 :, n][: len(wanted)] == pytest.approx(wanted, abs=1e-3)
            assert not v[t * 257 + len(wanted) : (t + 1) * 257, n].any()


def test_more_updates_fit_better_with_bases_of_unit_norm() -> None:
    v = stacked_magnitudes(whistles(2.0, 0), RATE, 257, 2)
    scaled, costs = np.maximum(v / v.mean(), 1e-9), []
    for n_updates in (1, 5, 20, 60):
        w = fit_bases(v, 8, n_updates)
        assert np.linalg.norm(w, axis=0) == pytest.approx(np.ones(8), rel=1e-5) and w.min() >= 0
        h = np.ones((8, v.shape[1]))
        for _ in range(100):  # activations of these bases, by themselves
            h *= (w.T @ (scaled / (w @ h + 1e-9))) / w.sum(axis=0)[:, None]
        model = w @ h + 1e-9
        costs.append(float(np.sum(scaled * np.log(scaled / model) - scaled + model)))
    assert costs == sorted(costs, reverse=True) and costs[-1] < 0.8 * costs[0]


@pytest.mark.parametrize("rate", [16000, 48000])
def test_a_noise_that_was_learned_is_removed_where_the_model_alone_keeps_it(rate: int) -> None:
    learned = learn_noise(MODEL, whistles(5.0, 0, rate), rate)
    other = whistles(3.0, 1, rate)
    kept = [level(render(other, Chain([Denoise(m)], rate))) - level(other) for m in (MODEL, learned)]
    assert kept[1] < kept[0] - 6 and kept[1] < -12


def test_speech_bases_stay_and_a_second_lesson_replaces_the_first(tmp_path: object) -> None:
    model = make_model(context=2)
    once = learn_noise(model, whistles(2.0, 0), RATE)
    twice = learn_noise(once, whistles(2.0, 1), RATE)
    assert once.sources == twice.sources == (*model.sources, (LEARNED, N_BASES))
    for own, first, second in zip(model.weights, once.weights, twice.weights, strict=True):
        assert np.array_equal(first[:, : own.shape[1]], own) and np.array_equal(second[:, : own.shape[1]], own)
        assert not np.allclose(first[:, own.shape[1] :], second[:, own.shape[1] :])
    save_model(tmp_path / "learned.safetensors", twice)
    assert load_model(tmp_path / "learned.safetensors").sources == twice.sources


def test_a_matrix_of_fewer_columns_takes_the_newest() -> None:
    model = make_model(context=2)
    bases = np.random.default_rng(0).uniform(0.1, 1, (514, 3)).astype(np.float32)
    short = replace(model, weights=tuple(w[-257:] for w in model.weights))
    for w in with_learned(short, bases).weights:
        ratio = w[:, -3:] / bases[257:]
        assert ratio == pytest.approx(np.full_like(ratio, ratio[0, 0]), rel=1e-4)


@pytest.mark.parametrize(
    ("x", "model", "reason"),
    [
        (whistles(0.5, 0), MODEL, "too short"),
        (whistles(2, 0) * 0, MODEL, "silent"),
        (whistles(2, 0), make_dense_model(), "kind 'mlp' has no bases of a noise"),
    ],
)
def test_what_cannot_be_learned_says_why(x: np.ndarray, model: AnyModel, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        learn_noise(model, x, RATE)


def vowels(seconds: float, hz: float, seed: int) -> np.ndarray:
    """A voice of its own: harmonics of one pitch that glides a little, under formants that change, with pauses."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(RATE * seconds)) / RATE
    phase = 2 * np.pi * hz * (t + 0.01 * np.sin(2 * np.pi * t))
    formants = np.repeat(rng.uniform(300, 3000, (2, len(t) // 3200 + 1)), 3200, axis=1)[:, : len(t)]
    parts = [sum(1 / (1 + ((k * hz - f) / 200) ** 2) for f in formants) * np.sin(k * phase) for k in range(1, 30)]
    spoken = np.repeat(rng.uniform(0, 1, len(t) // 3200 + 1) < 0.8, 3200)[: len(t)]
    return (0.05 * spoken * np.sum(parts, axis=0)).astype(np.float32)


def snr(clean: np.ndarray, heard: np.ndarray) -> float:
    return 10 * np.log10(np.mean(clean**2) / np.mean((heard - clean) ** 2))


def test_a_learned_voice_is_kept_better() -> None:
    model = learn_voice(MODEL, vowels(12, 140, 0), RATE)
    assert model.sources == (("speech", N_VOICE_BASES), *MODEL.sources[1:])
    clean = vowels(4, 140, 1)
    noisy = clean + np.random.default_rng(2).normal(0, 0.03, len(clean)).astype(np.float32)
    before, after = (snr(clean, render(noisy, Chain([Denoise(m)], RATE))) for m in (MODEL, model))
    assert after > before + 1.0


def test_how_loud_the_voice_is_does_not_matter() -> None:
    x = vowels(8, 180, 3)
    soft, loud = (learn_voice(MODEL, np.float32(g) * x, RATE).weights[0] for g in (0.1, 2.0))
    assert soft == pytest.approx(loud, rel=1e-2, abs=1e-3)


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        (vowels(4.9, 140, 0), "4.9 s are too short to learn a voice from; 5 s are needed"),
        (np.zeros(10 * RATE, np.float32), "the input was silent: there is no voice to learn"),
        (np.concatenate([vowels(1, 140, 0), np.zeros(29 * RATE, np.float32)]), "speak on without long pauses"),
    ],
)
def test_what_no_voice_can_be_learned_from_is_one_sentence(x: np.ndarray, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        learn_voice(MODEL, x, RATE)


def test_a_noise_and_a_voice_add_up_and_the_card_says_both() -> None:
    model = learn_noise(learn_voice(MODEL, vowels(8, 140, 0), RATE), whistles(2.0, 0), RATE)
    assert model.n_bases == N_VOICE_BASES + MODEL.sources[1][1] + N_BASES
    assert "of a voice, from 8.0 s" in model.card["learned"] and "of a noise, from 2.0 s" in model.card["learned"]


def test_a_room_that_was_learned_is_there_from_the_first_column() -> None:
    speech, mixture = scene(seconds=6)
    plain = model_of_tones()
    learned = learn_noise(plain, scene(seconds=5, seed=1)[1] - scene(seconds=5, seed=1)[0], RATE)
    assert isinstance(learned, AdaptiveModel) and len(learned.room_level) == len(plain.weights.room)
    scores = {}
    for name, model, mode in (("none", plain, OFF), ("learned", learned, FROZEN), ("taken away", learned, OFF)):
        stream = Stream(Chain([Denoise(model)], RATE))
        stream.host.chain.parameter("denoise", "adapt")[1][0] = mode
        latency = stream.host.chain.latency
        out = stream.process(np.pad(mixture, (0, latency)))[latency:]
        scores[name] = si_sdr(speech, out)
    assert scores["learned"] > scores["none"] + 1, scores
    assert scores["taken away"] == pytest.approx(scores["none"], abs=0.5)


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_what_a_room_is_learned_from_is_what_the_network_hands_over(rate: int) -> None:
    """With no speech bases that could explain it, the mask removes nearly all."""
    model = model_of_tones()
    noise = np.random.default_rng(0).normal(0, 0.1, 3 * rate).astype(np.float32)
    plugin = Denoise(model)
    stream = Stream(Chain([plugin], rate))
    stream.host.chain.parameter("denoise", "adapt")[1][0] = FROZEN
    assert plugin.network is not None
    kept, y = plugin.network.keep["heard"], np.empty(400, np.float32)
    rows = []
    for i in range(0, len(noise), len(y)):  # by the callback itself, for `Stream` takes the rows for the fit
        x = noise[i : i + len(y)]
        process_block.ctypes(x.ctypes.data, y.ctypes.data, len(x), None, 0, stream.host.state.address)
        rows.append(kept.read())
    handed = np.concatenate(rows)[5:]
    wanted = heard_in_room(model, noise, rate)
    ratio = handed.mean(axis=0) / wanted.mean(axis=0)
    assert 0.2 < np.median(ratio) <= 1.05


def test_a_learned_room_comes_back_with_its_file(tmp_path: object) -> None:
    learned = learn_noise(model_of_tones(), whistles(2.0, 0), RATE)
    save_model(tmp_path / "room.safetensors", learned)
    again = load_model(tmp_path / "room.safetensors")
    assert isinstance(again, AdaptiveModel) and isinstance(learned, AdaptiveModel)
    assert again.room_level == learned.room_level and np.array_equal(again.weights.room, learned.weights.room)
