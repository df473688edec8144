"""Oracles: scenes made one by one, the same streams gone on with, the seed."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.corpora import folders
from training.config import AugmentConfig, MixturesConfig, StreamsConfig
from training.criteria import EDGE
from training.data import RATE, active_level, read_folders
from training.scenes import Chunk, Scenes, Streams

MIXTURES = MixturesConfig(seconds=1.2)
STREAMS = StreamsConfig(streams=3, chunk=10, short=0.7, go_on=0.3, told=0.5)
VARIED = AugmentConfig(**dict.fromkeys(vars(AugmentConfig()), 0.5))
CHUNK = 10 * 128


def same(one: Chunk, other: Chunk) -> bool:
    tensors = ((a.speech, a.mixture, a.fresh, *a.lessons.values()) for a in (one, other))
    return one.lessons.keys() == other.lessons.keys() and all(map(torch.equal, *tensors))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory):
    root = folders(tmp_path_factory.mktemp("corpus"))
    return read_folders(root / "clean", root / "noise", root / "noise")


def test_a_scene_is_a_function_of_seed_and_number_and_full_of_talk(corpus) -> None:
    long = MixturesConfig(seconds=8.0)
    one, other = (Scenes(corpus, long, VARIED, seed) for seed in (1, 1))
    made = one.mixture(7)
    assert np.array_equal(made.mixture, other.mixture(7).mixture)
    assert not np.array_equal(made.mixture, one.mixture(8).mixture)
    plain = Scenes(corpus, long, AugmentConfig(), 1).mixture(3).speech
    assert len(plain) == 8 * RATE and abs(active_level(plain) - 1) < 1e-3
    talks = np.abs(plain).reshape(8, RATE).max(axis=1) > 0.1
    assert talks.sum() >= 7  # recordings of 1.5 s, one after the other


def test_streams_are_their_scenes_cut_into_chunks(corpus) -> None:
    streams, scenes = Streams(corpus, MIXTURES, VARIED, STREAMS, 5), Scenes(corpus, MIXTURES, VARIED, 5)
    before: list = [None] * 3
    for _ in range(40):
        made_of = streams.next_chunk()
        speech, mixture, fresh = made_of.speech, made_of.mixture, made_of.fresh
        assert mixture.shape == (3, EDGE + CHUNK)
        for i, (number, at, end) in enumerate(streams.state()):
            made, start = scenes.mixture(number), (at - 1) * CHUNK
            assert number % 3 == i and at <= end
            for found, sound in ((speech[i], made.speech), (mixture[i], made.mixture)):
                wanted = (sound * np.float32(made.level))[start : start + CHUNK]
                assert np.array_equal(found[EDGE:], wanted)
            if before[i] is None or before[i][0] != number:
                assert not mixture[i, :EDGE].any()
            else:
                assert not fresh[i] and before[i][1] == at - 1 and mixture[i, :EDGE].any()
            before[i] = (number, at)


def test_streams_go_on_where_they_were(corpus) -> None:
    one, other = (Streams(corpus, MIXTURES, VARIED, STREAMS, 6) for _ in range(2))
    for _ in range(9):
        one.next_chunk()
    other.load(one.state())
    for _ in range(9):
        assert same(one.next_chunk(), other.next_chunk())


def test_processes_share_the_streams_and_hear_different_scenes(corpus) -> None:
    parts = [Streams(corpus, MIXTURES, VARIED, STREAMS, 7, rank, 2) for rank in range(2)]
    numbers: list[int] = []
    for part in parts:
        for _ in range(30):
            part.next_chunk()
        numbers += [place[0] for place in part.state()]
    assert len({number % 6 for number in numbers}) == 6


def test_some_streams_begin_anew_and_some_go_on(corpus) -> None:
    streams, begun, entered, last = Streams(corpus, MIXTURES, VARIED, STREAMS, 8), 0, 0, [-1] * 3
    for _ in range(320):
        fresh = streams.next_chunk().fresh
        numbers = [place[0] for place in streams.state()]
        entered += sum(a != b for a, b in zip(numbers, last, strict=True))
        begun, last = begun + int(fresh.sum()), numbers
    assert entered > 60 and 0.55 < begun / entered < 0.85


def test_some_begin_with_a_lesson_in_their_own_noise(corpus) -> None:
    """Mixtures of 1.2 s hold less noise than a lesson wants, so a lesson is all of it, but for its level."""
    streams, scenes = Streams(corpus, MIXTURES, VARIED, STREAMS, 10), Scenes(corpus, MIXTURES, VARIED, 10)
    begun, told = 0, 0
    for _ in range(200):
        chunk = streams.next_chunk()
        assert all(chunk.fresh[i] for i in chunk.lessons)
        begun, told = begun + int(chunk.fresh.sum()), told + len(chunk.lessons)
        for i, lesson in chunk.lessons.items():
            scene = scenes.mixture(streams.state()[i][0])
            noise = (scene.mixture - scene.speech).astype(float)
            assert np.corrcoef(lesson, noise)[0, 1] > 0.999
    assert 0.35 < told / begun < 0.65


def test_development_streams_are_of_other_recordings(corpus, tmp_path: Path) -> None:
    used = {r.path for r in corpus.speech} & {r.path for r in corpus.development_speech}
    assert not used
    one, other = (Streams(corpus, MIXTURES, VARIED, STREAMS, 9, development=d) for d in (False, True))
    assert not np.array_equal(one.next_chunk().mixture, other.next_chunk().mixture)
