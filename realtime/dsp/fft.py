"""Real FFT of any even size with small factors: float32, nothing allocated.

A Stockham autosort FFT of half the size (radix 4, and any small prime) and the split that turns it into a real one.
Sizes are values, never types: one compiled function serves every sample rate. Audio thread; `plan` on the main.
"""

import numpy as np
from numba import carray
from numpy.typing import NDArray

from realtime.base.intrinsics import as_pointer, floats, integers
from realtime.base.memory import State, aligned
from realtime.base.safety import realtime

Floats = NDArray[np.float32]

PLAN = np.dtype(
    [
        ("n", np.int64),  # real samples, even
        ("n_stages", np.int64),
        ("radices", np.int64),  # int64[n_stages]
        ("roots", np.int64),  # float32[2 * n/2]: cos, sin of -2 pi j / (n/2)
        ("turns", np.int64),  # float32[2 * (n/2 + 1)]: cos, sin of -2 pi k / n
        ("work", np.int64),  # float32[4 * n/2]: two complex buffers, each re then im
    ],
    align=True,
)
FACTORS = (4, 2, 3, 5, 7, 11, 13)


def factorise(n: int) -> list[int] | None:
    """Return n as a product of `FACTORS`, or None where it is not one. [thread-safe]"""
    factors = []
    for factor in FACTORS:
        while n % factor == 0:
            factors.append(factor)
            n //= factor
    return factors if n == 1 else None


def plan(n: int) -> State:
    """Return the tables of a real FFT. [main-thread]

    Parameters
    ----------
    n : int
        Real samples: even, n/2 a product of `FACTORS`.
    """
    half = n // 2
    radices = factorise(half)
    if n % 2 or radices is None:
        raise ValueError(f"an FFT of {n} samples was asked for; the size must be even with factors of at most 13")
    angle = -2 * np.pi * np.arange(half) / half
    turn = -2 * np.pi * np.arange(half + 1) / n
    return State(
        PLAN,
        n=n,
        n_stages=len(radices),
        radices=np.array(radices, np.int64),
        roots=np.concatenate([np.cos(angle), np.sin(angle)]).astype(np.float32),
        turns=np.concatenate([np.cos(turn), np.sin(turn)]).astype(np.float32),
        work=aligned(4 * half),
    )


@realtime("void(float32[::1], float32[::1], int64, int64, int64, float32[::1])")
def _radix4(x: Floats, y: Floats, n: int, m: int, s: int, roots: Floats) -> None:
    """One Stockham stage of radix 4: m butterflies, stride s. [audio-thread]"""
    for j in range(m):
        w1r, w1i = roots[j * s], roots[n + j * s]
        w2r, w2i = roots[2 * j * s], roots[n + 2 * j * s]
        w3r, w3i = roots[3 * j * s], roots[n + 3 * j * s]
        for q in range(s):
            a = j * s + q
            b, c, d = a + m * s, a + 2 * m * s, a + 3 * m * s
            pr, pi, mr, mi = x[a] + x[c], x[n + a] + x[n + c], x[a] - x[c], x[n + a] - x[n + c]
            sr, si, tr, ti = x[b] + x[d], x[n + b] + x[n + d], x[b] - x[d], x[n + b] - x[n + d]
            o = 4 * j * s + q
            y[o], y[n + o] = pr + sr, pi + si
            ur, ui = mr + ti, mi - tr
            y[o + s], y[n + o + s] = ur * w1r - ui * w1i, ur * w1i + ui * w1r
            ur, ui = pr - sr, pi - si
            y[o + 2 * s], y[n + o + 2 * s] = ur * w2r - ui * w2i, ur * w2i + ui * w2r
            ur, ui = mr - ti, mi + tr
            y[o + 3 * s], y[n + o + 3 * s] = ur * w3r - ui * w3i, ur * w3i + ui * w3r


@realtime("void(int64, int64, int64, int64, int64, int64, int64)")
def _radix(source: int, target: int, n: int, r: int, m: int, s: int, root: int) -> None:
    """One Stockham stage of any radix r, by the defining sum; arrays by address, vectors of s. [audio-thread]"""
    roots = floats(root, 2 * n)
    for j in range(m):
        for k in range(r):
            out = target + 4 * (r * j + k) * s
            yr, yi = floats(out, s), floats(out + 4 * n, s)
            for p in range(r):
                turn = k * (j * s + p * (n // r)) % n
                wr, wi = roots[turn], roots[n + turn]
                run = source + 4 * (p * m + j) * s
                xr, xi = floats(run, s), floats(run + 4 * n, s)
                if p == 0:
                    for q in range(s):
                        yr[q], yi[q] = xr[q] * wr - xi[q] * wi, xr[q] * wi + xi[q] * wr
                else:
                    for q in range(s):
                        yr[q] += xr[q] * wr - xi[q] * wi
                        yi[q] += xr[q] * wi + xi[q] * wr


@realtime("int64(int64)")
def _transform(address: int) -> int:
    """Complex FFT of the first buffer of `work`; return where in `work` the result starts. [audio-thread]"""
    p = carray(as_pointer(address), (1,), PLAN)[0]
    n = p.n // 2
    work, roots, radices = floats(p.work, 4 * n), floats(p.roots, 2 * n), integers(p.radices, p.n_stages)
    here, there = 0, 2 * n
    left, stride = n, 1
    for i in range(p.n_stages):
        r = radices[i]
        if r == 4:
            _radix4(work[here : here + 2 * n], work[there : there + 2 * n], n, left // 4, stride, roots)
        else:
            _radix(p.work + 4 * here, p.work + 4 * there, n, r, left // r, stride, p.roots)
        left //= r
        stride *= r
        here, there = there, here
    return here


@realtime("void(int64, int64, int64, int64)")
def rfft(address: int, samples: int, real: int, imaginary: int) -> None:
    """Real forward FFT, unscaled. [audio-thread]

    Parameters
    ----------
    address : int64
        Of a `PLAN` record for n samples.
    samples : int64
        Address of float32[n]; kept.
    real, imaginary : int64
        Addresses of float32[n // 2 + 1]: the spectrum, written here.
    """
    p = carray(as_pointer(address), (1,), PLAN)[0]
    half, work, turns = p.n // 2, floats(p.work, 2 * p.n), floats(p.turns, p.n + 2)
    x, re, im = floats(samples, p.n), floats(real, p.n // 2 + 1), floats(imaginary, p.n // 2 + 1)
    for i in range(half):
        work[i], work[half + i] = x[2 * i], x[2 * i + 1]
    z = _transform(address)
    re[0], im[0] = work[z] + work[half + z], np.float32(0)
    re[half], im[half] = work[z] - work[half + z], np.float32(0)
    for k in range(1, half):
        a, b = z + k, z + half - k
        er, ei = np.float32(0.5) * (work[a] + work[b]), np.float32(0.5) * (work[half + a] - work[half + b])
        orr, oi = np.float32(0.5) * (work[half + a] + work[half + b]), np.float32(0.5) * (work[b] - work[a])
        wr, wi = turns[k], turns[half + 1 + k]
        re[k], im[k] = er + orr * wr - oi * wi, ei + orr * wi + oi * wr


@realtime("void(int64, int64, int64, int64)")
def irfft(address: int, real: int, imaginary: int, samples: int) -> None:
    """Inverse of `rfft`, scaled by 1/n. [audio-thread]

    Parameters
    ----------
    address : int64
        Of a `PLAN` record for n samples.
    real, imaginary : int64
        Addresses of float32[n // 2 + 1]: the spectrum; kept.
    samples : int64
        Address of float32[n], written here.
    """
    p = carray(as_pointer(address), (1,), PLAN)[0]
    half, work, turns = p.n // 2, floats(p.work, 2 * p.n), floats(p.turns, p.n + 2)
    x, re, im = floats(samples, p.n), floats(real, p.n // 2 + 1), floats(imaginary, p.n // 2 + 1)
    for k in range(half):
        er, ei = re[k] + re[half - k], im[k] - im[half - k]
        dr, di = re[k] - re[half - k], im[k] + im[half - k]
        wr, wi = turns[k], -turns[half + 1 + k]
        orr, oi = dr * wr - di * wi, dr * wi + di * wr
        # The inverse is the forward transform with real and imaginary parts exchanged on the way in and out.
        work[half + k], work[k] = er - oi, ei + orr
    z = _transform(address)
    scale = np.float32(1) / np.float32(p.n)
    for i in range(half):
        x[2 * i], x[2 * i + 1] = work[half + z + i] * scale, work[z + i] * scale
