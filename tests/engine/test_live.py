"""Oracles: offline render of the same samples, an exact delay, and the samples' own largest step."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from realtime.devices.filesource import FileSource
from realtime.devices.virtual import VirtualStream
from realtime.engine.chain import Chain
from realtime.host import Host
from realtime.plugins.delay import Delay
from realtime.plugins.denoise import Denoise
from realtime.plugins.gain import Gain
from realtime.recorder import Recorder
from realtime.render import Stream, render
from tests.test_model import make_model


def tone(n: int, rate: int = 48000) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * 220 * np.arange(n) / rate)).astype(np.float32)


def test_bypass_is_the_input_delayed_by_the_latency_bit_for_bit() -> None:
    chain = Chain([Denoise(make_model())], 48000)
    stream = Stream(chain)
    stream.host.bypass(True)
    x = np.random.default_rng(0).uniform(-1, 1, 20000).astype(np.float32)
    y = np.concatenate([stream.process(x[i : i + 100]) for i in range(0, len(x), 100)])
    settled = chain.latency + 1000
    assert np.array_equal(y[settled:], x[settled - chain.latency : -chain.latency])


def test_swaps_depths_and_bypass_never_click() -> None:
    x = tone(48000 * 4)
    sides = [render(x, Chain([Denoise(make_model(seed=s))], 48000)) for s in (0, 1)] + [x]
    largest = max(np.abs(np.diff(side)).max() for side in sides)
    stream = Stream(Chain([Denoise(make_model(seed=0))], 48000))
    rng = np.random.default_rng(0)
    out = []
    for i, start in enumerate(range(0, len(x), 240)):
        if i % 4 == 0:
            choice = rng.integers(3)
            if choice == 0:
                stream.host.swap(Chain([Denoise(make_model(seed=int(rng.integers(2))))], 48000))
            elif choice == 1:
                stream.host.bypass(bool(rng.integers(2)))
            else:
                stream.host.set("denoise", "layers", int(rng.integers(1, 4)))
        out.append(stream.process(x[start : start + 240]))
        stream.host.poll()
    steps = np.abs(np.diff(np.concatenate(out)))
    assert steps[4800:].max() <= largest * 1.01


def test_swap_has_no_dip_and_releases_the_old_chain() -> None:
    x = tone(48000)
    stream = Stream(Chain([Delay(5)], 48000))
    stream.process(x[:24000])
    stream.host.swap(Chain([Delay(5), Gain()], 48000))
    y = stream.process(x[24000:])
    assert np.array_equal(y, x[24000 - 240 : -240])
    stream.host.poll()
    assert len(stream.host._chains) == 1


def test_virtual_device_plays_a_file_exactly_and_records_it_aligned(tmp_path: Path) -> None:
    x = np.random.default_rng(0).uniform(-0.5, 0.5, 30000).astype(np.float32)
    soundfile.write(tmp_path / "x.wav", x, 48000, "FLOAT")
    model = make_model()
    chain = Chain([Denoise(model)], 48000)
    file = FileSource(tmp_path / "x.wav", tail=chain.latency)
    host = Host(chain, source=file.ring)
    recorder = Recorder(host.wave, tmp_path / "take", 48000)
    host.record(True)
    stream = VirtualStream(host.callback, host.state.address, file.ring, 48000, 480)
    file.start(stream.end)
    stream.start()
    deadline = time.monotonic() + 30
    while stream.active and time.monotonic() < deadline:
        time.sleep(0.02)
    stream.stop()
    recorder.stop()
    file.stop()
    dry, wet = (soundfile.read(path, dtype="float32")[0] for path in (recorder.dry, recorder.wet))
    assert np.array_equal(dry[chain.latency :], x)
    assert np.array_equal(wet[chain.latency :], render(x, Chain([Denoise(model)], 48000)))
    assert host.wave.refused == 0 and host.status().starved_frames == 0


def test_status_is_plain_json() -> None:
    stream = Stream(Chain([Gain()], 48000))
    stream.process(tone(480))
    status = json.loads(json.dumps(stream.host.status().as_dict()))
    assert status["blocks"] == 1 and status["peak_in"] == pytest.approx(20 * np.log10(0.3), abs=0.1)
