"""`Host` owns all memory: the engine's record, its rings, the chains. The main thread's only way to the sound.

It has no signals and no callbacks upward: whoever shows something asks `status`. Main thread.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from realtime.base.errors import DeviceError, PluginError
from realtime.base.memory import State, aligned, clock_address
from realtime.base.ring import Ring
from realtime.base.units import gain_to_db
from realtime.engine.callback import process_block
from realtime.engine.chain import CHUNK, Chain
from realtime.engine.levels import Levels
from realtime.engine.messages import BYPASS, FAILED, MESSAGE, MUTE, PROBE, PROBED, RECORD, RESET, RETIRED, SET, SWAP
from realtime.engine.probe import Probe
from realtime.engine.state import ENGINE, LOAD_BINS, MAX_DROPOUT_TIMES, MIX

FADE_S = 0.02
WAVE_SECONDS = 4.0
"""Sound the recorder may fall behind before rows are refused."""


@dataclass(frozen=True)
class Latency:
    """Where the delay comes from, in ms; None where it is not known.

    `algorithm` is the chain's, exact; `device_reported` what the device claims for input and output together;
    `measured` the whole way from microphone to loudspeaker: the chain's plus the device's round trip as measured.
    """

    algorithm: float
    device_reported: float | None
    measured: float | None


@dataclass(frozen=True)
class Status:
    """What the engine has done so far. Loads are shares of the deadline, levels in dBFS, times in s."""

    seconds: float
    blocks: int
    block: int
    dropouts: int
    late_blocks: int
    missed_blocks: int
    dropout_times: tuple[float, ...]
    flagged_blocks: int
    bad_blocks: int
    failed_blocks: int
    starved_frames: int
    refused_rows: int
    load_p50: float
    load_p99: float
    load_max: float
    peak_in: float
    peak_out: float
    rms_in: float
    rms_out: float
    latency_ms: Latency

    def as_dict(self) -> dict[str, Any]:
        """Return the status as plain values for JSON. [thread-safe]"""
        return asdict(self)


class Host:
    """The engine and everything that steers it.

    Parameters
    ----------
    chain : Chain
        What is heard first; its sample rate is the engine's.
    n_inputs, n_outputs : int
        Channels of the device.
    pick : int
        The input channel that is heard, or `MIX` for the mean of all.
    timed : bool
        False for a file as fast as possible: no deadlines, no drop-outs.
    source : Ring or None
        Samples for a device without input, float32 rows of width 1.
    tolerance_s : float
        Lateness of the device that its buffers hide.
    """

    def __init__(
        self,
        chain: Chain,
        *,
        n_inputs: int = 1,
        n_outputs: int = 1,
        pick: int = MIX,
        timed: bool = True,
        source: Ring | None = None,
        tolerance_s: float = 0.1,
    ) -> None:
        if pick >= n_inputs:
            raise PluginError(f"input channel {pick + 1} was asked for, but the device has {n_inputs}; pick another")
        self.sample_rate = chain.sample_rate
        self.commands = Ring(256, MESSAGE)
        self.reports = Ring(256, MESSAGE)
        self.wave = Ring(int(WAVE_SECONDS * self.sample_rate), np.float32, 2)
        self.source = source
        self.failures = 0
        self._chain = chain
        self._chains = {chain.state.address: chain}
        self._dropout_times = aligned(MAX_DROPOUT_TIMES, np.int64)
        self._loads = aligned(LOAD_BINS, np.int64)
        self._levels = Levels()
        self._probe: Probe | None = None
        self._round_trip: int | None = None
        self.device_reported_ms: float | None = None
        self.measure_problem: str | None = None
        self.state = State(
            ENGINE,
            clock=clock_address(),
            sample_rate=self.sample_rate,
            n_inputs=n_inputs,
            n_outputs=n_outputs,
            pick=pick,
            timed=int(timed),
            tolerance_ns=1e9 * tolerance_s,
            command_header=self.commands.header,
            command_rows=self.commands.rows,
            report_header=self.reports.header,
            report_rows=self.reports.rows,
            wave_header=self.wave.header,
            wave_rows=self.wave.rows,
            chain=chain.state,
            fade_step=1 / (FADE_S * self.sample_rate),
            dropout_times=self._dropout_times,
            load_counts=self._loads,
            levels=self._levels.words,
            **{name: aligned(CHUNK) for name in ("x", "wet", "dry", "next_wet", "next_dry")},
        )
        if source is not None:
            self.state.put("source_header", source.header)
            self.state.put("source_rows", source.rows)

    @property
    def chain(self) -> Chain:
        """Return the chain that is heard, or will be once its swap is through. [main-thread]"""
        return self._chain

    @property
    def blocks(self) -> int:
        """Return how many blocks have been heard: a device is alive while it grows. [thread-safe]"""
        return int(self.state["blocks"])

    @property
    def callback(self) -> int:
        """Return the address of the callback. [thread-safe]"""
        return int(process_block.address)

    def _send(self, kind: int, address: int = 0, value: float = 0.0) -> None:
        row = np.zeros((1, 1), MESSAGE)
        row["kind"], row["address"], row["value"] = kind, address, value
        if not self.commands.write(row):
            raise PluginError("256 commands wait and the sound is not running; start the stream before sending more")

    def set(self, plugin_id: str, parameter_id: str, value: float) -> float:
        """Set a parameter of the chain from the next block on; return the value in range. [main-thread]"""
        try:
            parameter, place = self._chain.parameter(plugin_id, parameter_id)
        except KeyError:
            raise PluginError(f"there is no parameter {plugin_id}.{parameter_id} in this chain") from None
        value = float(parameter.clip(value))
        self._send(SET, place.ctypes.data, value)
        return value

    def swap(self, chain: Chain) -> None:
        """Crossfade to another chain; the old one is released once it is silent. [main-thread]"""
        if chain.sample_rate != self.sample_rate:
            raise PluginError(f"a chain for {chain.sample_rate:g} Hz cannot play at {self.sample_rate:g} Hz")
        self._chains[chain.state.address] = chain
        self._chain = chain
        self._send(SWAP, chain.state.address)
        self.poll()

    def bypass(self, on: bool) -> None:
        """Hear the input, delayed by the chain's latency, instead of the chain. [main-thread]"""
        self._send(BYPASS, value=float(on))

    def mute(self, on: bool) -> None:
        """Fade to silence, or back. [main-thread]"""
        self._send(MUTE, value=float(on))

    def record(self, on: bool) -> None:
        """Let aligned (dry, wet) rows flow into `wave`. [main-thread]"""
        self._send(RECORD, value=float(on))

    def reset(self) -> None:
        """Start the counts anew. [main-thread]"""
        self._send(RESET)

    def measure_latency(self) -> None:
        """Play a quiet burst of noise, and look for it in the input. [main-thread]

        Takes two seconds of sound, in which `is_measuring` is true; then `status` shows the figure, or
        `measure_problem` says why there is none. One that runs already is left to finish.

        Raises
        ------
        DeviceError
            If there is no input to hear it with.
        """
        if self.source is not None:
            raise DeviceError("the latency of a file cannot be measured; choose an input and an output device")
        if self._probe is None:
            probe = Probe(self.sample_rate)
            self._send(PROBE, probe.state.address)
            self._probe, self.measure_problem = probe, None

    @property
    def is_measuring(self) -> bool:
        """Return whether a measurement runs. [main-thread]"""
        return self._probe is not None

    def _take_measurement(self) -> None:
        assert self._probe is not None
        self._round_trip = self._probe.round_trip()
        self._probe = None
        if self._round_trip is None:
            self.measure_problem = (
                "the latency was not measured: the burst of noise did not come back; "
                "hold the microphone to the loudspeaker, or connect output and input with a cable"
            )

    def poll(self) -> None:
        """Read the reports: release retired chains, count failures, end a measurement. [main-thread]"""
        for report in self.reports.read().ravel():
            if report["kind"] == RETIRED:
                self._chains.pop(int(report["address"])).deactivate()
            elif report["kind"] == FAILED:
                self.failures += 1
            elif report["kind"] == PROBED:
                self._take_measurement()

    def status(self) -> Status:
        """Return counts, loads and levels; the levels are those since the last call. [main-thread]"""
        self.poll()
        e = self.state
        peak_in, rms_in, peak_out, rms_out = map(gain_to_db, self._levels.read())
        dropouts = int(e["n_dropouts"])
        kept = min(dropouts, MAX_DROPOUT_TIMES)
        times = [self._dropout_times[i % MAX_DROPOUT_TIMES] / 1e9 for i in range(dropouts - kept, dropouts)]
        algorithm = 1000 * self._chain.latency / self.sample_rate
        measured = None if self._round_trip is None else algorithm + 1000 * self._round_trip / self.sample_rate
        return Status(
            seconds=float(e["frames"]) / self.sample_rate,
            blocks=int(e["blocks"]),
            block=int(e["largest_block"]),
            dropouts=dropouts,
            late_blocks=int(e["late_blocks"]),
            missed_blocks=int(e["missed_blocks"]),
            dropout_times=tuple(float(t) for t in times),
            flagged_blocks=int(e["flagged_blocks"]),
            bad_blocks=int(e["bad_blocks"]),
            failed_blocks=int(e["failed_blocks"]),
            starved_frames=int(e["starved_frames"]),
            refused_rows=self.wave.refused,
            load_p50=self._load_quantile(0.5),
            load_p99=self._load_quantile(0.99),
            load_max=float(e["worst_load"]),
            peak_in=peak_in,
            peak_out=peak_out,
            rms_in=rms_in,
            rms_out=rms_out,
            latency_ms=Latency(algorithm, self.device_reported_ms, measured),
        )

    def _load_quantile(self, share: float) -> float:
        counts = np.cumsum(self._loads)
        if counts[-1] == 0:
            return 0.0
        return float((np.searchsorted(counts, share * counts[-1]) + 1) / 200)
