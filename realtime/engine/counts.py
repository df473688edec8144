"""Counting blocks, load and drop-outs. Audio thread."""

import numpy as np
from numba import carray

from realtime.base.intrinsics import as_pointer, integers
from realtime.base.safety import realtime
from realtime.engine.state import ENGINE, LOAD_BINS, MAX_DROPOUT_TIMES


@realtime("void(int64)")
def forget_counts(engine: int) -> None:
    """Start the counts anew. [audio-thread]"""
    e = carray(as_pointer(engine), (1,), ENGINE)[0]
    e.bad_blocks = e.failed_blocks = e.late_blocks = e.missed_blocks = e.flagged_blocks = 0
    e.starved_frames = e.n_dropouts = 0
    e.worst_load = 0.0
    counts = integers(e.load_counts, LOAD_BINS)
    for i in range(LOAD_BINS):
        counts[i] = 0


@realtime("void(int64, int64)")
def _count_dropout(engine: int, now: int) -> None:
    """Note a drop-out and when it was. [audio-thread]"""
    e = carray(as_pointer(engine), (1,), ENGINE)[0]
    integers(e.dropout_times, MAX_DROPOUT_TIMES)[e.n_dropouts % MAX_DROPOUT_TIMES] = now - e.start_ns
    e.n_dropouts += 1


@realtime("void(int64, int64, int64)")
def watch_clock(engine: int, now: int, n_frames: int) -> None:
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
def count_block(engine: int, began: int, ended: int, n_frames: int) -> None:
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
