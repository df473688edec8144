"""Oracles: offline render of the same samples, an exact delay, the samples' own largest step, a clock set by hand."""

import ctypes

import numpy as np
import pytest

from realtime.base.ring import Ring
from realtime.engine.callback import process_block
from realtime.engine.chain import Chain
from realtime.engine.messages import RETIRED
from realtime.engine.state import MIX
from realtime.host import Host
from realtime.plugins.delay import Delay
from realtime.plugins.denoise import Denoise
from realtime.plugins.gain import Gain
from realtime.render import Stream, render
from tests.engine.test_chain import Failing
from tests.test_model import make_model

RATE = 48000


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


def test_an_old_chain_is_kept_until_its_end_can_be_reported() -> None:
    stream = Stream(Chain([Delay(5)], RATE))
    host, x = stream.host, tone(4800)
    host.swap(Chain([Delay(5), Gain()], RATE))
    while host.reports.write(np.zeros((1, 1), host.reports.rows.dtype)):
        pass
    assert np.array_equal(stream.process(x)[240:], x[:-240])
    assert host.state["next_chain"] != 0 and host.reports.refused > 0
    assert RETIRED not in host.reports.read()["kind"]
    stream.process(x)
    host.poll()
    assert host.state["next_chain"] == 0 and host.state["chain"] == host.chain.state.address


def test_where_a_stage_fails_the_delayed_input_is_heard() -> None:
    stream = Stream(Chain([Delay(5), Failing(3, 0.9)], RATE))
    x = tone(2400)
    y = stream.process(x)
    assert np.array_equal(y[240:], x[:-240])
    status = stream.host.status()
    assert status.failed_blocks == stream.host.failures > 0


def call(host: Host, x: np.ndarray | None, n: int, n_outputs: int) -> np.ndarray:
    """Run one block over interleaved frames, float32[n, n_inputs]; return float32[n, n_outputs]."""
    y = np.full((n, n_outputs), np.nan, np.float32)
    process_block.ctypes(None if x is None else x.ctypes.data, y.ctypes.data, n, None, 0, host.state.address)
    return y


@pytest.mark.parametrize(("pick", "weights"), [(MIX, (1 / 3, 1 / 3, 1 / 3)), (0, (1, 0, 0)), (2, (0, 0, 1))])
@pytest.mark.parametrize("n_outputs", [1, 2, 5])
def test_one_channel_goes_in_and_every_channel_comes_out(pick: int, weights: tuple, n_outputs: int) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2000, 3)).astype(np.float32)
    y = call(Host(Chain([Gain()], RATE), n_inputs=3, n_outputs=n_outputs, pick=pick), x, 2000, n_outputs)
    assert np.allclose(y, (x @ np.array(weights, np.float32))[:, None], atol=1e-7)


def test_a_source_that_runs_dry_is_silence_and_counted() -> None:
    source = Ring(1000)
    host = Host(Chain([Gain()], RATE), source=source)
    source.write(np.full((300, 1), 0.5, np.float32))
    y = call(host, None, 480, 1)[:, 0]
    assert (y[:300] == 0.5).all() and not y[300:].any()
    assert host.status().starved_frames == 180


def test_mute_fades_to_silence_and_back() -> None:
    stream = Stream(Chain([Gain()], RATE))
    x = np.ones(2000, np.float32)
    stream.host.mute(True)
    y = stream.process(x)
    assert np.abs(np.diff(y)).max() == pytest.approx(1 / (0.02 * RATE), rel=1e-3) and not y[960:].any()
    stream.host.mute(False)
    assert np.array_equal(stream.process(x)[961:], x[961:])


class Clock:
    """Stands in for clock_gettime; gives the times it was told, in ns, one a call."""

    def __init__(self, times_ns: list[int]) -> None:
        self._times = iter(times_ns)
        timespec = ctypes.POINTER(ctypes.c_int64)
        self._function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, timespec)(self._tell)
        self.address = ctypes.cast(self._function, ctypes.c_void_p).value

    def _tell(self, _which: int, spec: ctypes.Array) -> int:
        spec[0], spec[1] = divmod(next(self._times), 1_000_000_000)
        return 0


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_long) != 8, reason="the clock is another function on Windows")
def test_load_and_drop_outs_are_those_of_the_clock() -> None:
    """Blocks of 10 ms: (when the device calls, how long the work takes), in ms."""
    blocks = [(10.0 * i, 2.0) for i in range(98)] + [(980.0, 12.0), (1151.0, 2.0)]
    clock = Clock([round(1e6 * t) for start, work in blocks for t in (start, start + work)])
    host = Host(Chain([Gain()], RATE))
    host.state.put("clock", clock.address)
    for _ in blocks:
        call(host, np.zeros((480, 1), np.float32), 480, 1)
    status = host.status()
    assert (status.late_blocks, status.missed_blocks, status.dropouts) == (1, 1, 2)
    assert status.dropout_times == pytest.approx((0.992, 1.151))
    assert (status.load_p50, status.load_p99) == pytest.approx((0.205, 0.205))  # counted in steps of half a percent
    assert status.load_max == pytest.approx(1.2)


@pytest.mark.parametrize("flags", [1, 2, 4, 8, 16])
def test_the_flags_of_portaudio_are_counted(flags: int) -> None:
    """1, 2: input under- and overflow, 4, 8: output; 16 says that the first output is being filled."""
    host, x = Host(Chain([Gain()], RATE), timed=False), np.zeros(64, np.float32)
    process_block.ctypes(x.ctypes.data, x.ctypes.data, 64, None, flags, host.state.address)
    assert host.status().flagged_blocks == (flags < 16)
