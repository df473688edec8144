"""Oracles: the rows that were sent, read back with soundfile; a process that is really killed; a disk that is full."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

import realtime.recorder
from realtime.base.errors import AudioFileError
from realtime.base.ring import Ring
from realtime.engine.chain import Chain
from realtime.plugins.delay import Delay
from realtime.plugins.gain import Gain
from realtime.recorder import Recorder
from realtime.render import Stream

RATE = 48000
PRECISION = {"wav": 0.0, "flac": 2.0**-23}


def noise(n: int) -> np.ndarray:
    return np.random.default_rng(n).uniform(-0.5, 0.5, (n, 2)).astype(np.float32)


def send(ring: Ring, rows: np.ndarray) -> None:
    deadline = time.monotonic() + 30
    while len(rows):
        rows = rows[ring.write(rows[:2000]) :]
        assert time.monotonic() < deadline, "the recorder does not drain its ring"


@pytest.mark.parametrize(("kind", "n"), [("wav", 0), ("wav", 1), ("wav", 30_000), ("flac", 1), ("flac", 30_000)])
def test_a_take_is_the_rows_to_the_sample(tmp_path: Path, kind: str, n: int) -> None:
    ring, rows = Ring(4096, np.float32, 2), noise(n)
    recorder = Recorder(ring, tmp_path / "made" / "here", RATE, kind)
    send(ring, rows)
    recorder.stop()
    assert recorder.n_frames == n and recorder.problem is None
    for path, column in ((recorder.dry, 0), (recorder.wet, 1)):
        samples, rate = soundfile.read(path, dtype="float32")
        assert rate == RATE and path.suffix == f".{kind}"
        np.testing.assert_allclose(samples, rows[:, column], atol=PRECISION[kind])


def test_dry_and_wet_of_the_engine_line_up(tmp_path: Path) -> None:
    """Wet is dry through the chain and nothing else: here twice as loud, both behind the latency."""
    chain = Chain([Delay(5), Gain()], RATE)
    chain.parameter("gain", "gain")[1][0] = 20 * np.log10(2)
    stream, x = Stream(chain), noise(RATE)[:, 0]
    stream.process(np.zeros(RATE, np.float32))  # the gain has glided to its value
    recorder = Recorder(stream.host.wave, tmp_path, RATE)
    stream.host.record(True)
    for start in range(0, len(x), 777):
        stream.process(x[start : start + 777])
    recorder.stop()
    dry, wet = (soundfile.read(path, dtype="float32")[0] for path in (recorder.dry, recorder.wet))
    assert np.array_equal(dry, np.concatenate([np.zeros(240, np.float32), x[:-240]]))
    np.testing.assert_allclose(wet, 2 * dry, rtol=1e-5)


def test_a_take_may_wait_for_its_first_sound(tmp_path: Path) -> None:
    """libsndfile writes nothing at all into a FLAC file before its first sample."""
    ring, rows = Ring(4096, np.float32, 2), noise(5000)
    recorder = Recorder(ring, tmp_path, RATE, "flac")
    time.sleep(2 * realtime.recorder.SYNC_S)
    send(ring, rows)
    recorder.stop()
    assert recorder.problem is None and soundfile.info(recorder.wet).frames == 5000


def test_takes_of_one_second_never_share_a_name(tmp_path: Path) -> None:
    takes = [Recorder(Ring(64, np.float32, 2), tmp_path, RATE) for _ in range(3)]
    for take in takes:
        take.stop()
    assert len({path for take in takes for path in (take.dry, take.wet)}) == 6
    assert all(take.dry.name.replace("dry", "wet") == take.wet.name for take in takes)


def test_a_full_ring_is_counted_and_the_sound_goes_on(tmp_path: Path) -> None:
    stream, silent = Stream(Chain([Gain()], 8000)), Stream(Chain([Gain()], 8000))
    capacity, x = stream.host.wave.capacity, noise(60_000)[:, 0]
    stream.host.record(True)
    assert np.array_equal(stream.process(x), silent.process(x))
    assert stream.host.status().refused_rows == stream.host.wave.refused == len(x) - capacity > 0
    recorder = Recorder(stream.host.wave, tmp_path, 8000)
    recorder.stop()
    assert np.array_equal(soundfile.read(recorder.dry, dtype="float32")[0], x[:capacity])


def test_a_take_past_4_gb_stays_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = 1 << 30
    create = realtime.recorder.create_audio

    def create_long(*arguments):
        """A file that has run for hours: all of them a hole, which takes no room on disk."""
        file = create(*arguments)
        file.write(np.zeros(1, np.float32))
        file.seek(start)
        return file

    monkeypatch.setattr(realtime.recorder, "create_audio", create_long)
    ring, rows = Ring(4096, np.float32, 2), noise(10_000)
    recorder = Recorder(ring, tmp_path, RATE)
    send(ring, rows)
    recorder.stop()
    assert recorder.problem is None
    for path, column in ((recorder.dry, 0), (recorder.wet, 1)):
        assert soundfile.info(path).frames == start + 10_000
        assert np.array_equal(soundfile.read(path, start=start, dtype="float32")[0], rows[:, column])


KILLED = """
import sys, time
import numpy as np
from pathlib import Path
from realtime.base.ring import Ring
from realtime.recorder import Recorder

rate, recorders = int(sys.argv[2]), []
for kind in ("wav", "flac"):
    ring = Ring(1 << 18, np.float32, 2)
    recorders.append((ring, Recorder(ring, Path(sys.argv[1]) / kind, rate, kind)))
sent, began = 0, time.monotonic()
while True:
    time.sleep(0.02)
    due = int(rate * (time.monotonic() - began))
    number = np.arange(sent, due)
    rows = np.stack([number % 1000, -(number % 777)], axis=1).astype(np.float32) / 1024
    for ring, _ in recorders:
        ring.write(rows)
    sent = due
    print(sent, flush=True)
"""


@pytest.mark.parametrize("rate", [8000, 48000])
def test_a_take_that_is_killed_opens_and_lacks_at_most_its_last_second(tmp_path: Path, rate: int) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(rate)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if int(line) > 1.8 * rate:
                break
        process.send_signal(signal.SIGKILL)
        sent = int(line)
    assert process.returncode == -signal.SIGKILL
    for kind in ("wav", "flac"):
        dry, wet = (soundfile.read(path, dtype="float32")[0] for path in sorted((tmp_path / kind).iterdir()))
        assert min(len(dry), len(wet)) >= sent - rate
        assert np.array_equal(dry, (np.arange(len(dry)) % 1000).astype(np.float32) / 1024)
        assert np.array_equal(wet, -(np.arange(len(wet)) % 777).astype(np.float32) / 1024)


FULL = """
import json, resource, sys
import numpy as np
from pathlib import Path
from realtime.base.ring import Ring
from realtime.recorder import Recorder

ring = Ring(1 << 16, np.float32, 2)
recorder = Recorder(ring, Path(sys.argv[1]), 48000, sys.argv[2])
limit = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
rows = np.random.default_rng(0).uniform(-0.5, 0.5, (200_000, 2)).astype(np.float32)
sent = 0
while sent < len(rows) and recorder.problem is None:
    sent += ring.write(rows[sent : sent + 1000])
recorder.stop()
print(json.dumps({"problem": recorder.problem, "n_frames": recorder.n_frames}))
"""


@pytest.mark.skipif(os.name != "posix", reason="a limit on the size of files stands for the full disk")
@pytest.mark.parametrize("kind", PRECISION)
def test_a_full_disk_ends_the_take_with_a_message_and_keeps_what_is_there(tmp_path: Path, kind: str) -> None:
    limit = 300_000
    command = [sys.executable, "-c", FULL, str(tmp_path), kind, str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == ""
    said = json.loads(done.stdout)
    assert f"the take ended after {said['n_frames']} frames, as {tmp_path} takes no more" in said["problem"]
    assert "\n" not in said["problem"]
    rows = np.random.default_rng(0).uniform(-0.5, 0.5, (200_000, 2)).astype(np.float32)
    for path, column in zip(sorted(tmp_path.iterdir()), (0, 1), strict=True):
        samples, _ = soundfile.read(path, dtype="float32")
        assert len(samples) >= said["n_frames"] - 4096 and len(samples) * 2 > limit / 4
        np.testing.assert_allclose(samples, rows[: len(samples), column], atol=PRECISION[kind])


@pytest.mark.parametrize("kind", ["wav", "mp4"])
def test_what_cannot_be_recorded_into_is_one_sentence(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "a file"
    if kind == "wav":
        folder.write_text("not a folder")
    with pytest.raises(AudioFileError, match=r"cannot be (recorded into|written)") as caught:
        Recorder(Ring(64, np.float32, 2), folder, RATE, kind)
    assert "\n" not in str(caught.value)
