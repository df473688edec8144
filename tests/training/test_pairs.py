"""Oracles: the SNR by active level, one seed, and that the lead holds the same noise."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from realtime.base.errors import AudioFileError
from training.data import active_level, read_corpus
from training.pairs import LEAD_S, RATE, development_pairs, folder_pairs

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def corpus_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a corpus of speech-like bursts by eight speakers, and of steady tones as noise."""
    folder = tmp_path_factory.mktemp("corpus")
    rows = ["file,speaker_or_kind"]
    for i in range(16):
        bursts = np.repeat(RNG.uniform(0, 1, 40), 800)
        name = f"clean/s{i}.wav"
        (folder / "clean").mkdir(exist_ok=True)
        soundfile.write(folder / name, 0.2 * bursts * RNG.standard_normal(32000), RATE, subtype="FLOAT")
        rows.append(f"{name},speaker{i // 2}")
    for i in range(8):
        name = f"noise/n{i}.wav"
        (folder / "noise").mkdir(exist_ok=True)
        tone = np.sin(2 * np.pi * (200 + 100 * i) * np.arange(15 * RATE) / RATE)
        soundfile.write(folder / name, 0.1 * tone, RATE, subtype="FLOAT")
        rows.append(f"{name},tone{i}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder


def test_mixtures_have_their_snr_and_are_the_same_for_the_same_seed(corpus_folder: Path) -> None:
    corpus = read_corpus(corpus_folder)
    pairs, again = development_pairs(corpus, 3, 5), development_pairs(corpus, 3, 5)
    for pair, same in zip(pairs, again, strict=True):
        noise = pair.noisy - pair.clean
        snr = 20 * np.log10(active_level(pair.clean) / np.sqrt((noise.astype(float) ** 2).mean()))
        assert snr == pytest.approx(float(pair.group), abs=0.01)
        assert np.array_equal(pair.noisy, same.noisy) and np.array_equal(pair.lead, same.lead)


def test_the_lead_holds_the_same_noise_at_the_same_level(corpus_folder: Path) -> None:
    for pair in development_pairs(read_corpus(corpus_folder), 1, 4):
        assert len(pair.lead) == LEAD_S * RATE
        noise = (pair.noisy - pair.clean)[:RATE]
        spectra = [np.abs(np.fft.rfft(x[:RATE])) for x in (noise, pair.lead)]
        peak = int(spectra[0].argmax())
        assert spectra[1][peak] == pytest.approx(spectra[0][peak], rel=0.3)


def test_a_folder_of_pairs_is_read_and_cut_to_the_shorter(tmp_path: Path) -> None:
    for kind, n in (("clean", 1000), ("noisy", 1200)):
        (tmp_path / kind).mkdir()
        soundfile.write(tmp_path / kind / "a.wav", np.full(n, 0.1), RATE, subtype="FLOAT")
    assert [(len(p.clean), len(p.noisy)) for p in folder_pairs(tmp_path)] == [(1000, 1000)]
    with pytest.raises(AudioFileError, match="holds no pairs"):
        folder_pairs(tmp_path / "clean")
