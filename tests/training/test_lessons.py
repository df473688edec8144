"""Oracles: SNRs and stretches recomputed from the recordings, and scores of the engine run by hand."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from realtime.adaptivemodel import AdaptiveModel
from realtime.base.errors import AudioFileError, UnfoldError
from realtime.engine.preset import load_preset
from realtime.learn import learn_noise
from realtime.render import render
from tests.training.corpora import folders
from training.data import RATE, Corpus, active_level, read_folders
from training.lessons import LEAD_S, LESSON_S, Lesson, compare, cost, lessons, model_of, ways
from training.metrics import si_sdr
from training.pairs import talk


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    root = folders(tmp_path_factory.mktemp("corpus"), speakers=12, noises=12, seconds=9.0)
    return read_folders(root / "clean", root / "noise", None)


@pytest.fixture(scope="module")
def heard(corpus: Corpus) -> list[Lesson]:
    return lessons(corpus, seed=0, per_noise=3)


def test_every_noise_gives_its_first_seconds_as_a_lesson_and_the_rest_as_noise(
    corpus: Corpus, heard: list[Lesson]
) -> None:
    assert len(heard) == 3 * len(corpus.development_noise) == 6
    assert [one.pair.group for one in heard] == ["-5", "0", "5", "10", "15", "-5"]
    noises = {r.path.stem: soundfile.read(r.path, dtype="float32")[0] for r in corpus.development_noise}
    for one in heard:
        whole = noises[one.pair.noise]
        assert np.array_equal(one.noise, whole[: LESSON_S * RATE])
        added = (one.pair.noisy - one.pair.clean).astype(float)
        snr_db = 20 * np.log10(active_level(one.pair.clean) / np.sqrt(np.mean(added**2)))
        assert snr_db == pytest.approx(float(one.pair.group), abs=0.01)
        part, rest = added[: RATE // 2], np.resize(whole[LESSON_S * RATE :], 2 * len(whole)).astype(float)
        at = int(np.argmax(np.correlate(rest, part)))
        likeness = part @ rest[at : at + len(part)] / np.linalg.norm(part) / np.linalg.norm(rest[at : at + len(part)])
        assert likeness > 0.999
        assert len(one.pair.lead) == LEAD_S * RATE
    assert [one.pair.noisy[0] for one in lessons(corpus, 0, 3)] == [one.pair.noisy[0] for one in heard]


def test_what_is_compared_is_the_engine_with_and_without_a_lesson(heard: list[Lesson]) -> None:
    one, preset = heard[1], load_preset("default")
    model = model_of("default")
    assert isinstance(model, AdaptiveModel)
    found = {name: way(one) for name, way in ways(model).items()}
    assert len(found) == 6
    assert np.array_equal(found["nothing"], render(one.pair.noisy, preset.chain(RATE, adapt=0)))
    assert np.array_equal(found["what it learns in the mixture"], render(one.pair.noisy, preset.chain(RATE, adapt=1)))
    taught, itself = found["5 s of it, from another stretch"], found["the noise in the mixture itself"]
    assert not np.array_equal(taught, itself) and not np.array_equal(taught, found["nothing"])
    after = found["nothing, 15 s into other speech"]
    running = render(np.concatenate([one.pair.lead, one.pair.noisy]), preset.chain(RATE, adapt=0))
    assert np.array_equal(after, running[len(one.pair.lead) :])


def test_tables_hold_the_means(heard: list[Lesson], corpus: Corpus) -> None:
    text = compare("sparse", heard[:2], lambda n: None)
    model, chain = model_of("sparse"), load_preset("sparse")
    before = [si_sdr(one.pair.clean, render(one.pair.noisy, chain.chain(RATE))) for one in heard[:2]]
    assert f"| nothing | {np.mean(before):.2f} | {before[0]:.2f} | {before[1]:.2f} |" in text
    assert learn_noise(model, heard[0].noise, RATE) != model
    assert f"| {heard[0].pair.noise} | {np.mean(before):.2f} |" in text and "A lesson is fitted in 0." in text
    assert cost("sparse", corpus, 0) == ""


def test_the_cost_is_that_of_the_engine_on_clean_speech(corpus: Corpus) -> None:
    rng, scores = np.random.default_rng(0), []
    for _ in corpus.development_noise:
        clean = talk(corpus.development_speech, 60, 0.05, rng)
        chains = [load_preset("default").chain(RATE, adapt=adapt) for adapt in (0, 1)]
        scores.append([si_sdr(clean, render(clean, chain)) for chain in chains])
    off, on = np.mean(scores, axis=0)
    assert f"| clean speech | {off:.2f} | {on:.2f} |" in cost("default", corpus, 0)


def test_what_cannot_be_compared_is_one_sentence(tmp_path: Path) -> None:
    folders(tmp_path, speakers=2, noises=2, seconds=3.0)
    with pytest.raises(AudioFileError, match=r"no held-out noise of .* lasts 8 s"):
        lessons(read_folders(tmp_path / "clean", tmp_path / "noise", None), 0)
    with pytest.raises(UnfoldError, match="cannot learn a noise; choose another"):
        model_of("tiny")
