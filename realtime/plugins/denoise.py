"""The plugin this project exists for: a deep-unfolded NMF that keeps the speech and removes the rest.

Once per hop: window, FFT, magnitudes, K layers, mask, inverse FFT, overlap-add. A model's bins are 31.25 Hz wide and
end at its band edge. Bins above the band get one gain: the mean mask of the band's top quarter, weighted by magnitude.
Bins that a low sample rate does not have are left out of the model's rows. Audio thread; `Denoise` on the main thread.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numba import carray
from numpy.typing import NDArray

from realtime.adaptivemodel import AdaptiveModel
from realtime.base.intrinsics import as_integer, as_pointer, call_infer, floats, integers
from realtime.base.memory import State, aligned
from realtime.base.ring import CAPACITY, HEADER_SIZE, REFUSED, WRITTEN, Ring, ring_publish, ring_space
from realtime.base.safety import realtime, realtime_callback
from realtime.dsp.delayline import delay_block, delay_line
from realtime.dsp.stft import LATENCIES_MS, STFT, analyse, column_ready, exchange, stft, synthesise, window_size
from realtime.model import MAX_LAYERS, AnyModel
from realtime.networks.network import MAX_TAPS, NETWORK, choose
from realtime.plugin import RUN_SIGNATURE, Descriptor, Parameter, Process

LAYERS, AMOUNT, ADAPT = 0, 1, 2
OFF, ON, FROZEN = 0, 1, 2
"""Values of the parameter adapt: no bases of the room, bases that `realtime.adapt` keeps fitting, bases as they are."""
MODES = ("off", "on", "freeze")
NO_LIMIT_DB = 100.0
NOT_STARTED = np.float32(-1)

DENOISE = np.dtype(
    [
        ("parameters", np.int64),  # float32[2 or more]: layers, amount
        ("stft", np.int64),  # STFT
        ("network", np.int64),  # NETWORK
        ("dry", np.int64),  # DELAY_LINE of the same latency, heard at amount 0
        ("dry_block", np.int64),  # float32[max hop]
        ("wet", np.float32),  # 0: delayed input, bit for bit; 1: processed; NOT_STARTED: as the amount says, no fade
        ("wet_step", np.float32),
        ("n_phases", np.int64),  # hops per column of the model: 1, or more in the low-latency modes
        ("phase", np.int64),
        ("stacks", np.int64),  # float32[n_phases * D]: stacked magnitudes, one stack for each phase
        ("mask", np.int64),  # float32[n_bins of the STFT]
        ("column_header", np.int64),  # ring of columns for those who watch
        ("column_rows", np.int64),
        ("watched", np.int64),  # 0: columns are not published
    ],
    align=True,
)


@realtime("void(int64)")
def _extend_mask(address: int) -> None:
    """Give the bins above the model's band the mean mask of its top quarter. [audio-thread]"""
    s = carray(as_pointer(address), (1,), DENOISE)[0]
    t, net = carray(as_pointer(s.stft), (1,), STFT)[0], carray(as_pointer(s.network), (1,), NETWORK)[0]
    mask = floats(s.mask, t.n_bins)
    column = floats(s.stacks + 4 * (s.phase * net.n_inputs + net.n_inputs - net.n_bins), net.n_bins)
    kept, total = np.float32(0), np.float32(1e-20)
    for f in range(net.n_bins - net.n_bins // 4, net.n_bins):
        kept += mask[f] * column[f]
        total += column[f]
    for f in range(net.n_bins, t.n_bins):
        mask[f] = kept / total


@realtime("void(int64)")
def _publish_column(address: int) -> None:
    """Hand the column to whoever watches: magnitudes, mask, masks of the taps, activations. [audio-thread]"""
    s = carray(as_pointer(address), (1,), DENOISE)[0]
    t, net = carray(as_pointer(s.stft), (1,), STFT)[0], carray(as_pointer(s.network), (1,), NETWORK)[0]
    header = integers(s.column_header, HEADER_SIZE)
    if ring_space(header) == 0:
        header[REFUSED] += 1
        return
    f_model, width = net.n_bins, net.n_bins * (2 + MAX_TAPS) + net.n_bases
    row = floats(s.column_rows + 4 * width * (header[WRITTEN] % header[CAPACITY]), width)
    column = floats(s.stacks + 4 * (s.phase * net.n_inputs + net.n_inputs - f_model), f_model)
    mask, tap_masks = floats(s.mask, t.n_bins), floats(net.tap_masks, MAX_TAPS * f_model)
    for f in range(f_model):
        row[f], row[f_model + f] = column[f], mask[f]
    for i in range(net.n_taps * f_model):
        row[2 * f_model + i] = tap_masks[i]
    activations = floats(net.activations, net.n_bases)
    for i in range(net.n_bases):
        row[width - net.n_bases + i] = activations[i]
    ring_publish(header, 1)


@realtime("void(int64)")
def _process_column(address: int) -> None:
    """One hop: analyse, infer the mask, apply it, synthesise. [audio-thread]"""
    s = carray(as_pointer(address), (1,), DENOISE)[0]
    t, net = carray(as_pointer(s.stft), (1,), STFT)[0], carray(as_pointer(s.network), (1,), NETWORK)[0]
    parameters = floats(s.parameters, 2)
    re, im, mask = floats(t.re, t.n_bins), floats(t.im, t.n_bins), floats(s.mask, t.n_bins)
    analyse(s.stft)

    stack = floats(s.stacks + 4 * s.phase * net.n_inputs, net.n_inputs)
    older = net.n_inputs - net.n_bins
    for i in range(older):
        stack[i] = stack[i + net.n_bins]
    for f in range(net.n_bins):
        stack[older + f] = np.sqrt(re[f] * re[f] + im[f] * im[f])

    depth = min(max(np.int64(parameters[LAYERS]), 0), net.n_layers)
    call_infer(net.infer, s.network, s.stacks + 4 * s.phase * net.n_inputs, depth, s.mask)
    _extend_mask(address)
    if s.watched:
        _publish_column(address)

    least = np.float32(0)
    if parameters[AMOUNT] < np.float32(NO_LIMIT_DB):
        least = np.float32(10) ** (-parameters[AMOUNT] / np.float32(20))
    for f in range(t.n_bins):
        gain = max(mask[f], least)
        re[f] *= gain
        im[f] *= gain
    synthesise(s.stft)
    s.phase = (s.phase + 1) % s.n_phases


@realtime_callback(RUN_SIGNATURE)
def _run(state: Any, source: Any, target: Any, n_frames: int) -> int:
    """Stream a block through the network, whatever its size. [audio-thread]"""
    s = carray(state, (1,), DENOISE)[0]
    t = carray(as_pointer(s.stft), (1,), STFT)[0]
    address = as_integer(state)
    x, y = carray(source, (n_frames,)), carray(target, (n_frames,))
    dry_block = floats(s.dry_block, t.hop)
    heard = np.float32(1) if floats(s.parameters, 2)[AMOUNT] > np.float32(0) else np.float32(0)
    done = 0
    while done < n_frames:
        n = min(n_frames - done, t.hop - t.fill)
        dry = dry_block[:n]
        delay_block(s.dry, x[done : done + n], dry)
        exchange(s.stft, x[done : done + n], y[done : done + n])
        wet = heard if s.wet == NOT_STARTED else s.wet
        for i in range(n):
            wet = min(wet + s.wet_step, heard) if wet < heard else max(wet - s.wet_step, heard)
            y[done + i] = dry[i] if wet == 0 else (y[done + i] if wet == 1 else dry[i] + wet * (y[done + i] - dry[i]))
        s.wet = wet
        done += n
        if column_ready(s.stft):
            _process_column(address)
    return 0


def describe(n_layers: int, learns: bool = False) -> Descriptor:
    """Return the description of the plugin with a model of that depth. [thread-safe]

    Parameters
    ----------
    n_layers : int
        K.
    learns : bool
        Whether the model can learn the room.
    """
    parameters = [
        Parameter("layers", "Layers", 0, n_layers, n_layers, "", "integer"),
        Parameter("amount", "Amount", 0.0, NO_LIMIT_DB, NO_LIMIT_DB, "dB"),
    ]
    if learns:
        parameters.append(Parameter("adapt", "Learn the room", OFF, FROZEN, ON, "", "integer", MODES))
    does = "Keeps the speech and removes the rest, with a deep-unfolded NMF."
    return Descriptor("denoise", "Denoise", does, tuple(parameters))


class Denoise:
    """The deep-unfolded NMF as a plugin.

    Parameters
    ----------
    model : Model, DenseModel or AdaptiveModel
        Validated.
    latency_ms : int
        32 (symmetric window), or 16, 8 or 4 for the low-latency modes, which cost more.

    Attributes
    ----------
    columns : Ring or None
        What `watch` asks for, while active.
    network : State or None
        The network in use, while active.
    room_start : float32 (J, F) or None
        Where the fit of a room starts, while active with a model that can learn one.
    hop : int
        Samples between columns, while active.
    """

    descriptor = describe(MAX_LAYERS)

    def __init__(self, model: AnyModel, latency_ms: int = 32) -> None:
        if latency_ms not in LATENCIES_MS:
            raise ValueError(f"a latency of {latency_ms} ms was asked for; 32, 16, 8 and 4 ms are possible")
        self.model = model
        self.latency_ms = latency_ms
        self.columns: Ring | None = None
        self.network: State | None = None
        self.room_start: NDArray[np.float32] | None = None
        self.hop = 0
        self._state: State | None = None
        self.descriptor = describe(model.n_layers, isinstance(model, AdaptiveModel) and model.learns_room)

    def activate(self, sample_rate: float, max_block: int) -> Process:
        """Lay the model out for this rate. [main-thread & !active]"""
        model = self.model
        n_fft = window_size(sample_rate)
        hop_model = n_fft * model.stft.hop // model.stft.n_fft
        n_synthesis = n_fft * self.latency_ms // 32
        hop = min(hop_model, n_synthesis // 2)
        transform = stft(n_fft, hop, n_synthesis)
        n_phases = hop_model // hop
        net = model.network(n_fft, n_phases)
        n_bins, n_inputs = int(net["n_bins"]), int(net["n_inputs"])
        columns = Ring(512, np.float32, n_bins * (2 + MAX_TAPS) + int(net["n_bases"]))
        parameters = np.array([p.default for p in self.descriptor.parameters], np.float32)
        state = State(
            DENOISE,
            parameters=parameters,
            stft=transform,
            network=net,
            dry=delay_line(n_synthesis),
            dry_block=aligned(hop),
            wet=NOT_STARTED,
            wet_step=1 / (0.01 * sample_rate),
            n_phases=n_phases,
            stacks=aligned(n_phases * n_inputs),
            mask=aligned(n_fft // 2 + 1),
            column_header=columns.header,
            column_rows=columns.rows,
        )
        self.columns, self._state, self.network, self.hop = columns, state, net, hop
        if isinstance(model, AdaptiveModel) and model.learns_room:
            self.room_start = model.room_start(n_bins)
        return Process(_run.address, state.address, parameters, n_synthesis, keep=[state, net, columns])

    def watch(self, depths: tuple[int, ...] = (), on: bool = True) -> None:
        """Publish columns, with masks after these depths, to `columns`. [main-thread & active]"""
        if self._state is None or self.network is None:
            return
        depths = depths[:MAX_TAPS]
        self.network.keep["taps"][: len(depths)] = depths
        self.network.record["n_taps"] = len(depths)
        self._state.record["watched"] = int(on)

    def hear(self, bases: Iterable[int] | None) -> None:
        """Let these bases of the network alone be heard; None: those of speech. [main-thread & active]"""
        if self.network is not None:
            choose(self.network, bases)

    def deactivate(self) -> None:
        """Let go of the memory. [main-thread]"""
        self.columns = self._state = self.network = self.room_start = None
