"""Streaming short-time Fourier transform: samples in, one column per hop, samples out after an exact latency.

A window is 32 ms at every rate, so the bins of a model trained at 16 kHz line up and nothing is resampled. The
synthesis window covers the last `n_synthesis` samples of it: all 32 ms in the symmetric mode, 16, 8 or 4 ms in the
low-latency modes, whose analysis window rises slowly and falls fast (Mauler and Martin, "A low delay, variable
resolution, perfect reconstruction spectral analysis-synthesis system", EUSIPCO 2007). In every mode the product of
the two windows is a Hann window of n_synthesis samples, whose shifted copies add up to one: a unit mask
reconstructs the input, delayed by n_synthesis samples. Audio thread; `stft` on the main thread.
"""

import numpy as np
from numba import carray
from numpy.typing import NDArray

from realtime.base.intrinsics import as_pointer, floats
from realtime.base.memory import State, aligned
from realtime.base.safety import realtime
from realtime.dsp.fft import factorise, irfft, plan, rfft

Floats = NDArray[np.float32]

WINDOW_S = 0.032
LATENCIES_MS = (32, 16, 8, 4)

STFT = np.dtype(
    [
        ("n_fft", np.int64),
        ("n_bins", np.int64),
        ("hop", np.int64),
        ("n_synthesis", np.int64),  # samples of the synthesis window = latency
        ("fill", np.int64),  # samples of the current hop received
        ("plan", np.int64),  # PLAN
        ("analysis", np.int64),  # float32[n_fft]
        ("synthesis", np.int64),  # float32[n_synthesis]
        ("history", np.int64),  # float32[n_fft]: the last samples in
        ("frame", np.int64),  # float32[n_fft]
        ("overlap", np.int64),  # float32[n_synthesis]: sums still growing, the finished hop first
        ("re", np.int64),  # float32[n_bins]
        ("im", np.int64),  # float32[n_bins]
    ],
    align=True,
)


def window_size(sample_rate: float) -> int:
    """Return the FFT size nearest to 32 ms that has small factors and divides into 16. [thread-safe]"""
    sixteenths = sample_rate * WINDOW_S / 16
    size = max(1, round(sixteenths))
    nearest = sorted(range(max(1, size - 8), size + 9), key=lambda k: (abs(k - sixteenths), k))
    return 16 * next(k for k in nearest if factorise(8 * k) is not None)


def windows(n_fft: int, n_synthesis: int, hop: int) -> tuple[Floats, Floats]:
    """Return the analysis window (n_fft,) and the synthesis window (n_synthesis,). [thread-safe]

    Their product over the last n_synthesis samples is a periodic Hann window scaled so that copies shifted by
    `hop` sum to one. The analysis window is the square root of a Hann window, rising over n_fft - n_synthesis / 2
    samples and falling over n_synthesis / 2.
    """
    fall = n_synthesis // 2
    rise = n_fft - fall
    up = np.sin(np.pi / 2 * np.arange(rise) / rise)
    down = np.cos(np.pi / 2 * np.arange(fall) / fall)
    analysis = np.concatenate([up, down])
    hann = np.sin(np.pi * np.arange(n_synthesis) / n_synthesis) ** 2
    seen = analysis[n_fft - n_synthesis :]
    quotient = np.divide(hann, seen, out=np.zeros(n_synthesis), where=seen > 0)
    return analysis.astype(np.float32), (quotient * 2 * hop / n_synthesis).astype(np.float32)


def stft(n_fft: int, hop: int, n_synthesis: int) -> State:
    """Return a silent transform. [main-thread]

    Parameters
    ----------
    n_fft, hop, n_synthesis : int
        Samples; n_synthesis <= n_fft is the latency, and hop divides n_synthesis / 2.
    """
    if n_synthesis > n_fft or (n_synthesis // 2) % hop:
        raise ValueError(f"a hop of {hop} samples does not divide half a synthesis window of {n_synthesis}")
    analysis, synthesis = windows(n_fft, n_synthesis, hop)
    n_bins = n_fft // 2 + 1
    return State(
        STFT,
        n_fft=n_fft,
        n_bins=n_bins,
        hop=hop,
        n_synthesis=n_synthesis,
        plan=plan(n_fft),
        analysis=analysis,
        synthesis=synthesis,
        history=aligned(n_fft),
        frame=aligned(n_fft),
        overlap=aligned(n_synthesis),
        re=aligned(n_bins),
        im=aligned(n_bins),
    )


@realtime("int64(int64, float32[::1], float32[::1])")
def exchange(address: int, x: Floats, y: Floats) -> int:
    """Take samples up to the end of the hop and give as many finished ones; return how many. [audio-thread]

    Parameters
    ----------
    address : int64
        Of an `STFT` record.
    x, y : float32[n]
        Samples in and out; may be the same array.
    """
    t = carray(as_pointer(address), (1,), STFT)[0]
    n = min(x.size, t.hop - t.fill)
    history, overlap = floats(t.history, t.n_fft), floats(t.overlap, t.n_synthesis)
    start = t.n_fft - t.hop + t.fill
    for i in range(n):
        history[start + i] = x[i]
        y[i] = overlap[t.fill + i]
    t.fill += n
    return n


@realtime("boolean(int64)")
def column_ready(address: int) -> bool:
    """Return whether a hop is complete, so that `analyse` and `synthesise` are due. [audio-thread]"""
    t = carray(as_pointer(address), (1,), STFT)[0]
    return t.fill == t.hop


@realtime("void(int64)")
def analyse(address: int) -> None:
    """Transform the last n_fft samples into `re` and `im`. [audio-thread]"""
    t = carray(as_pointer(address), (1,), STFT)[0]
    history, frame, window = floats(t.history, t.n_fft), floats(t.frame, t.n_fft), floats(t.analysis, t.n_fft)
    for i in range(t.n_fft):
        frame[i] = history[i] * window[i]
    rfft(t.plan, t.frame, t.re, t.im)
    for i in range(t.n_fft - t.hop):
        history[i] = history[i + t.hop]
    t.fill = 0


@realtime("void(int64)")
def synthesise(address: int) -> None:
    """Add the inverse of `re` and `im` to the output; one more hop of it is finished. [audio-thread]"""
    t = carray(as_pointer(address), (1,), STFT)[0]
    frame, overlap, window = (
        floats(t.frame, t.n_fft),
        floats(t.overlap, t.n_synthesis),
        floats(t.synthesis, t.n_synthesis),
    )
    irfft(t.plan, t.re, t.im, t.frame)
    kept, start = t.n_synthesis - t.hop, t.n_fft - t.n_synthesis
    for i in range(kept):
        overlap[i] = overlap[i + t.hop]
    for i in range(kept, t.n_synthesis):
        overlap[i] = 0
    for i in range(t.n_synthesis):
        overlap[i] += frame[start + i] * window[i]
