"""Oracles: a sine of amplitude 1 is 0 dBFS in its bin, and a PNG names its own size."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from realtime.cli.picture import _levels, save_spectrograms


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_a_full_sine_is_zero_db_in_its_bin(rate: int) -> None:
    hz = 32 / 0.032  # the centre of bin 32
    x = np.sin(2 * np.pi * hz * np.arange(rate) / rate).astype(np.float32)
    inner = _levels(x, rate)[:, 8:-8]
    assert (inner.argmax(axis=0) == 32).all()
    assert inner.max(axis=0) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("n", [0, 100, 16000])
def test_the_picture_stands_beside_the_second_file(n: int, tmp_path: Path) -> None:
    for name in ("take-dry.wav", "take-wet.wav"):
        soundfile.write(tmp_path / name, np.random.default_rng(0).uniform(-0.1, 0.1, n), 16000)
    picture = save_spectrograms(tmp_path / "take-dry.wav", tmp_path / "take-wet.wav")
    assert picture == tmp_path / "take-spectrograms.png"
    content = picture.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) == (1320, 840)
