"""THE callback: what the audio library calls for every block. Nothing of Python runs here.

Six steps a block: 1 commands, 2 meter in, 3 chain, 4 swap crossfade, 5 bypass crossfade, 6 meter out, record, count.
Everything it touches hangs off one record, `ENGINE`. Audio thread.
"""

import sys
from typing import Any

import numpy as np
from numba import carray, types
from numpy.typing import NDArray

from realtime.base.intrinsics import (
    as_integer,
    as_pointer,
    denormals_off,
    denormals_restore,
    floats,
    integers,
    now_ns,
)
from realtime.base.ring import (
    CAPACITY,
    HEADER_SIZE,
    READ,
    REFUSED,
    WRITTEN,
    ring_available,
    ring_publish,
    ring_release,
    ring_space,
)
from realtime.base.safety import realtime, realtime_callback
from realtime.dsp.meter import energy, peak, within
from realtime.engine.chain import CHAIN, CHUNK, run_chain
from realtime.engine.messages import BYPASS, FAILED, MESSAGE, MUTE, RECORD, RESET, RETIRED, SET, SWAP

Floats = NDArray[np.float32]

LARGEST_SAMPLE = np.float32(1e6)  # +120 dBFS: no sound is that loud, and its square still fits a float32
LOAD_BINS = 400  # of 0.5 % of the deadline each; the last one holds everything above
MAX_DROPOUT_TIMES = 64
MIX = -1

ENGINE = np.dtype(
    [
        # wiring, set before the stream starts
        ("clock", np.int64),  # address for `now_ns`
        ("sample_rate", np.float64),  # Hz
        ("n_inputs", np.int64),  # channels of the device's input
        ("n_outputs", np.int64),
        ("pick", np.int64),  # input channel that is heard, or MIX
        ("timed", np.int64),  # 0: no deadline (a file, as fast as possible)
        ("tolerance_ns", np.float64),  # lateness the device's buffers hide
        ("command_header", np.int64),
        ("command_rows", np.int64),
        ("report_header", np.int64),
        ("report_rows", np.int64),
        ("wave_header", np.int64),  # rows (dry, wet) for the recorder
        ("wave_rows", np.int64),
        ("source_header", np.int64),  # samples heard where the device has no input; 0 if none
        ("source_rows", np.int64),
        # what is heard
        ("chain", np.int64),  # CHAIN
        ("next_chain", np.int64),  # CHAIN being swapped in; 0 if none
        ("warm_left", np.int64),  # samples until it has sound
        ("fade", np.float32),  # 0: old chain, 1: next
        ("fade_step", np.float32),
        ("bypass_wanted", np.float32),
        ("bypass", np.float32),  # 0: chain, 1: delayed input
        ("mute_wanted", np.float32),
        ("mute", np.float32),
        ("recording", np.int64),
        # scratch, float32[CHUNK] each
        ("x", np.int64),
        ("wet", np.int64),
        ("dry", np.int64),
        ("next_wet", np.int64),
        ("next_dry", np.int64),
        # counts and meters
        ("blocks", np.int64),
        ("frames", np.int64),
        ("bad_blocks", np.int64),  # blocks with a sample that is no number, or absurdly large: heard as silence
        ("failed_blocks", np.int64),  # chunks a plugin failed on: the delayed input was heard
        ("late_blocks", np.int64),  # own work took longer than the block
        ("missed_blocks", np.int64),  # the device called too late: samples were lost
        ("flagged_blocks", np.int64),  # blocks with a PortAudio over- or underflow flag
        ("starved_frames", np.int64),  # frames for which the source ring was empty
        ("start_ns", np.int64),
        ("least_lag_ns", np.float64),
        ("largest_block", np.int64),  # frames; the last block of a file is a shorter one
        ("device_latency_s", np.float64),  # of the last block, by PortAudio's time stamps
        ("n_dropouts", np.int64),
        ("dropout_times", np.int64),  # float64 bits: seconds since the start, a ring of MAX_DROPOUT_TIMES
        ("load_counts", np.int64),  # int64[LOAD_BINS]
        ("worst_load", np.float64),
        ("peak_in", np.float32),  # since the host last took it
        ("peak_out", np.float32),
        ("energy_in", np.float64),
        ("energy_out", np.float64),
        ("energy_frames", np.int64),
    ],
    align=True,
)

_ULONG = types.uint32 if sys.platform == "win32" else types.uint64
CALLBACK_SIGNATURE = types.int32(types.voidptr, types.voidptr, _ULONG, types.voidptr, _ULONG, types.voidptr)
"""PaStreamCallback of portaudio.h: in, out, frames, time info, flags, user data."""


@realtime("void(int64, int64, int64, float64)")
def _report(engine: int, kind: int, address: int, value: float) -> None:
    """Send a report to the host; a full ring counts it as refused. [audio-thread]"""
    e = carray(as_pointer(engine), (1,), ENGINE)[0]
    header = integers(e.report_header, HEADER_SIZE)
    if ring_space(header) == 0:
        header[REFUSED] += 1
        return
    rows = carray(as_pointer(e.report_rows), (header[CAPACITY],), MESSAGE)
    row = rows[header[WRITTEN] % header[CAPACITY]]
    row.kind, row.address, row.value = kind, address, value
    ring_publish(header, 1)


@realtime("void(int64)")
def _forget_counts(engine: int) -> None:
    """Start the counts anew. [audio-thread]"""
    e = carray(as_pointer(engine), (1,), ENGINE)[0]
    e.bad_blocks = e.failed_blocks = e.late_blocks = e.missed_blocks = e.flagged_blocks = 0
    e.starved_frames = e.n_dropouts = 0
    e.worst_load = 0.0
    counts = integers(e.load_counts, LOAD_BINS)
    for i in range(LOAD_BINS):
        counts[i] = 0


@realtime("void(int64)")
def _obey(engine: int) -> None:
    """Step 1: carry out the waiting commands. [audio-thread]"""
    e = carray(as_pointer(engine), (1,), ENGINE)[0]
    header = integers(e.command_header, HEADER_SIZE)
    rows = carray(as_pointer(e.command_rows), (header[CAPACITY],), MESSAGE)
    while ring_available(header) > 0:
        command = rows[header[READ] % header[CAPACITY]]
        if command.kind == SWAP:
            if e.next_chain != 0:
                return  # one at a time; this one and all behind it wait
            e.next_chain = command.address
            e.fade = np.float32(0)
            # The next chain is heard only when its own latency is filled, or its first sound would be a dip.
            e.warm_left = 2 * carray(as_pointer(e.next_chain), (1,), CHAIN)[0].latency
        elif command.kind == SET:
            floats(command.address, 1)[0] = np.float32(command.value)
        elif command.kind == BYPASS:
            e.bypass_wanted = np.float32(command.value)
        elif command.kind == MUTE:
            e.mute_wanted = np.float32(command.value)
        elif command.kind == RECORD:
            e.recording = np.int64(command.value)
        elif command.kind == RESET:
            _forget_counts(engine)
        ring_release(header, 1)


@realtime("void(int64, int64, int64, int64)")
def _take_input(engine: int, source: int, start: int, n: int) -> None:
    """Step 2: pick or mix the channels of n frames into `x`, and meter them. [audio-thread]"""
    e = carray(as_pointer(engine), (1,), ENGINE)[0]
    x = floats(e.x, n)
    if source != 0:
        frames = floats(source + 4 * start * e.n_inputs, n * e.n_inputs)
        if e.pick == MIX:
            share = np.float32(1) / np.float32(e.n_inputs)
            for i in range(n):
                total = np.float32(0)
                for c in range(e.n_inputs):
                    total += frames[i * e.n_inputs + c]
                x[i] = total * share
        else:
            for i in range(n):
                x[i] = frames[i * e.n_inputs + e.pick]
    else:
        n_ready = 0
        if e.source_header != 0:
            header = integers(e.source_header, HEADER_SIZE)
            n_ready = min(n, ring_available(header))
            rows = floats(e.source_rows, header[CAPACITY])
            for i in range(n_ready):
                x[i] = rows[(header[READ] + i) % header[CAPACITY]]
            ring_release(header, n_ready)
            e.starved_frames += n - n_ready
        for i in range(n_ready, n):
            x[i] = 0
    if not within(x, LARGEST_SAMPLE):
        e.bad_blocks += 1
        for i in range(n):
            x[i] = 0
    e.peak_in = max(e.peak_in, peak(x))
    e.energy_in += energy(x)
    e.energy_frames += n


@realtime("void(int64, int64, int64, int64, int64)")
def _run_or_fall_back(engine: int, chain: int, wet: int, dry: int, n: int) -> None:
    """Step 3: run a chain over `x`; where it fails, its delayed input is heard instead. [audio-thread]"""
    e = carray(as_pointer(engine), (1,), ENGINE)[0]
    status = run_chain(chain, e.x, wet, dry, n)
    if status != 0:
        e.failed_blocks += 1
        _report(engine, FAILED, chain, np.float64(status))
        instead, delayed = floats(wet, n), floats(dry, n)
        for i in range(n):
            instead[i] = delayed[i]


@realtime("void(int64, int64)")
def _swap(engine: int, n: int) -> None:
    """Step 4: warm the next chain up, fade to it, retire the old one. [audio-thread]"""
    e = carray(as_pointer(engine), (1,), ENGINE)[0]
    if e.next_chain == 0:
        return
    wet, dry = floats(e.wet, n), floats(e.dry, n)
    next_wet, next_dry = floats(e.next_wet, n), floats(e.next_dry, n)
    _run_or_fall_back(engine, e.next_chain, e.next_wet, e.next_dry, n)
    quiet = min(n, e.warm_left)
    e.warm_left -= quiet
    fade = e.fade
    for i in range(quiet, n):
        fade = min(np.float32(1), fade + e.fade_step)
        if fade == np.float32(1):
            wet[i], dry[i] = next_wet[i], next_dry[i]
        else:
            wet[i] += fade * (next_wet[i] - wet[i])
            dry[i] += fade * (next_dry[i] - dry[i])
    e.fade = fade
    if fade == np.float32(1):
        _report(engine, RETIRED, e.chain, 0.0)
        e.chain = e.next_chain
        e.next_chain = 0


@realtime("void(int64, int64)")
def _record(engine: int, n: int) -> None:
    """Hand aligned (dry, wet) rows to the recorder; what finds no room is counted, never waited for. [audio-thread]"""
    e = carray(as_pointer(engine), (1,), ENGINE)[0]
    if e.recording == 0:
        return
    header = integers(e.wave_header, HEADER_SIZE)
    room = min(n, ring_space(header))
    rows = floats(e.wave_rows, 2 * header[CAPACITY])
    dry, wet = floats(e.dry, n), floats(e.wet, n)
    for i in range(room):
        place = (header[WRITTEN] + i) % header[CAPACITY]
        rows[2 * place], rows[2 * place + 1] = dry[i], wet[i]
    header[REFUSED] += n - room
    ring_publish(header, room)


@realtime("void(int64, int64, int64, int64)")
def _give_output(engine: int, target: int, start: int, n: int) -> None:
    """Steps 5 and 6: crossfade to bypass, record, meter, and write every output channel. [audio-thread]"""
    e = carray(as_pointer(engine), (1,), ENGINE)[0]
    wet, dry = floats(e.wet, n), floats(e.dry, n)
    _record(engine, n)
    bypass, mute = e.bypass, e.mute
    for i in range(n):
        if bypass != e.bypass_wanted:
            step = e.fade_step
            bypass = (
                min(bypass + step, e.bypass_wanted) if bypass < e.bypass_wanted else max(bypass - step, e.bypass_wanted)
            )
        if bypass == np.float32(1):
            wet[i] = dry[i]
        elif bypass > np.float32(0):
            wet[i] += bypass * (dry[i] - wet[i])
        if mute != e.mute_wanted:
            mute = (
                min(mute + e.fade_step, e.mute_wanted)
                if mute < e.mute_wanted
                else max(mute - e.fade_step, e.mute_wanted)
            )
        if mute > np.float32(0):
            wet[i] *= np.float32(1) - mute
    e.bypass, e.mute = bypass, mute
    e.peak_out = max(e.peak_out, peak(wet))
    e.energy_out += energy(wet)
    if target == 0:
        return
    frames = floats(target + 4 * start * e.n_outputs, n * e.n_outputs)
    for i in range(n):
        for c in range(e.n_outputs):
            frames[i * e.n_outputs + c] = wet[i]


@realtime("void(int64, int64)")
def _count_dropout(engine: int, now: int) -> None:
    """Note a drop-out and when it was. [audio-thread]"""
    e = carray(as_pointer(engine), (1,), ENGINE)[0]
    integers(e.dropout_times, MAX_DROPOUT_TIMES)[e.n_dropouts % MAX_DROPOUT_TIMES] = now - e.start_ns
    e.n_dropouts += 1


@realtime("void(int64, int64, int64)")
def _watch_clock(engine: int, now: int, n_frames: int) -> None:
    """Notice a block the device delivered too late: frames lag behind the clock for good. [audio-thread]"""
    e = carray(as_pointer(engine), (1,), ENGINE)[0]
    if e.timed == 0:
        return
    if e.blocks == 0:
        e.start_ns, e.least_lag_ns = now, 0.0
    lag = np.float64(now - e.start_ns) - 1e9 * np.float64(e.frames) / e.sample_rate
    # 200 ppm of creep: two clocks never agree exactly.
    e.least_lag_ns = min(lag, e.least_lag_ns + 2e5 * np.float64(n_frames) / e.sample_rate)
    if lag - e.least_lag_ns > e.tolerance_ns:
        e.missed_blocks += 1
        e.least_lag_ns = lag
        _count_dropout(engine, now)


@realtime("void(int64, int64, int64, int64)")
def _count(engine: int, began: int, ended: int, n_frames: int) -> None:
    """Count the block, its load, and whether its work took longer than it lasts. [audio-thread]"""
    e = carray(as_pointer(engine), (1,), ENGINE)[0]
    load = np.float64(ended - began) * e.sample_rate / (1e9 * np.float64(n_frames))
    counts = integers(e.load_counts, LOAD_BINS)
    counts[min(np.int64(load * 200), LOAD_BINS - 1)] += 1
    e.worst_load = max(e.worst_load, load)
    if e.timed and load > 1.0:
        e.late_blocks += 1
        _count_dropout(engine, ended)
    e.frames += n_frames
    e.largest_block = max(e.largest_block, n_frames)
    e.blocks += 1


@realtime_callback(CALLBACK_SIGNATURE)
def process_block(source: Any, target: Any, n_frames: int, time_info: Any, flags: int, user: Any) -> int:
    """One block of the device: microphone in, clean sound out. [audio-thread]

    Parameters
    ----------
    source, target : float32[n_frames * channels]
        Interleaved; a null source reads the source ring, a null target is not written.
    time_info : float64[3]
        When the input was captured, now, and when the output will be heard, in s; or null.
    flags : uint64
        PortAudio's over- and underflow bits.
    user : ENGINE
        Address of the one record.

    Returns
    -------
    int32
        0, paContinue.
    """
    word = denormals_off()
    engine = as_integer(user)
    e = carray(user, (1,), ENGINE)[0]
    began = now_ns(e.clock)
    n = np.int64(n_frames)
    _watch_clock(engine, began, n)
    _obey(engine)
    start = np.int64(0)
    while start < n:
        size = min(n - start, np.int64(CHUNK))
        _take_input(engine, as_integer(source), start, size)
        _run_or_fall_back(engine, e.chain, e.wet, e.dry, size)
        _swap(engine, size)
        _give_output(engine, as_integer(target), start, size)
        start += size
    if flags & 0xF:
        e.flagged_blocks += 1
    if as_integer(time_info) != 0:
        times = carray(as_pointer(as_integer(time_info)), (3,), np.float64)
        e.device_latency_s = times[2] - times[0]
    _count(engine, began, now_ns(e.clock), n)
    denormals_restore(word)
    return 0
