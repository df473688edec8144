"""The pieces of the network that learns the room: its layer, its read-out, and its stream's own bases.

The equations and letters are in `adaptive`. Everything comes by address, since sizes are values. Audio thread.
"""

import numpy as np
from numba import carray

from realtime.base.functions import exp, log
from realtime.base.intrinsics import as_pointer, floats
from realtime.base.safety import realtime
from realtime.base.vectors import ROWS, add_and_dot_rows, dot_rows

EPSILON = np.float32(1e-4)  # beside every model value: below it is silence
LEAST = np.float32(1e-8)
OWN_SUM = np.float32(1e-3)  # beside the sum of an own basis
OWN_LEAST, OWN_MOST = np.float32(1e-4), np.float32(100)  # of the activation of an own basis
MOST = np.float32(500)  # of an activation
LOG_LEAST, LOG_MOST = np.float32(-9), np.float32(5)  # of the logarithm of an update
ZERO, ONE = np.float32(0), np.float32(1)

OWN = np.dtype(
    [
        ("n_own", np.int64),  # J
        ("n_bins", np.int64),  # F
        ("bases", np.int64),  # float32[J, F]: B
        ("sums", np.int64),  # float32[J]: of the rows of B, and `OWN_SUM`
        ("speech", np.int64),  # float32[J]: 1 for bases of speech, 0 for those of noise
        ("fall", np.int64),  # float32[J]: > 0 for bases that follow the floor of the whole column
        ("start", np.int64),  # float32[J]: g of the layer
        ("d", np.int64),  # float32[J]: activations
    ],
    align=True,
)


@realtime("float32(float32, float32, float32)")
def powered(ratio: np.float32, gain: np.float32, exponent: np.float32) -> np.float32:
    """(gain ratio)^exponent, its logarithm bounded before the exponent. [audio-thread]"""
    return exp(exponent * min(max(log(ratio * gain), LOG_LEAST), LOG_MOST))


@realtime("void(int64, int64, int64, int64, int64, int64, int64, int64)")
def ratios(w: int, observed: int, beside: int, q: int, n_rows: int, n_bases: int, g: int, sums: int) -> None:
    """q = observed / (W g + beside) and W' q, reading every weight once, as `nmf.layer` does. [audio-thread]

    Parameters
    ----------
    w : int64
        Address of W, float32[D, R], rows of zero up to a multiple of `ROWS`; R a multiple of `LANES`.
    observed, beside : int64
        Addresses of float32[D], >= 0, and of float32[D], > 0.
    q : int64
        Address of float32[D], written.
    n_rows, n_bases : int64
        D and R.
    g : int64
        Address of float32[R], the activations.
    sums : int64
        Address of float32[R], W' q, written.
    """
    x, more, made, totals = floats(observed, n_rows), floats(beside, n_rows), floats(q, n_rows), floats(sums, n_bases)
    for r in range(n_bases):
        totals[r] = ZERO
    step = 4 * ROWS * n_bases
    last = w + 4 * n_bases * ((n_rows - 1) // ROWS * ROWS)
    s0, s1, s2, s3 = dot_rows(w, n_bases, g)
    for i in range(0, n_rows, ROWS):
        q0 = x[i] / (s0 + more[i])
        q1 = x[i + 1] / (s1 + more[i + 1]) if i + 1 < n_rows else ZERO
        q2 = x[i + 2] / (s2 + more[i + 2]) if i + 2 < n_rows else ZERO
        q3 = x[i + 3] / (s3 + more[i + 3]) if i + 3 < n_rows else ZERO
        s0, s1, s2, s3 = add_and_dot_rows(w, min(w + step, last), n_bases, g, sums, q0, q1, q2, q3)
        made[i] = q0
        if i + 1 < n_rows:
            made[i + 1] = q1
        if i + 2 < n_rows:
            made[i + 2] = q2
        if i + 3 < n_rows:
            made[i + 3] = q3
        w += step


@realtime("void(int64, int64, int64, int64, int64)")
def update(h: int, sums: int, gain: int, exponent: int, n_bases: int) -> None:
    """h = min(h (gain W'q)^exponent, `MOST`). [audio-thread]

    Parameters
    ----------
    h, sums, gain, exponent : int64
        Addresses of float32[R]: activations, updated; W' q; c and e of the layer.
    n_bases : int64
        R.
    """
    x, a = floats(h, n_bases), floats(sums, n_bases)
    c, e = floats(gain, n_bases), floats(exponent, n_bases)
    for r in range(n_bases):
        x[r] = min(x[r] * powered(a[r] + LEAST, c[r], e[r]), MOST)


@realtime("void(int64, int64)")
def add_own(own: int, beside: int) -> None:
    """beside = B' g + `EPSILON` over the bins. [audio-thread]

    Parameters
    ----------
    own : int64
        Address of an `OWN` record.
    beside : int64
        Address of float32[F], written.
    """
    o = carray(as_pointer(own), (1,), OWN)[0]
    g, out = floats(o.start, o.n_own), floats(beside, o.n_bins)
    for f in range(o.n_bins):
        out[f] = EPSILON
    for j in range(o.n_own):
        row, weight = floats(o.bases + 4 * j * o.n_bins, o.n_bins), g[j]
        for f in range(o.n_bins):
            out[f] += weight * row[f]


@realtime("void(int64, int64, int64, int64)")
def update_own(own: int, q: int, gain: int, exponent: int) -> None:
    """d = min(g (gain B q / B 1)^exponent, `OWN_MOST`) + `OWN_LEAST`. [audio-thread]

    Parameters
    ----------
    own : int64
        Address of an `OWN` record.
    q : int64
        Address of float32[F].
    gain, exponent : int64
        Addresses of float32[J].
    """
    o = carray(as_pointer(own), (1,), OWN)[0]
    sums, x = floats(o.sums, o.n_own), floats(q, o.n_bins)
    g, d, c, e = floats(o.start, o.n_own), floats(o.d, o.n_own), floats(gain, o.n_own), floats(exponent, o.n_own)
    for j in range(o.n_own):
        row, total = floats(o.bases + 4 * j * o.n_bins, o.n_bins), LEAST
        for f in range(o.n_bins):
            total += row[f] * x[f]
        d[j] = min(g[j] * powered(total / sums[j], c[j], e[j]), OWN_MOST) + OWN_LEAST


@realtime("void(int64, int64, int64, int64, int64)")
def read_part(w: int, n_bins: int, n_bases: int, h: int, part: int) -> None:
    """part = W h: what one source holds of the column. [audio-thread]

    Parameters
    ----------
    w : int64
        Address of the source's read-out, float32[F, R_l], laid out as for `ratios`.
    n_bins, n_bases : int64
        F and R_l, padded.
    h, part : int64
        Addresses of float32[R_l], and of float32[F], written.
    """
    out = floats(part, n_bins)
    for f in range(0, n_bins, ROWS):
        p0, p1, p2, p3 = dot_rows(w, n_bases, h)
        out[f] = p0
        if f + 1 < n_bins:
            out[f + 1] = p1
        if f + 2 < n_bins:
            out[f + 2] = p2
        if f + 3 < n_bins:
            out[f + 3] = p3
        w += 4 * ROWS * n_bases


@realtime("void(int64, int64, int64, int64)")
def read_own(own: int, weights: int, speech: int, noise: int) -> None:
    """Add what the own bases hold to the parts of both sources. [audio-thread]

    Parameters
    ----------
    own : int64
        Address of an `OWN` record.
    weights : int64
        Address of float32[J].
    speech, noise : int64
        Addresses of float32[F].
    """
    o = carray(as_pointer(own), (1,), OWN)[0]
    d, factor, of_speech = floats(o.d, o.n_own), floats(weights, o.n_own), floats(o.speech, o.n_own)
    for j in range(o.n_own):
        row, weight = floats(o.bases + 4 * j * o.n_bins, o.n_bins), d[j] * factor[j]
        part = floats(speech if of_speech[j] > ZERO else noise, o.n_bins)
        for f in range(o.n_bins):
            part[f] += weight * row[f]


@realtime("void(int64, int64, int64, int64, int64, int64, int64)")
def share(speech: int, noise: int, v: int, follow: int, slope: int, n_bins: int, mask: int) -> None:
    """mask = sigmoid(slope (log s / n + follow log v / (s + n))). [audio-thread]

    Parameters
    ----------
    speech, noise, v : int64
        Addresses of float32[F]: the parts of both sources, and the column.
    follow, slope : int64
        Addresses of float32[F].
    n_bins : int64
        F.
    mask : int64
        Address of float32[F], written, in [0, 1].
    """
    s, n, x = floats(speech, n_bins), floats(noise, n_bins), floats(v, n_bins)
    gamma, q, out = floats(follow, n_bins), floats(slope, n_bins), floats(mask, n_bins)
    for f in range(n_bins):
        ratio = log((s[f] + EPSILON) / (n[f] + EPSILON))
        rest = log((x[f] + EPSILON) / (s[f] + n[f] + EPSILON))
        out[f] = ONE / (ONE + exp(-q[f] * (ratio + gamma[f] * rest)))


@realtime("void(int64, int64)")
def sum_own(own: int, j: int) -> None:
    """Write down the sum of own basis j, which has changed. [audio-thread]

    In a loop of its own: where sums and stores share one, their order, and the last bit, depend on the addresses.
    """
    o = carray(as_pointer(own), (1,), OWN)[0]
    row, total = floats(o.bases + 4 * j * o.n_bins, o.n_bins), OWN_SUM
    for f in range(o.n_bins):
        total += row[f]
    floats(o.sums, o.n_own)[j] = total


@realtime("void(int64, int64, int64, int64, int64, float32)")
def follow_sources(own: int, first: int, rates: int, v: int, mask: int, least_rate: np.float32) -> None:
    """Let the own bases from `first` on follow their source's share of the column, or its floor. [audio-thread]

    Parameters
    ----------
    own : int64
        Address of an `OWN` record.
    first : int64
        The first basis that follows; those before it are given by others.
    rates : int64
        Address of float32[J]: share of the new column; where a floor falls, that of the record counts.
    v, mask : int64
        Addresses of float32[F].
    least_rate : float32
        Of all bases, while the stream is young.
    """
    o = carray(as_pointer(own), (1,), OWN)[0]
    rate, of_speech, falls = floats(rates, o.n_own), floats(o.speech, o.n_own), floats(o.fall, o.n_own)
    x, m = floats(v, o.n_bins), floats(mask, o.n_bins)
    for j in range(first, o.n_own):
        row, z = floats(o.bases + 4 * j * o.n_bins, o.n_bins), max(rate[j], least_rate)
        if falls[j] > ZERO:
            quick = max(falls[j], least_rate)
            for f in range(o.n_bins):
                row[f] += (z if x[f] > row[f] else quick) * (x[f] - row[f])
        else:
            for f in range(o.n_bins):
                heard = x[f] * m[f] if of_speech[j] > ZERO else x[f] * (ONE - m[f])
                row[f] += z * (heard - row[f])
        sum_own(own, j)
