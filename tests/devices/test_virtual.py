"""Oracles: the samples of the file, and the offline render of them."""

import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from realtime.base.ring import Ring
from realtime.devices.filesource import FileSource
from realtime.devices.virtual import VirtualStream
from realtime.engine.chain import Chain
from realtime.host import Host
from realtime.plugins.denoise import Denoise
from realtime.plugins.gain import Gain
from realtime.recorder import Recorder
from realtime.render import render
from tests.test_model import make_model

RATE = 48000


@pytest.mark.parametrize(("block", "realtime"), [(480, True), (1, False), (333, False), (8192, False)])
def test_a_file_is_played_exactly_and_recorded_aligned(tmp_path: Path, block: int, realtime: bool) -> None:
    x = np.random.default_rng(0).uniform(-0.5, 0.5, 30000).astype(np.float32)
    soundfile.write(tmp_path / "x.wav", x, RATE, "FLOAT")
    model = make_model()
    chain = Chain([Denoise(model)], RATE)
    file = FileSource(tmp_path / "x.wav", tail=chain.latency)
    host = Host(chain, source=file.ring, timed=realtime)
    recorder = Recorder(host.wave, tmp_path / "take", RATE)
    host.record(True)
    stream = VirtualStream(host.callback, host.state.address, file.ring, RATE, block, realtime)
    file.start(stream.end)
    stream.start()
    deadline = time.monotonic() + 60
    while stream.active and time.monotonic() < deadline:
        time.sleep(0.02)
    assert file.drained
    stream.stop()
    recorder.stop()
    file.stop()
    dry, wet = (soundfile.read(path, dtype="float32")[0] for path in (recorder.dry, recorder.wet))
    assert np.array_equal(dry[chain.latency :], x)
    assert np.array_equal(wet[chain.latency :], render(x, Chain([Denoise(model)], RATE)))
    assert host.wave.refused == 0 and host.status().starved_frames == 0


def test_it_waits_for_its_source_and_stops_when_told() -> None:
    source = Ring(1000)
    host = Host(Chain([Gain()], RATE), source=source)
    stream = VirtualStream(host.callback, host.state.address, source, RATE, 480)
    stream.start()
    source.write(np.ones((479, 1), np.float32))
    time.sleep(0.05)
    assert host.blocks == 0 and stream.active
    stream.stop()
    assert not stream.active and len(source.read()) == 479
