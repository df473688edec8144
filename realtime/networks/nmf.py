"""The heart: non-negative matrix factorisation unfolded into layers (Hershey, Le Roux and Weninger 2014).

One column at a time, generalised Kullback-Leibler divergence. The paper's letters:

    m  (D,)   stacked mixture magnitudes, D = F * T: T columns of F bins, the current one last
    W  (D,R)  the bases of one layer, the speech bases first        h  (R,)  their activations
    mu        sparsity of one layer

    h^0 = 1                                                                   start
    h^{k+1} = h^k o [W^k' (m / (W^k h^k))] / (W^k' 1 + mu^k)                  layer k
    mask_k = W_speech h_speech / (W h)   over the current column              read-out after k layers

A layer whose W has only F rows sees the current column alone. Sizes are values, so no model ever compiles
anything. Audio thread; `network` on the main thread.
"""

from collections.abc import Sequence

import numpy as np
from numba import carray
from numpy.typing import NDArray

from realtime.base.intrinsics import as_pointer, floats, integers
from realtime.base.memory import State, aligned
from realtime.base.safety import realtime
from realtime.base.units import FLOOR

Floats = NDArray[np.float32]

MAX_TAPS = 8
LANES = 16
"""R is padded to a multiple of this with bases of zero: whole vector registers, no loop remainders."""

_FLOOR = np.float32(FLOOR)

NMF = np.dtype(
    [
        ("n_layers", np.int64),  # K
        ("n_bins", np.int64),  # F
        ("n_inputs", np.int64),  # D
        ("n_bases", np.int64),  # R, padded
        ("n_speech", np.int64),
        ("n_rows", np.int64),  # int64[K]: D of each layer
        ("weights", np.int64),  # int64[K]: addresses of W^k, float32[D_k * R]
        ("scales", np.int64),  # int64[K]: addresses of 1 / (W^k' 1 + mu^k), float32[R]
        ("readouts", np.int64),  # int64[K + 1]: addresses of the read-out after k layers, float32[F * R]
        ("h", np.int64),  # float32[R]
        ("sums", np.int64),  # float32[R]
        ("n_taps", np.int64),
        ("taps", np.int64),  # int64[MAX_TAPS]: depths to read out besides the one heard
        ("tap_masks", np.int64),  # float32[MAX_TAPS * F]
    ],
    align=True,
)


def _padded(matrix: Floats, n_bases: int) -> Floats:
    padded = aligned((matrix.shape[0], n_bases))
    padded[:, : matrix.shape[1]] = matrix
    return padded


def network(
    layers: Sequence[Floats], readouts: Sequence[Floats], sparsity: Sequence[float], n_inputs: int, n_speech: int
) -> State:
    """Lay a network out for the audio thread. [main-thread]

    Parameters
    ----------
    layers : sequence of float32 (D or F, R)
        W^k; tied layers pass the same array and share its memory.
    readouts : sequence of float32 (F, R)
        One, or one for every depth 0 to K.
    sparsity : sequence of float
        mu^k >= 0 of every layer.
    n_inputs : int
        D.
    n_speech : int
        How many of the R bases, from the first, are speech.
    """
    n_bins, n_real = readouts[0].shape
    n_bases = -(-n_real // LANES) * LANES
    laid: dict[int, Floats] = {}
    for matrix in (*layers, *readouts):
        if id(matrix) not in laid:
            laid[id(matrix)] = _padded(matrix, n_bases)
    scales = []
    for matrix, mu in zip(layers, sparsity, strict=True):
        sums = matrix.sum(axis=0, dtype=np.float64) + mu
        scale = aligned(n_bases)
        scale[:n_real] = 1 / np.maximum(sums, FLOOR)
        scales.append(scale)
    by_depth = list(readouts) if len(readouts) > 1 else list(readouts) * (len(layers) + 1)
    state = State(
        NMF,
        n_layers=len(layers),
        n_bins=n_bins,
        n_inputs=n_inputs,
        n_bases=n_bases,
        n_speech=n_speech,
        n_rows=np.array([len(matrix) for matrix in layers], np.int64),
        weights=np.array([laid[id(matrix)].ctypes.data for matrix in layers], np.int64),
        scales=np.array([scale.ctypes.data for scale in scales], np.int64),
        readouts=np.array([laid[id(matrix)].ctypes.data for matrix in by_depth], np.int64),
        h=aligned(n_bases),
        sums=aligned(n_bases),
        taps=aligned(MAX_TAPS, np.int64),
        tap_masks=aligned(MAX_TAPS * n_bins),
    )
    state.keep["matrices"] = (laid, scales)
    return state


@realtime("void(float32[::1], float32[::1], float32[::1], float32[::1], float32[::1])")
def layer(w: Floats, m: Floats, h: Floats, sums: Floats, scale: Floats) -> None:
    """One multiplicative update of the activations, reading every weight once from memory. [audio-thread]

    Four rows at a time: while their share W' (m / Wh) is added from the nearest cache, the next four
    rows' Wh is gathered, so that fetching and computing overlap.

    Parameters
    ----------
    w : float32[D * R]
        W, row-major, R a multiple of `LANES`.
    m : float32[D]
        Magnitudes.
    h : float32[R]
        Activations; updated.
    sums : float32[R]
        Scratch for W' (m / Wh).
    scale : float32[R]
        1 / (W' 1 + mu).
    """
    n_bases, n_rows = h.size, m.size
    zero = np.float32(0)
    s0, s1, s2, s3 = zero, zero, zero, zero
    n_fours = n_rows // 4 * 4
    first, second, third, fourth = w[:n_bases], w[n_bases:], w[2 * n_bases :], w[3 * n_bases :]
    for r in range(n_bases):
        sums[r] = zero
    if n_fours:
        for r in range(n_bases):
            s0 += first[r] * h[r]
            s1 += second[r] * h[r]
            s2 += third[r] * h[r]
            s3 += fourth[r] * h[r]
    for d in range(0, n_fours, 4):
        q0, q1 = m[d] / max(s0, _FLOOR), m[d + 1] / max(s1, _FLOOR)
        q2, q3 = m[d + 2] / max(s2, _FLOOR), m[d + 3] / max(s3, _FLOOR)
        here, there = d * n_bases, min(d + 4, n_fours - 4) * n_bases
        a0, a1 = w[here : here + n_bases], w[here + n_bases : here + 2 * n_bases]
        a2, a3 = w[here + 2 * n_bases : here + 3 * n_bases], w[here + 3 * n_bases : here + 4 * n_bases]
        b0, b1 = w[there : there + n_bases], w[there + n_bases : there + 2 * n_bases]
        b2, b3 = w[there + 2 * n_bases : there + 3 * n_bases], w[there + 3 * n_bases : there + 4 * n_bases]
        s0, s1, s2, s3 = zero, zero, zero, zero
        for r in range(n_bases):
            hr = h[r]
            s0 += b0[r] * hr
            s1 += b1[r] * hr
            s2 += b2[r] * hr
            s3 += b3[r] * hr
            sums[r] += a0[r] * q0 + a1[r] * q1 + a2[r] * q2 + a3[r] * q3
    for d in range(n_fours, n_rows):
        row = w[d * n_bases : (d + 1) * n_bases]
        s0 = zero
        for r in range(n_bases):
            s0 += row[r] * h[r]
        q0 = m[d] / max(s0, _FLOOR)
        for r in range(n_bases):
            sums[r] += row[r] * q0
    for r in range(n_bases):
        h[r] *= sums[r] * scale[r]


@realtime("void(float32[::1], float32[::1], int64, float32[::1])")
def readout(w: Floats, h: Floats, n_speech: int, mask: Floats) -> None:
    """The Wiener-like mask: the speech bases' share of the model, per bin. [audio-thread]

    Parameters
    ----------
    w : float32[F * R]
        The read-out matrix, row-major.
    h : float32[R]
        Activations.
    n_speech : int64
        Speech bases.
    mask : float32[F]
        Written here, in [0, 1]. Where the model holds nothing at all the mask is 0.
    """
    n_bases = h.size
    for f in range(mask.size):
        row = w[f * n_bases : (f + 1) * n_bases]
        speech, noise = np.float32(0), np.float32(0)
        for r in range(n_speech):
            speech += row[r] * h[r]
        for r in range(n_speech, n_bases):
            noise += row[r] * h[r]
        mask[f] = speech / max(speech + noise, _FLOOR)


@realtime("void(int64, int64, int64, int64)")
def infer(address: int, stack: int, depth: int, heard: int) -> None:
    """Run the layers over one column and read masks out. [audio-thread]

    Parameters
    ----------
    address : int64
        Of an `NMF` record; its taps receive the masks after their own depths.
    stack : int64
        Address of m, float32[D]: stacked magnitudes, the current column last.
    depth : int64
        Layers before the mask that is heard, 0 to K.
    heard : int64
        Address of float32[F], the mask, written here.
    """
    net = carray(as_pointer(address), (1,), NMF)[0]
    m, mask = floats(stack, net.n_inputs), floats(heard, net.n_bins)
    h, sums = floats(net.h, net.n_bases), floats(net.sums, net.n_bases)
    n_rows, weights = integers(net.n_rows, net.n_layers), integers(net.weights, net.n_layers)
    scales, readouts = integers(net.scales, net.n_layers), integers(net.readouts, net.n_layers + 1)
    taps, tap_masks = integers(net.taps, MAX_TAPS), floats(net.tap_masks, MAX_TAPS * net.n_bins)
    deepest = depth
    for t in range(net.n_taps):
        deepest = max(deepest, taps[t])
    for r in range(net.n_bases):
        h[r] = np.float32(1)
    for k in range(deepest + 1):
        w = floats(readouts[k], net.n_bins * net.n_bases)
        if k == depth:
            readout(w, h, net.n_speech, mask)
        for t in range(net.n_taps):
            if k == taps[t]:
                readout(w, h, net.n_speech, tap_masks[t * net.n_bins : (t + 1) * net.n_bins])
        if k < deepest:
            d = n_rows[k]
            w = floats(weights[k], d * net.n_bases)
            layer(w, m[net.n_inputs - d :], h, sums, floats(scales[k], net.n_bases))
