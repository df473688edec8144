"""THE callback: what the audio library calls for every block. Nothing of Python runs here.

Six steps a block: 1 commands, 2 channels, 3 chain, 4 swap crossfade, 5 bypass crossfade, 6 meter, record, count.
Everything it touches hangs off one record, `ENGINE`. Audio thread.
"""

import sys
from typing import Any

import numpy as np
from numba import carray, types

from realtime.base.intrinsics import (
    as_integer,
    as_pointer,
    denormals_off,
    denormals_restore,
    floats,
    integers,
    now_ns,
)
from realtime.base.ring import CAPACITY, HEADER_SIZE, READ, ring_available, ring_release
from realtime.base.safety import realtime, realtime_callback
from realtime.base.units import LARGEST_SAMPLE
from realtime.dsp.meter import within
from realtime.engine.chain import CHAIN, CHUNK, run_chain
from realtime.engine.counts import count_block, forget_counts, watch_clock
from realtime.engine.levels import count_levels
from realtime.engine.messages import BYPASS, FAILED, MESSAGE, MUTE, PROBE, PROBED, RECORD, RESET, RETIRED, SET, SWAP
from realtime.engine.outbox import record, report
from realtime.engine.probe import add_burst, keep_echo
from realtime.engine.state import ENGINE, MIX

_ULONG = types.uint32 if sys.platform == "win32" else types.uint64
CALLBACK_SIGNATURE = types.int32(types.voidptr, types.voidptr, _ULONG, types.voidptr, _ULONG, types.voidptr)
"""PaStreamCallback of portaudio.h: in, out, frames, time info, flags, user data."""


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
        elif command.kind == PROBE:
            e.probe = command.address
        elif command.kind == RESET:
            forget_counts(engine)
        ring_release(header, 1)


@realtime("void(int64, int64, int64, int64)")
def _take_input(engine: int, source: int, start: int, n: int) -> None:
    """Step 2: pick or mix the channels of n frames into `x`. [audio-thread]"""
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
    if e.probe != 0:
        keep_echo(e.probe, e.x, n)


@realtime("void(int64, int64, int64, int64, int64)")
def _run_or_fall_back(engine: int, chain: int, wet: int, dry: int, n: int) -> None:
    """Step 3: run a chain over `x`; where it fails, its delayed input is heard instead. [audio-thread]"""
    e = carray(as_pointer(engine), (1,), ENGINE)[0]
    status = run_chain(chain, e.x, wet, dry, n)
    if status != 0:
        e.failed_blocks += 1
        report(engine, FAILED, chain, np.float64(status))
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
    # Unsaid, the old chain would never be released: where the reports find no room both run on.
    if fade == np.float32(1) and report(engine, RETIRED, e.chain, 0.0):
        e.chain = e.next_chain
        e.next_chain = 0


@realtime("float32(float32, float32, float32)")
def _toward(value: np.float32, wanted: np.float32, step: np.float32) -> np.float32:
    """Return `value` moved by at most `step`. [audio-thread]"""
    if value < wanted:
        return min(value + step, wanted)
    return max(value - step, wanted)


@realtime("void(int64, int64, int64, int64)")
def _give_output(engine: int, target: int, start: int, n: int) -> None:
    """Steps 5 and 6: crossfade to bypass, record, meter, and write every output channel. [audio-thread]"""
    e = carray(as_pointer(engine), (1,), ENGINE)[0]
    wet, dry = floats(e.wet, n), floats(e.dry, n)
    record(engine, n)
    bypass, mute = e.bypass, e.mute
    for i in range(n):
        bypass = _toward(bypass, e.bypass_wanted, e.fade_step)
        if bypass == np.float32(1):
            wet[i] = dry[i]
        elif bypass > np.float32(0):
            wet[i] += bypass * (dry[i] - wet[i])
        mute = _toward(mute, e.mute_wanted, e.fade_step)
        wet[i] *= np.float32(1) - mute
    e.bypass, e.mute = bypass, mute
    if e.probe != 0 and add_burst(e.probe, e.wet, n) and report(engine, PROBED, e.probe, 0.0):
        e.probe = 0
    count_levels(engine, n)
    if target == 0:
        return
    frames = floats(target + 4 * start * e.n_outputs, n * e.n_outputs)
    for i in range(n):
        for c in range(e.n_outputs):
            frames[i * e.n_outputs + c] = wet[i]


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
    watch_clock(engine, began, n)
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
    count_block(engine, began, now_ns(e.clock), n)
    denormals_restore(word)
    return 0
