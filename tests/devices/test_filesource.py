"""Oracle: what soundfile reads at once."""

import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from realtime.base.errors import AudioFileError
from realtime.devices.filesource import AHEAD_S, FileSource

RATE = 16000


def read_all(file: FileSource) -> np.ndarray:
    """Return everything the source gives, as a device would take it."""
    ended: list[bool] = []
    file.start(lambda: ended.append(True))
    taken, deadline = [], time.monotonic() + 30
    while not file.drained and time.monotonic() < deadline:
        taken.append(file.ring.read())
        time.sleep(0.001)
    file.stop()
    assert ended == [True]
    return np.concatenate(taken)[:, 0]


@pytest.mark.parametrize(("channel", "weights"), [(None, (0.5, 0.5)), (0, (1, 0)), (1, (0, 1))])
def test_a_longer_file_than_the_ring_comes_whole_with_its_tail(tmp_path: Path, channel, weights) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (int(2.5 * AHEAD_S * RATE), 2)).astype(np.float32)
    soundfile.write(tmp_path / "x.wav", x, RATE, "FLOAT")
    y = read_all(FileSource(tmp_path / "x.wav", channel, tail=100))
    assert np.allclose(y[:-100], x @ np.array(weights, np.float32), atol=1e-7) and not y[-100:].any()


def test_an_empty_file_is_its_tail(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", np.zeros(0, np.float32), RATE)
    assert len(read_all(FileSource(tmp_path / "x.wav", tail=7))) == 7


def test_a_damaged_file_ends_where_the_damage_is_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.flac"
    soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, 4 * RATE), RATE)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    path.write_bytes(content)
    file = FileSource(path)
    assert 0 < len(read_all(file)) < 4 * RATE
    assert file.problem is not None and "is damaged after" in file.problem and "\n" not in file.problem


def test_a_stop_before_the_end_ends_the_worker(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", np.zeros(10 * RATE, np.float32), RATE)
    file = FileSource(tmp_path / "x.wav")
    file.start(lambda: None)
    file.stop()
    assert not file.drained


def test_a_channel_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", np.zeros(10, np.float32), RATE)
    with pytest.raises(AudioFileError, match=r"has 1 channel\(s\), not 3; pick another"):
        FileSource(tmp_path / "x.wav", 2)


@pytest.mark.parametrize(("bad", "sentence"), [(np.nan, "no numbers"), (1e30, "beyond"), (None, "is empty")])
def test_what_is_no_sound_is_told(tmp_path: Path, bad: float | None, sentence: str) -> None:
    x = np.zeros(2 * RATE if bad else 0, np.float32)
    x[RATE:] = bad or 0
    soundfile.write(tmp_path / "x.wav", x, RATE, "FLOAT")
    file = FileSource(tmp_path / "x.wav", tail=7)
    assert len(read_all(file)) <= RATE + 7
    assert file.problem is not None and sentence in file.problem and "\n" not in file.problem
