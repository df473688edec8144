"""Oracles: soundfile reading the file back, whether it was closed or not."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from realtime.base.audiofile import create_audio, open_audio, read_blocks, renew_header
from realtime.base.errors import AudioFileError

FOUR_GB = 1 << 30  # float32 samples


def noise(n: int) -> np.ndarray:
    return np.random.default_rng(n).uniform(-0.5, 0.5, n).astype(np.float32)


@pytest.mark.parametrize(("kind", "subtype"), [("WAV", "FLOAT"), ("WAV", "PCM_24"), ("FLAC", "PCM_24")])
@pytest.mark.parametrize("n_frames", [None, 10_000])
def test_what_is_written_is_read(tmp_path: Path, kind: str, subtype: str, n_frames: int | None) -> None:
    path, x = tmp_path / "x", noise(10_000)
    with create_audio(path, 48000, 1, kind, subtype, n_frames) as file:
        file.write(x)
    with open_audio(path) as file:
        assert (file.samplerate, file.channels, file.frames, file.subtype) == (48000, 1, 10_000, subtype)
        np.testing.assert_allclose(file.read(dtype="float32"), x, atol=2**-23)
    assert path.read_bytes()[:4] == {"WAV": b"RIFF", "FLAC": b"fLaC"}[kind]


@pytest.mark.parametrize(("kind", "subtype", "block"), [("WAV", "FLOAT", 1), ("FLAC", "PCM_24", 4096)])
@pytest.mark.parametrize("n", [1, 4096, 4097, 50_000])
def test_a_file_never_closed_holds_all_whole_blocks(tmp_path: Path, kind, subtype, block, n: int) -> None:
    path, x = tmp_path / "x", noise(n)
    file = create_audio(path, 48000, 1, kind, subtype)
    for start in range(0, n, 1000):
        file.write(x[start : start + 1000])
        renew_header(file)
    (tmp_path / "killed").write_bytes(path.read_bytes())  # what is on disk at this moment
    whole = n if block == 1 else (n - 1) // block * block
    if whole:
        got, _ = soundfile.read(tmp_path / "killed", dtype="float32")
        np.testing.assert_allclose(got, x[:whole], atol=2**-23)
    file.close()
    assert soundfile.info(path).frames == n


def test_a_wav_past_4_gb_becomes_rf64_and_loses_nothing(tmp_path: Path) -> None:
    path, x = tmp_path / "long.wav", noise(5000)
    file = create_audio(path, 48000, 1, "WAV", "FLOAT")
    file.write(x)
    renew_header(file)
    assert path.read_bytes()[:4] == b"RIFF"
    file.seek(FOUR_GB)  # a hole: it takes no room on disk
    file.write(x)
    renew_header(file)
    assert soundfile.info(path).frames == FOUR_GB + 5000
    file.close()
    with open_audio(path) as file:
        assert file.frames == FOUR_GB + 5000
        assert np.array_equal(file.read(5000, dtype="float32"), x)
        file.seek(FOUR_GB)
        assert np.array_equal(file.read(dtype="float32"), x)


def test_a_flac_of_unknown_length_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """As an encoder leaves it that writes into a pipe: the number of samples in STREAMINFO is 0."""
    path = tmp_path / "streamed.flac"
    soundfile.write(path, noise(20_000), 48000)
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(content)
    with pytest.raises(AudioFileError, match=r"does not say how long it is .* convert it to WAV"):
        open_audio(path)


@pytest.mark.parametrize("name", ["none.wav", ".", "text.wav", "empty.wav", "noise.raw", "no/such/folder.wav"])
def test_what_is_no_audio_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.wav").write_text("Dear Sir or Madam, " * 50)
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "noise.raw").write_bytes(bytes(range(256)))
    with pytest.raises(AudioFileError, match="give a WAV, FLAC, OGG or MP3 file") as caught:
        open_audio(tmp_path / name)
    assert "\n" not in str(caught.value) and str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "rate", "channels", "kind", "subtype"),
    [
        ("no/folder.wav", 48000, 1, "WAV", None),
        ("x.flac", 48000, 9, "FLAC", None),
        ("x.flac", 48000, 1, "FLAC", "FLOAT"),
        ("x.xyz", 48000, 1, "XYZ", None),
        ("x.mp3", 96000, 1, "MP3", None),
    ],
)
def test_what_cannot_be_written_is_one_sentence(tmp_path: Path, name, rate, channels, kind, subtype) -> None:
    with pytest.raises(AudioFileError, match="cannot be written") as caught:
        create_audio(tmp_path / name, rate, channels, kind, subtype)
    assert "\n" not in str(caught.value)


def test_a_format_that_cannot_hold_the_sound_is_told_by_the_name_in_the_end(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError) as caught:
        create_audio(tmp_path / "x.part", 96000, 2, "MP3", named=tmp_path / "x.mp3")
    said = str(caught.value)
    assert "x.mp3 cannot be written: MP3 cannot hold 2 channel(s) at 96000 Hz" in said and said.endswith("use .wav")
    assert ".part" not in said


@pytest.mark.parametrize("rate", [1, 999, 768_001, 10**9])
def test_a_sample_rate_that_is_none_is_refused(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "x.wav", noise(10), rate)
    with pytest.raises(AudioFileError, match=f"sample rate of {rate} Hz; 1000 to 768000 are possible"):
        open_audio(tmp_path / "x.wav")


def test_a_file_with_fewer_frames_than_it_says_is_cut_short(tmp_path: Path) -> None:
    class Promising(soundfile.SoundFile):
        frames = 1001

    soundfile.write(tmp_path / "x.wav", noise(1000), 48000)
    blocks = read_blocks(Promising(tmp_path / "x.wav"), 600)
    assert [len(next(blocks)), len(next(blocks))] == [600, 400]
    with pytest.raises(AudioFileError, match="is cut short: 1000 of 1001 frames are there; copy it anew"):
        next(blocks)
