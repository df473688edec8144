"""Oracles: disjoint sets, an SNR recomputed, a tone after resampling, one sentence for every fault."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from realtime.base.errors import AudioFileError
from tests.training.corpora import folders
from training.asked import Folders
from training.configfile import read_config
from training.data import RATE, Corpus, Recording, active_level, credit, mix, read_audio, read_corpus, read_folders


def manifest(root: Path) -> None:
    files = sorted(p for p in root.rglob("*") if p.suffix in (".wav", ".flac"))
    for p in files:
        if p.parent.parent.name == "clean":
            p.rename(root / "clean" / f"{p.parent.name}_{p.name}")
    rows = ["file,speaker_or_kind,licence,source_repo"]
    rows += [f"clean/{p.name},{p.name.split('_')[0]},CC0,voices" for p in sorted((root / "clean").glob("*.wav"))]
    rows += [f"noise/{p.name},hiss,CC BY,hisses" for p in sorted((root / "noise").glob("*.flac"))]
    (root / "manifest.csv").write_text("\n".join(rows))


def test_credits_name_every_source_with_its_licence(tmp_path: Path) -> None:
    folders(tmp_path, speakers=8, noises=8)
    assert credit(read_folders(tmp_path / "clean", tmp_path / "noise", None).noise) == [("not said", "not said", 7)]
    manifest(tmp_path)
    corpus = read_corpus(tmp_path)
    wanted = [("voices", "CC0", len(corpus.speech)), ("hisses", "CC BY", len(corpus.noise))]
    assert credit(corpus.speech + corpus.noise) == wanted


@pytest.mark.parametrize("with_manifest", [False, True])
def test_no_speaker_and_no_noise_recording_is_on_both_sides(tmp_path: Path, with_manifest: bool) -> None:
    folders(tmp_path, speakers=8, noises=8)
    if with_manifest:
        manifest(tmp_path)

    def read() -> Corpus:
        return read_corpus(tmp_path) if with_manifest else read_folders(tmp_path / "clean", tmp_path / "noise", None)

    corpus = read()
    assert len(corpus.speech) + len(corpus.development_speech) == 16
    assert not {f.label for f in corpus.speech} & {f.label for f in corpus.development_speech}
    assert len({f.label for f in corpus.development_speech}) == 1
    assert not {f.path for f in corpus.noise} & {f.path for f in corpus.development_noise}
    assert len(corpus.noise) + len(corpus.development_noise) == 8 and corpus.development_noise
    assert read() == corpus


def test_what_is_held_out_is_the_same_for_every_seed_of_a_run(tmp_path: Path) -> None:
    folders(tmp_path, speakers=8, noises=8)
    (tmp_path / "any.toml").write_text('name = "any"\n[network]\nkind = "nmf"\n')
    configs = [read_config(tmp_path / "any.toml", [f"seed={seed}"]) for seed in range(4)]
    found = [Folders(None, tmp_path / "clean", tmp_path / "noise").corpus(config) for config in configs]
    assert found == [found[0]] * 4


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_any_rate_from_16_khz_is_read_as_mono_at_16_khz(tmp_path: Path, rate: int) -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)
    soundfile.write(tmp_path / "a.wav", np.stack([tone, np.zeros(rate)], 1) * 0.5, rate)
    samples = read_audio(Recording(tmp_path / "a.wav", ""))
    assert samples is not None and samples.dtype == np.float32 and len(samples) == RATE
    wanted = 0.25 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)
    assert np.abs(samples - wanted)[200:-200].max() < 2e-3


def test_unusable_files_are_named_and_skipped(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "text.wav").write_text("no audio at all")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16000)
    soundfile.write(tmp_path / "silent.wav", np.zeros(1000), 16000)
    soundfile.write(tmp_path / "nan.wav", np.full(1000, np.nan, np.float32), 16000, subtype="FLOAT")
    soundfile.write(tmp_path / "slow.wav", np.ones(1000) * 0.1, 8000)
    for name, said in {"text": "", "empty": "empty", "silent": "silent", "nan": "no numbers", "slow": "8000 Hz",
                       "absent": ""}.items():  # fmt: skip
        assert read_audio(Recording(tmp_path / f"{name}.wav", "")) is None
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1 and f"{name}.wav" in lines[0] and said in lines[0]


def test_folders_that_cannot_serve_get_one_sentence(tmp_path: Path) -> None:
    folders(tmp_path, speakers=1)
    empty = tmp_path / "empty"
    empty.mkdir()
    for clean, noise, said in (
        (empty, tmp_path / "noise", "holds no audio file"),
        (tmp_path / "clean", tmp_path / "nowhere", "is no folder"),
        (tmp_path / "clean", tmp_path / "noise", "1 speakers"),
    ):
        with pytest.raises(AudioFileError, match=said):
            read_folders(clean, noise, None)
    with pytest.raises(AudioFileError, match="cannot be read"):
        read_corpus(tmp_path)
    (tmp_path / "manifest.csv").write_text("path,label\na,b\n")
    with pytest.raises(AudioFileError, match="speaker_or_kind"):
        read_corpus(tmp_path)


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 12.5])
def test_mix_has_the_snr_by_active_speech_level(snr_db: float) -> None:
    rng = np.random.default_rng(0)
    speech = np.concatenate([rng.standard_normal(8192), np.zeros(16384)]).astype(np.float32)
    noise = rng.standard_normal(5000).astype(np.float32)
    added = mix(speech, noise, snr_db).astype(float) - speech
    active = np.sqrt(np.mean(speech[:8192].astype(float) ** 2))
    assert abs(active_level(speech) / active - 1) < 1e-6
    assert abs(20 * np.log10(active / np.sqrt(np.mean(added**2))) - snr_db) < 0.01


def test_what_a_licence_forbids_is_not_trained_on_and_still_scores(tmp_path: Path) -> None:
    corpus = Corpus(
        tuple(Recording(tmp_path / f"s{i}", str(i), "", licence) for i, licence in enumerate(("CC0", "CC BY-SA 4.0"))),
        tuple(Recording(tmp_path / f"n{i}", str(i), "", licence) for i, licence in enumerate(("GPL-2+", "CC BY", ""))),
        (Recording(tmp_path / "s2", "2", "", "GPL"),),
        (Recording(tmp_path / "n3", "3", "", "GPL"),),
    )
    left = corpus.without(["gpl", "BY-SA"])
    assert [r.path.name for r in (*left.speech, *left.noise)] == ["s0", "n1", "n2"]
    assert (left.development_speech, left.development_noise) == (corpus.development_speech, corpus.development_noise)
    assert corpus.without([]) == corpus
    with pytest.raises(AudioFileError, match="without CC there is nothing to train on"):
        corpus.without(["CC"])


def test_speakers_are_the_folders_at_the_top_however_deep_their_files_lie(tmp_path: Path) -> None:
    """SPEAKER/CHAPTER/FILE, as LibriSpeech has it: no chapter of a speaker may be held out alone."""
    folders(tmp_path, speakers=6, noises=4)
    for speaker in (tmp_path / "clean").iterdir():
        for file in sorted(speaker.iterdir()):
            (speaker / file.stem).mkdir()
            file.rename(speaker / file.stem / file.name)
    corpus = read_folders(tmp_path / "clean", tmp_path / "noise", None)
    assert {r.label for r in (*corpus.speech, *corpus.development_speech)} == {f"speaker{i}" for i in range(6)}
    assert len(corpus.development_speech) == 2


def test_a_manifest_names_files_at_any_depth_and_says_what_it_leaves_out(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    rows = ["clean/a/1.wav,a", "clean/b/1.wav,b", "noise/x/1.wav,x", "noise/2.wav,x", "rir/1.wav,hall", "other/1.wav,o"]
    (tmp_path / "manifest.csv").write_text("\n".join(["file,speaker_or_kind", *rows]))
    corpus = read_corpus(tmp_path)
    assert len(corpus.speech + corpus.development_speech) == len(corpus.noise + corpus.development_noise) == 2
    assert len(corpus.rooms) == 1
    assert capsys.readouterr().err == "skipped other/1.wav: it lies under none of clean, noise, rir\n"
    (tmp_path / "manifest.csv").write_text("file,speaker_or_kind\nclean/a.wav,a\nclean/b.wav\n")
    with pytest.raises(AudioFileError, match="row 2 lacks a value"):
        read_corpus(tmp_path)


def test_sound_without_a_header_is_not_taken_for_a_recording(tmp_path: Path) -> None:
    folders(tmp_path, speakers=2, noises=2)
    (tmp_path / "noise" / "3.raw").write_bytes(bytes(4000))
    corpus = read_folders(tmp_path / "clean", tmp_path / "noise", None)
    assert len(corpus.noise + corpus.development_noise) == 2
