"""Oracles: the stages' own gains and delays added up by hand, and the input behind exactly the latency."""

import numpy as np
import pytest
from numba import carray

from realtime.base.errors import PluginError
from realtime.base.memory import State
from realtime.base.safety import realtime_callback
from realtime.engine.chain import CHUNK, NOT_FINITE, Chain, run_chain
from realtime.plugin import RUN_SIGNATURE, Descriptor, Process
from realtime.plugins.delay import Delay
from realtime.plugins.gain import Gain

RATE = 48000.0
STATUS = np.dtype([("status", np.int64), ("sample", np.float32)], align=True)


@realtime_callback(RUN_SIGNATURE)
def _fail(state, source, target, n_frames):
    """Write one value everywhere and return the status that the state holds. [audio-thread]"""
    s = carray(state, (1,), STATUS)[0]
    y = carray(target, (n_frames,))
    for i in range(n_frames):
        y[i] = s.sample
    return s.status


class Failing:
    """A stage that gives a fixed sample and status."""

    descriptor = Descriptor("failing", "Failing", "Fails as told.")

    def __init__(self, status: int, sample: float) -> None:
        self.status, self.sample = status, sample

    def activate(self, sample_rate: float, max_block: int) -> Process:
        state = State(STATUS, status=self.status, sample=self.sample)
        return Process(_fail.address, state.address, np.zeros(0, np.float32), 0, [state])

    def deactivate(self) -> None:
        self.status = 0


class Offers:
    """A stage that hands over anything at all as its compiled function."""

    descriptor = Descriptor("offers", "Offers", "Hands over what it was given.")

    def __init__(self, run) -> None:
        self.run = run

    def activate(self, sample_rate: float, max_block: int) -> Process:
        return Process(self.run, 0, np.zeros(0, np.float32), 0)

    def deactivate(self) -> None:
        pass


def run(chain: Chain, x: np.ndarray) -> tuple[int, np.ndarray, np.ndarray]:
    """Return the status, wet and dry of one chunk."""
    wet, dry = np.full_like(x, np.nan), np.full_like(x, np.nan)
    status = run_chain(chain.state.address, x.ctypes.data, wet.ctypes.data, dry.ctypes.data, len(x))
    return status, wet, dry


def noise(n: int) -> np.ndarray:
    return np.random.default_rng(n).uniform(-1, 1, n).astype(np.float32)


@pytest.mark.parametrize("n_stages", range(6))
@pytest.mark.parametrize("n", [1, 77, CHUNK])
def test_stages_run_in_series_whatever_their_number(n_stages: int, n: int) -> None:
    """Delays are exact, so a sample lost or read from the wrong one of the alternating buffers shows."""
    delays = [1 + i for i in range(n_stages)]
    chain = Chain([Delay(1000 * d / RATE) for d in delays], RATE)
    x = noise(n)
    before = x.copy()
    status, wet, dry = run(chain, x)
    wanted = np.concatenate([np.zeros(sum(delays), np.float32), x])[:n]
    assert status == 0 and chain.latency == sum(delays)
    assert np.array_equal(wet, wanted) and np.array_equal(dry, wanted)
    assert np.array_equal(x, before)


def test_order_is_the_order_of_the_sound() -> None:
    chain = Chain([Gain(), Failing(0, 0.5), Gain()], RATE)
    chain.processes[2].parameters[0] = -20.0
    for _ in range(20):
        status, wet, _ = run(chain, noise(CHUNK))
    assert status == 0 and wet[-1] == pytest.approx(0.05, rel=1e-4)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_first_status_that_is_not_zero_is_reported(place: int) -> None:
    stages = [Gain(), Gain(), Gain()]
    stages[place] = Failing(7, 0.0)
    status, _, dry = run(Chain(stages, RATE), x := noise(64))
    assert status == 7 and np.array_equal(dry, x)


@pytest.mark.parametrize("sample", [np.nan, np.inf, -np.inf])
def test_output_that_is_no_number_is_a_failure(sample: float) -> None:
    assert run(Chain([Failing(0, sample)], RATE), noise(64))[0] == NOT_FINITE


def test_parameters_are_found_by_plugin_and_name() -> None:
    chain = Chain([Delay(1), Gain()], RATE)
    parameter, place = chain.parameter("gain", "gain")
    assert parameter.unit == "dB"
    place[0] = 6
    assert chain.processes[1].parameters[0] == 6
    for unknown in (("gain", "level"), ("delay", "gain"), ("reverb", "size")):
        with pytest.raises(KeyError):
            chain.parameter(*unknown)


@pytest.mark.parametrize("offered", [lambda x: x, print, None, 0, 1.5, "run"], ids=repr)
def test_a_plugin_with_no_compiled_code_is_told_what_to_do(offered) -> None:
    with pytest.raises(PluginError, match=r"'offers' gives .* no Python runs .* give the address of compiled code"):
        Chain([Offers(offered)], RATE)


def test_deactivate_reaches_every_plugin() -> None:
    stages = [Failing(1, 0), Failing(2, 0)]
    Chain(stages, RATE).deactivate()
    assert [stage.status for stage in stages] == [0, 0]
