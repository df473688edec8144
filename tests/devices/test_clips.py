"""Oracles: scipy's resampling, the ratio of energies, and the clip itself."""

import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import resample

from realtime.base.errors import AudioFileError
from realtime.devices.clips import ClipSource, read_clip, resampled

RATE = 8000


def write(path: Path, x: np.ndarray, rate: int = RATE) -> Path:
    soundfile.write(path, x, rate, "FLOAT")
    return path


def played(source: ClipSource, n: int) -> np.ndarray:
    source.start(lambda: None)
    rows = np.zeros((0, 1), np.float32)
    deadline = time.monotonic() + 20
    while len(rows) < n and time.monotonic() < deadline:
        rows = np.concatenate([rows, source.ring.read()])
        time.sleep(0.005)
    source.stop()
    return rows[:n, 0]


@pytest.mark.parametrize("n", [700, 5000])
def test_a_clip_is_played_over_and_over(tmp_path: Path, n: int) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, n).astype(np.float32)
    heard = played(ClipSource(write(tmp_path / "x.wav", x)), 3 * n + 10)
    assert np.array_equal(heard, np.tile(x, 4)[: len(heard)])


@pytest.mark.parametrize("snr_db", [-10.0, 0.0, 20.0])
def test_noise_is_mixed_at_the_snr(tmp_path: Path, snr_db: float) -> None:
    rng = np.random.default_rng(1)
    x, noise = rng.normal(0, 0.2, RATE).astype(np.float32), rng.normal(0, 0.01, RATE).astype(np.float32)
    source = ClipSource(write(tmp_path / "x.wav", x), write(tmp_path / "n.wav", noise), snr_db)
    rest = played(source, RATE) - x
    assert 10 * np.log10(np.sum(x**2) / np.sum(rest**2)) == pytest.approx(snr_db, abs=0.01)


def test_channels_are_picked_or_mixed(tmp_path: Path) -> None:
    x = np.random.default_rng(2).uniform(-1, 1, (100, 2)).astype(np.float32)
    path = write(tmp_path / "x.wav", x)
    assert np.array_equal(read_clip(path, 1)[0], x[:, 1])
    assert np.allclose(read_clip(path)[0], x.mean(axis=1))


@pytest.mark.parametrize(("rate", "wanted"), [(8000, 16000), (44100, 16000), (16000, 16000)])
def test_resampling_agrees_with_scipy(rate: int, wanted: int) -> None:
    x = np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32)
    y = resampled(x, rate, wanted)
    assert np.allclose(y, resample(x, wanted), atol=1e-5)
    assert np.allclose(y, np.sin(2 * np.pi * 440 * np.arange(wanted) / wanted), atol=1e-3)


def test_files_that_cannot_be_played_say_why(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    cases = {
        tmp_path / "none.wav": "there is no file",
        tmp_path / "text.wav": "cannot be read",
        write(tmp_path / "empty.wav", np.zeros(0)): "holds no sound",
        write(tmp_path / "long.wav", np.zeros(601 * 1000), 1000): "at most 10",
    }
    for path, reason in cases.items():
        with pytest.raises(AudioFileError, match=reason):
            read_clip(path)
    with pytest.raises(AudioFileError, match="channel"):
        read_clip(write(tmp_path / "mono.wav", np.zeros(9)), 1)
