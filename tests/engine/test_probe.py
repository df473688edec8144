"""Oracles: the delay that was put in, and speech that holds no burst."""

import numpy as np
import pytest
import soundfile

from realtime.dsp.meter import peak
from realtime.engine.preset import BUILT_IN
from realtime.engine.probe import LEVEL, LONGEST_S, SETTLE_S, Probe, add_burst, find_echo, keep_echo, noise_burst

RATE = 16000


def through_a_room(probe: Probe, delay: int, gain: float, block: int, reflection: int = 0) -> int:
    """Run the two kernels as the callback does, over a room that delays by whole samples; return the blocks used."""
    n = int((SETTLE_S + LONGEST_S + 1) * RATE)
    played = np.zeros(n, np.float32)
    noise = np.random.default_rng(3).normal(0, 0.01, n)
    for i, start in enumerate(range(0, n - block, block)):
        x = noise[start : start + block].astype(np.float32)
        for j in range(block):
            for lag, g in ((delay, gain), (delay + reflection, 0.8 * gain * (reflection > 0))):
                if start + j >= lag:
                    x[j] += g * played[start + j - lag]
        y = np.zeros(block, np.float32)
        keep_echo(probe.state.address, x.ctypes.data, block)
        done = add_burst(probe.state.address, y.ctypes.data, block)
        played[start : start + block] = y
        assert peak(y) <= np.float32(LEVEL)
        if done:
            return i + 1
    raise AssertionError("the measurement did not end")


@pytest.mark.parametrize("block", [64, 441, 1024])
@pytest.mark.parametrize(("delay", "reflection"), [(1024, 0), (2731, 97), (15000, 400)])
def test_a_delay_is_found_to_the_sample(block: int, delay: int, reflection: int) -> None:
    probe = Probe(RATE)
    through_a_room(probe, delay, 0.3, block, reflection)
    assert probe.round_trip() == delay


def test_no_echo_is_no_figure() -> None:
    probe = Probe(RATE)
    through_a_room(probe, 1024, 0.0, 256)
    assert probe.round_trip() is None


def test_speech_is_not_taken_for_an_echo() -> None:
    clip, rate = soundfile.read(BUILT_IN / "demo.flac", dtype="float32")
    burst = noise_burst(rate)
    n = len(burst) + int(LONGEST_S * rate)
    starts = range(0, len(clip) - n, n // 4)
    assert len(starts) > 10
    assert [find_echo(burst, clip[start : start + n]) for start in starts] == [None] * len(starts)


def test_speech_over_the_burst_does_not_hide_it() -> None:
    clip, rate = soundfile.read(BUILT_IN / "demo.flac", dtype="float32")
    burst = noise_burst(rate)
    n = len(burst) + int(LONGEST_S * rate)
    for start in range(0, len(clip) - n, n):
        echo = clip[start : start + n].copy()
        echo[777:][: len(burst)] += burst
        assert find_echo(burst, echo) == 777
