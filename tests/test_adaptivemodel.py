"""Oracles: a round trip, the equations over the engine's own transform, one rate against another."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save
from scipy.signal import firwin, lfilter, resample_poly

from realtime.adaptivemodel import NAMES, AdaptiveModel
from realtime.base.errors import ModelError
from realtime.dsp.stft import windows
from realtime.engine.chain import Chain
from realtime.learn import learn_noise
from realtime.model import load_model, save_model
from realtime.modelfile import StftSettings
from realtime.networks.network import Basis
from realtime.plugins.denoise import OFF, Denoise
from realtime.render import Stream, render
from tests.networks.adaptive_oracle import Oracle, random_weights


def make_adaptive_model(seed: int = 0, n_bases: int = 12, n_layers: int = 2) -> AdaptiveModel:
    weights = random_weights(seed, 257, n_bases, n_layers)
    sources = (("speech", 7), ("noise", n_bases - 7))
    return AdaptiveModel("adaptive", StftSettings(), sources, 0.67, 0.2, weights, {"name": "test"})


def noise(n: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(1).standard_normal(n)).astype(np.float32)


def chain_without_room(model: AdaptiveModel, rate: int = 16000, latency_ms: int = 32) -> Chain:
    chain = Chain([Denoise(model, latency_ms)], rate)
    chain.parameter("denoise", "adapt")[1][0] = OFF
    return chain


def by_the_equations(model: AdaptiveModel, x: np.ndarray, depth: int, *heard: np.ndarray) -> np.ndarray:
    """Return what comes out after some layers, of all the sound or of the bases heard, over the engine's transform."""
    n_fft, hop = model.stft.n_fft, model.stft.hop
    analysis, synthesis = windows(n_fft, n_fft, hop)
    padded = np.pad(x, (n_fft - hop, n_fft + hop))
    oracle, made = Oracle(model.weights, 7, 0.67, 0.2), np.zeros(len(padded))
    for start in range(0, len(padded) - n_fft + 1, hop):
        spectrum = np.fft.rfft(padded[start : start + n_fft] * analysis)
        mask = oracle.column(np.abs(spectrum), *heard)[depth]
        made[start : start + n_fft] += np.fft.irfft(spectrum * mask) * synthesis
    return made[n_fft - hop :][: len(x)]


def test_round_trip_is_exact(tmp_path: Path) -> None:
    model = make_adaptive_model()
    save_model(tmp_path / "m.safetensors", model)
    back = load_model(tmp_path / "m.safetensors")
    assert isinstance(back, AdaptiveModel) and (back.n_layers, back.n_bins, back.context) == (2, 257, 1)
    assert back.n_parameters == sum(getattr(model.weights, name).size for name in NAMES)
    assert back.macs_per_column == 2 * 2 * (257 + 12) * 12 + 257 * 5 * (2 * 2 + 2) + 257 * 12 + 12 * 12
    assert (back.macs_at(0), back.macs_at(1)) == (0, back.macs_per_column)
    assert all(np.array_equal(getattr(back.weights, name), getattr(model.weights, name)) for name in NAMES)
    assert all(value == getattr(back, name) for name, value in vars(model).items() if name != "weights")


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_the_plugin_applies_the_mask_of_the_equations(depth: int) -> None:
    model, x = make_adaptive_model(), noise(6000)
    wanted = by_the_equations(model, x, depth)
    chain = chain_without_room(model)
    chain.parameter("denoise", "layers")[1][0] = depth
    assert np.abs(render(x, chain) - wanted).max() < 1e-5 * np.abs(wanted).max()


@pytest.mark.parametrize("rate", [32000, 48000, 96000])
def test_a_higher_rate_changes_neither_level_nor_mask(rate: int) -> None:
    times, model = rate // 16000, make_adaptive_model()
    x = lfilter(firwin(401, 6000, fs=16000), 1, noise(16000)).astype(np.float32)
    taps = firwin(400 * times + 1, 0.98 / times, window=("kaiser", 8.0))
    higher = resample_poly(x, times, 1, window=taps).astype(np.float32)
    got = resample_poly(render(higher, chain_without_room(model, rate)), 1, times, window=taps)
    difference = (got - render(x, chain_without_room(model)))[1000:-1000]
    assert np.sqrt(np.mean(difference**2)) < 5e-3 * np.sqrt(np.mean(x**2))


@pytest.mark.parametrize("latency_ms", [32, 4])
@pytest.mark.parametrize("rate", [16000, 48000])
def test_output_is_the_same_for_every_block_size_while_the_room_is_learned(rate: int, latency_ms: int) -> None:
    model, x = make_adaptive_model(), noise(int(2.5 * rate))

    def output(block: int, adapt: int = 1) -> np.ndarray:
        chain = Chain([Denoise(model, latency_ms)], rate)
        chain.parameter("denoise", "adapt")[1][0] = adapt
        stream = Stream(chain)
        return np.concatenate([stream.process(x[i : i + block]) for i in range(0, len(x), block)])

    wanted = output(len(x))
    for block in (333, 1024):
        assert np.array_equal(output(block), wanted), block
    assert not np.array_equal(output(len(x), OFF)[rate:], wanted[rate:])


@pytest.mark.parametrize("rate", [8000, 44100])
def test_other_rates_run(rate: int) -> None:
    out = render(noise(rate), Chain([Denoise(make_adaptive_model())], rate))
    assert np.isfinite(out).all() and out.std() > 0


BAD = {
    "no memory_share": ({"memory_share": None}, {}),
    "compression of two": ({"compression": 2}, {}),
    "context of two": ({"context": 2}, {}),
    "one source": ({"sources": [["speech", 12]]}, {}),
    "sources that are too many bases": ({"sources": [["speech", 12], ["noise", 1]]}, {}),
    "a negative weight": ({}, {"W": np.full((2, 269, 12), -1, np.float32)}),
    "a gain of zero": ({}, {"gain": np.zeros((2, 12), np.float32)}),
    "a rate of two": ({}, {"own_rate": np.full(5, 2, np.float32)}),
    "more bases of the room than own ones": ({}, {"room": np.ones((6, 257), np.float32)}),
    "a room of speech": ({}, {"own_speech": np.ones(5, np.float32)}),
    "more than all of a room": ({"room_share": 1.5}, {}),
    "a room that follows a floor": ({}, {"own_fall": np.ones(5, np.float32)}),
    "a transition that does not fit": ({}, {"transition": np.ones((12, 11), np.float32)}),
    "a room_level too few": ({"room_level": [1.0]}, {}),
    "a negative room_level": ({"room_level": [-1.0, 1.0]}, {}),
    "read in two dimensions": ({}, {"read": np.ones((257, 12), np.float32)}),
    "NaN": ({}, {"start": np.full(12, np.nan, np.float32)}),
    "float64": ({}, {"start": np.ones(12)}),
    "unknown tensor": ({}, {"Z": np.ones(3, np.float32)}),
}


@pytest.mark.parametrize("name", BAD)
def test_malformed_content_is_one_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / "m"
    meta, tensors = make_adaptive_model().content()
    changes, others = BAD[name]
    settings = {k: v for k, v in ({"schema": 1} | meta | changes).items() if v is not None}
    path.write_bytes(save(tensors | others, {"unfold": json.dumps(settings)}))
    with pytest.raises(ModelError) as caught:
        load_model(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)


def test_the_share_of_a_room_is_kept_and_is_all_of_it_where_a_file_says_nothing(tmp_path: Path) -> None:
    save_model(tmp_path / "m", dataclasses.replace(make_adaptive_model(), room_share=0.35))
    assert load_model(tmp_path / "m").room_share == 0.35
    meta, tensors = make_adaptive_model().content()
    del meta["room_share"]
    (tmp_path / "n").write_bytes(save(tensors, {"unfold": json.dumps({"schema": 1} | meta)}))
    assert load_model(tmp_path / "n").room_share == 1


def test_an_invalid_model_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="compression"):
        save_model(tmp_path / "m", dataclasses.replace(make_adaptive_model(), compression=0.0))


def test_a_model_without_bases_of_a_room_has_nothing_to_learn_there(tmp_path: Path) -> None:
    weights = random_weights(2, 257, 12, 2, n_room=0)
    model = AdaptiveModel("adaptive", StftSettings(), (("speech", 7), ("noise", 5)), 0.67, 0.2, weights, {"name": "t"})
    save_model(tmp_path / "m.safetensors", model)
    back = load_model(tmp_path / "m.safetensors")
    assert isinstance(back, AdaptiveModel) and back.weights.room.shape == (0, 257) and not back.learns_room
    chain = Chain([plugin := Denoise(back)], 16000)
    assert [p.id for p in plugin.descriptor.parameters] == ["layers", "amount"] and plugin.room_start is None
    x = noise(16000)
    pieces, stream = [], Stream(Chain([Denoise(back)], 16000))
    for i in range(0, len(x), 1000):
        pieces.append(stream.process(x[i : i + 1000]))
    assert np.array_equal(np.concatenate(pieces)[512:], render(x, chain)[: len(x) - 512])
    with pytest.raises(ModelError, match="no bases of a noise to learn"):
        learn_noise(back, x, 16000)


def test_bases_are_named_by_what_they_stand_for() -> None:
    bases = make_adaptive_model().bases
    speech, noise = ("speech", True), ("noise", False)
    assert bases[:14] == (Basis(*speech),) * 7 + (Basis(*noise),) * 5 + (Basis(*noise, "room"),) * 2
    assert [(b.source, b.is_speech) for b in bases[14:]] == [noise, noise, speech]
    assert {b.own for b in bases[14:]} == {"follower"}
    rates = make_adaptive_model().weights.own_rate[2:]
    assert [1 - np.exp(-0.008 / b.seconds) for b in bases[14:]] == pytest.approx(rates, rel=1e-5)
    falls = dataclasses.replace(make_adaptive_model().weights, own_fall=np.array([0, 0, 0, 0.3, 0], np.float32))
    model = dataclasses.replace(make_adaptive_model(), weights=falls)
    assert [b.own for b in model.bases[14:]] == ["follower", "floor", "follower"]


def test_muting_a_basis_leaves_its_term_out_of_what_is_rendered() -> None:
    model, x, rate = make_adaptive_model(), noise(6000), 16000
    heard = np.isin(np.arange(17), [0, 1, 2, 4, 5, 6, 16])  # speech without basis 3
    wanted = by_the_equations(model, x, -1, heard)
    parts = []
    for choice in (heard, ~heard):
        chain = chain_without_room(model, rate)
        chain.plugins[0].hear(np.flatnonzero(choice))
        parts.append(render(x, chain))
    assert np.abs(parts[0] - wanted).max() < 1e-5 * np.abs(wanted).max()
    assert np.abs(parts[0] - render(x, chain_without_room(model))).max() > 1e-3
    assert np.abs(parts[0] + parts[1] - x).max() < 1e-6
