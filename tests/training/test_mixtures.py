"""Oracles: the same number gives the same mixture, the SNR recomputed, columns recomputed one by one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from realtime.base.errors import AudioFileError
from tests.training.corpora import folders
from training.config import AugmentConfig, MixturesConfig
from training.data import active_level, read_folders
from training.mixtures import Mixer, pool
from training.spectra import magnitudes, stacked

EVERYTHING = AugmentConfig(**dict.fromkeys(vars(AugmentConfig()), 0.6))
CONFIG = MixturesConfig(seconds=1.0, snr_db=(-5, 15))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory):
    root = folders(tmp_path_factory.mktemp("corpus"))
    return read_folders(root / "clean", root / "noise", root / "noise")  # any sound is an impulse response


@pytest.mark.parametrize("varied", [AugmentConfig(), EVERYTHING], ids=["plain", "varied"])
def test_a_mixture_is_a_function_of_seed_and_number(corpus, varied: AugmentConfig) -> None:
    one, other = Mixer(corpus, CONFIG, varied, 3), Mixer(corpus, CONFIG, varied, 3)
    wanted = [one.mixture(i) for i in range(12)]
    for i in reversed(range(12)):
        again = other.mixture(i)
        assert np.array_equal(again.speech, wanted[i].speech)
        assert np.array_equal(again.mixture, wanted[i].mixture) and again.level == wanted[i].level
    assert not np.array_equal(wanted[0].mixture, wanted[1].mixture)
    assert not np.array_equal(Mixer(corpus, CONFIG, varied, 4).mixture(0).mixture, wanted[0].mixture)
    assert not np.array_equal(Mixer(corpus, CONFIG, varied, 3, development=True).mixture(0).speech, wanted[0].speech)
    for made in wanted:
        assert len(made.speech) == len(made.mixture) == 16000
        assert np.isfinite(made.mixture).all() and made.mixture.dtype == np.float32


def test_snr_and_level_lie_in_their_ranges(corpus) -> None:
    mixer = Mixer(corpus, replace(CONFIG, snr_db=(3.0, 4.0), level_db=(-30.0, -20.0)), AugmentConfig(), 0)
    for i in range(20):
        made = mixer.mixture(i)
        noise = made.mixture.astype(float) - made.speech
        assert abs(active_level(made.speech) - 1) < 1e-3
        assert 2.99 < -20 * np.log10(np.sqrt(np.mean(noise**2))) < 4.01
        assert -30 <= 20 * np.log10(made.level) <= -20


@pytest.mark.parametrize("target", ["magnitude", "phase-sensitive"])
def test_a_pool_holds_columns_of_its_mixtures(corpus, target: str) -> None:
    mixer = Mixer(corpus, replace(CONFIG, target=target), EVERYTHING, 1)
    drawn = pool(mixer, range(4, 10, 2), context=3, per_mixture=20)
    assert drawn.stack.shape == (60, 3 * 257) and drawn.target.shape == (60, 257)
    assert (drawn.target >= 0).all()
    for i, number in enumerate((4, 6, 8)):
        made = mixer.mixture(number)
        found = stacked(magnitudes(made.mixture), 3).T
        for row in drawn.stack[20 * i : 20 * (i + 1)].numpy():
            assert np.abs(found - row).max(axis=1).min() < 1e-4
    heard = drawn.stack[:, -257:]
    assert float(drawn.untouched) == pytest.approx(float(0.5 * ((heard - drawn.target) ** 2).sum() / 60), rel=1e-5)
    if target == "phase-sensitive":
        assert (drawn.target <= heard * (1 + 1e-5) + 1e-6).all()


def test_a_corpus_of_broken_files_gets_one_sentence(tmp_path: Path) -> None:
    folders(tmp_path)
    for path in (tmp_path / "noise").iterdir():
        path.write_text("broken")
    corpus = read_folders(tmp_path / "clean", tmp_path / "noise", None)
    with pytest.raises(AudioFileError, match="cannot be used"):
        Mixer(corpus, CONFIG, AugmentConfig(), 0).mixture(0)


def test_clean_mixtures_have_next_to_no_noise_and_a_step_changes_its_level_once(corpus) -> None:
    settings = MixturesConfig(seconds=2.0, snr_db=(0.0, 0.0))
    clean = Mixer(corpus, settings, AugmentConfig(clean=1.0), 0)
    stepped, plain = (Mixer(corpus, settings, AugmentConfig(step=p), 0) for p in (1.0, 0.0))
    steps = []
    for number in range(5):
        made = clean.mixture(number)
        ratio_db = 10 * np.log10(np.sum(made.speech**2) / np.sum((made.mixture - made.speech) ** 2))
        assert ratio_db > 20
        a, b = (m.mixture(number).mixture - m.mixture(number).speech for m in (stepped, plain))
        gain = np.abs(a).reshape(-1, 400).sum(1) / np.maximum(np.abs(b).reshape(-1, 400).sum(1), 1e-9)
        steps.append(20 * np.log10(gain.max() / max(gain.min(), 1e-9)))
    assert all(0 <= s < 11 for s in steps) and max(steps) > 2
