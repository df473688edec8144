"""Oracles: values written by hand, and the sentence for what cannot be."""

import json

import numpy as np
import pytest

from realtime.base.errors import DeviceError, PluginError
from realtime.base.ring import Ring
from realtime.engine.chain import Chain
from realtime.host import Host
from realtime.plugins.gain import Gain
from realtime.render import Stream

RATE = 48000


def test_status_is_plain_json() -> None:
    stream = Stream(Chain([Gain()], RATE))
    stream.process(np.array([0.3, -0.3] * 240, np.float32))
    status = json.loads(json.dumps(stream.host.status().as_dict()))
    assert status["blocks"] == 1 and status["block"] == 480 and status["seconds"] == 0.01
    assert status["peak_in"] == status["rms_out"] == pytest.approx(20 * np.log10(0.3))
    assert status["latency_ms"] == {"algorithm": 0.0, "device_reported": None, "measured": None}


def test_levels_are_those_since_the_last_call() -> None:
    stream = Stream(Chain([Gain()], RATE))
    stream.process(np.full(480, 0.5, np.float32))
    stream.host.status()
    stream.process(np.full(480, 0.25, np.float32))
    assert stream.host.status().peak_out == pytest.approx(20 * np.log10(0.25))


@pytest.mark.parametrize(("asked", "given"), [(6.0, 6.0), (1000.0, 24.0), (-1000.0, -60.0)])
def test_a_parameter_is_kept_in_its_range(asked: float, given: float) -> None:
    host = Host(Chain([Gain()], RATE))
    assert host.set("gain", "gain", asked) == given


def test_what_cannot_be_is_one_sentence() -> None:
    host = Host(Chain([Gain()], RATE), source=Ring(64))
    with pytest.raises(PluginError, match=r"no parameter gain\.level in this chain"):
        host.set("gain", "level", 0)
    with pytest.raises(PluginError, match="a chain for 16000 Hz cannot play at 48000 Hz"):
        host.swap(Chain([Gain()], 16000))
    with pytest.raises(PluginError, match="input channel 3 was asked for, but the device has 2"):
        Host(Chain([Gain()], RATE), n_inputs=2, pick=2)
    with pytest.raises(DeviceError, match="latency of a file cannot be measured"):
        host.measure_latency()
    with pytest.raises(PluginError, match="256 commands wait and the sound is not running"):
        for _ in range(257):
            host.mute(True)


def test_counts_start_anew() -> None:
    stream = Stream(Chain([Gain()], RATE))
    stream.process(np.full(480, np.nan, np.float32))
    assert stream.host.status().bad_blocks == 1
    stream.host.reset()
    stream.process(np.zeros(480, np.float32))
    assert stream.host.status().bad_blocks == 0
