"""Plugins in series as one record with one latency, and the delayed input that makes bypass a true A/B."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import carray
from numpy.typing import NDArray

from realtime.base.errors import PluginError
from realtime.base.intrinsics import as_pointer, call_run, floats, integers
from realtime.base.memory import State, aligned
from realtime.base.safety import realtime
from realtime.dsp.delayline import delay_block, delay_line
from realtime.dsp.meter import within
from realtime.plugin import Plugin, Process

CHUNK = 1024
"""Samples processed at once: larger blocks are cut, so every buffer has this size."""

LARGEST = np.float32(3e38)
NOT_FINITE = -1
"""Status of a chain whose output is not a number."""

CHAIN = np.dtype(
    [
        ("n_stages", np.int64),
        ("runs", np.int64),  # int64[n_stages]
        ("states", np.int64),  # int64[n_stages]
        ("latency", np.int64),  # samples, of all stages
        ("dry_line", np.int64),  # DELAY_LINE of that latency
        ("spare", np.int64),  # float32[CHUNK]
    ],
    align=True,
)


@realtime("int64(int64, int64, int64, int64, int64)")
def run_chain(chain: int, x: int, wet: int, dry: int, n: int) -> np.int64:
    """Run every stage over a chunk; return 0 or the first stage's status that is not. [audio-thread]

    Parameters
    ----------
    chain : int64
        Address of a `CHAIN` record.
    x : int64
        Address of float32[n], the input, n <= CHUNK; kept.
    wet, dry : int64
        Addresses of float32[n], written here: the processed input, and the input delayed by the chain's latency.
    n : int64
        Samples.
    """
    c = carray(as_pointer(chain), (1,), CHAIN)[0]
    delay_block(c.dry_line, floats(x, n), floats(dry, n))
    runs, states = integers(c.runs, c.n_stages), integers(c.states, c.n_stages)
    source, status = x, np.int64(0)
    for i in range(c.n_stages):
        # Buffers alternate so that the last stage writes `wet`.
        target = wet if (c.n_stages - i) % 2 == 1 else c.spare
        if status == 0:
            status = np.int64(call_run(runs[i], states[i], source, target, n))
        source = target
    if c.n_stages == 0:
        delayed, through = floats(dry, n), floats(wet, n)
        for i in range(n):
            through[i] = delayed[i]
    if status == 0 and not within(floats(wet, n), LARGEST):
        status = np.int64(NOT_FINITE)
    return status


def _activated(plugin: Plugin, sample_rate: float) -> Process:
    process = plugin.activate(sample_rate, CHUNK)
    if not isinstance(process.run, int | np.integer) or process.run == 0:
        raise PluginError(
            f"plugin {plugin.descriptor.id!r} gives {process.run!r} to be run, and no Python runs on the audio thread; "
            "give the address of compiled code, as realtime/plugins/gain.py does with realtime_callback(RUN_SIGNATURE)"
        )
    return process


class Chain:
    """Active plugins in series at one sample rate. Owned by the main thread, run by the audio thread.

    Parameters
    ----------
    plugins : sequence of Plugin
        Activated here, in order of the sound.
    sample_rate : float
        Hz.

    Raises
    ------
    PluginError
        If a plugin gives no address of compiled code.
    """

    def __init__(self, plugins: Sequence[Plugin], sample_rate: float) -> None:
        self.plugins = tuple(plugins)
        self.sample_rate = sample_rate
        self.processes: list[Process] = [_activated(p, sample_rate) for p in self.plugins]
        self.latency = sum(p.latency for p in self.processes)
        self.state = State(
            CHAIN,
            n_stages=len(self.processes),
            runs=np.array([p.run for p in self.processes], np.int64),
            states=np.array([p.state for p in self.processes], np.int64),
            latency=self.latency,
            dry_line=delay_line(self.latency),
            spare=aligned(CHUNK),
        )

    def parameter(self, plugin_id: str, parameter_id: str) -> tuple[Any, NDArray[np.float32]]:
        """Return the description of a parameter and its float32[1] place. [main-thread]

        Raises
        ------
        KeyError
            If no plugin of the chain has it.
        """
        for plugin, process in zip(self.plugins, self.processes, strict=True):
            if plugin.descriptor.id == plugin_id:
                for i, parameter in enumerate(plugin.descriptor.parameters):
                    if parameter.id == parameter_id:
                        return parameter, process.parameters[i : i + 1]
        raise KeyError(f"{plugin_id}.{parameter_id}")

    def deactivate(self) -> None:
        """Let the plugins release what they made; only after RETIRED. [main-thread]"""
        for plugin in self.plugins:
            plugin.deactivate()
