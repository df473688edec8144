"""The heart: non-negative matrix factorisation unfolded into layers (Hershey, Le Roux and Weninger 2014).

One column at a time, generalised Kullback-Leibler divergence. The paper's letters:

    m  (D,)   stacked mixture magnitudes, D = F * T: T columns of F bins, the current one last
    W  (D,R)  the bases of one layer, the speech bases first        h  (R,)  their activations
    mu        sparsity of one layer

    h^0 = 1                                                                   start
    h^{k+1} = h^k o [W^k' (m / (W^k h^k))] / (W^k' 1 + mu^k)                  layer k
    mask_k = W_speech h_speech / (W h)   over the current column              read-out after k layers

A layer whose W has only F rows sees the current column alone. With a choice of bases (`network.choose`) they stand for
the speech in the read-out; there that is what `network` defines. Sizes are values, so no model ever compiles
anything. Audio thread; `network` on the main thread.
"""

from collections.abc import Sequence

import numpy as np
from numba import carray
from numpy.typing import NDArray

from realtime.base.handover import WORDS, offer, take
from realtime.base.intrinsics import as_pointer, floats, integers
from realtime.base.memory import State, aligned
from realtime.base.safety import realtime, realtime_callback
from realtime.base.units import FLOOR
from realtime.base.vectors import LANES, ROWS, add_and_dot_rows, dot_rows
from realtime.networks.network import INFER_SIGNATURE, MAX_TAPS, NETWORK, network_record

Floats = NDArray[np.float32]

_FLOOR = np.float32(FLOOR)

BANK = np.dtype(
    [
        ("n_rows", np.int64),  # int64[K]: D of each layer
        ("weights", np.int64),  # int64[K]: addresses of W^k, float32[D_k, R], rows padded
        ("scales", np.int64),  # int64[K]: addresses of 1 / (W^k' 1 + mu^k), float32[R]
        ("readouts", np.int64),  # int64[K + 1]: addresses of the read-out after k layers, float32[F, R]
    ],
    align=True,
)
"""Every matrix of a network. Another bank of the same shape may take its place while sound runs."""

NMF = np.dtype(
    [
        ("banks", np.int64),  # int64[WORDS]: of a BANK
        ("n_bases", np.int64),  # R, padded
        ("speech", np.int64),  # float32[R]: 1 for bases of speech
        ("h", np.int64),  # float32[R]
        ("sums", np.int64),  # float32[R]
    ],
    align=True,
)


def _padded_bases(n_bases: int) -> int:
    return -(-n_bases // LANES) * LANES


def _padded(matrix: Floats, n_bases: int) -> Floats:
    n_rows, n_real = matrix.shape
    padded = aligned((-(-n_rows // ROWS) * ROWS, n_bases))
    padded[:n_rows, :n_real] = matrix
    return padded


def bank(layers: Sequence[Floats], readouts: Sequence[Floats], sparsity: Sequence[float]) -> State:
    """Lay the matrices of a network out for the audio thread. [thread-safe]

    Parameters
    ----------
    layers : sequence of float32 (D or F, R)
        W^k; tied layers pass the same array and share its memory.
    readouts : sequence of float32 (F, R)
        One, or one for every depth 0 to K.
    sparsity : sequence of float
        mu^k >= 0 of every layer.
    """
    n_real = readouts[0].shape[1]
    n_bases = _padded_bases(n_real)
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
    made = State(
        BANK,
        n_rows=np.array([len(matrix) for matrix in layers], np.int64),
        weights=np.array([laid[id(matrix)].ctypes.data for matrix in layers], np.int64),
        scales=np.array([scale.ctypes.data for scale in scales], np.int64),
        readouts=np.array([laid[id(matrix)].ctypes.data for matrix in by_depth], np.int64),
    )
    made.keep["matrices"] = (laid, scales)
    return made


def network(
    layers: Sequence[Floats], readouts: Sequence[Floats], sparsity: Sequence[float], n_inputs: int, n_speech: int
) -> State:
    """Return a network with its first bank; parameters as for `bank`. [main-thread]

    Parameters
    ----------
    n_inputs : int
        D.
    n_speech : int
        How many of the R bases, from the first, are speech.
    """
    n_bins, n_real = readouts[0].shape
    n_bases = _padded_bases(n_real)
    speech = aligned(n_bases)
    speech[:n_speech] = 1
    arrays = State(
        NMF,
        banks=aligned(WORDS, np.int64),
        n_bases=n_bases,
        speech=speech,
        h=aligned(n_bases),
        sums=aligned(n_bases),
    )
    made = network_record(infer, arrays, len(layers), n_bins, n_inputs, n_real)
    made.put("activations", arrays.keep["h"])
    use_bank(made, bank(layers, readouts, sparsity))
    return made


def use_bank(network: State, made: State) -> None:
    """Let a network use another bank of the same shape from its next column on. [thread-safe]

    Called by one thread at a time. The bank used so far is kept beside the new one.
    """
    banks = network.keep["arrays"].keep["banks"]
    network.keep["bank"] = (network.keep.get("bank", (None, None))[-1], made)
    offer(banks, made.address)


@realtime("void(int64, int64, int64, int64, int64, int64, int64)")
def layer(w: int, m: int, n_rows: int, n_bases: int, h: int, sums: int, scale: int) -> None:
    """One multiplicative update of the activations, reading every weight once from memory. [audio-thread]

    `ROWS` rows at a time: while their share W' (m / Wh) is added from the nearest cache, Wh of the next rows
    is gathered, so that fetching and computing overlap.

    Parameters
    ----------
    w : int64
        Address of W, float32[D, R], row-major; R a multiple of `LANES`, rows of zero up to a multiple of `ROWS`.
    m : int64
        Address of the magnitudes, float32[D].
    n_rows, n_bases : int64
        D and R.
    h : int64
        Address of the activations, float32[R]; updated.
    sums : int64
        Address of scratch for W' (m / Wh), float32[R].
    scale : int64
        Address of 1 / (W' 1 + mu), float32[R].
    """
    magnitudes, totals = floats(m, n_rows), floats(sums, n_bases)
    activations, scales = floats(h, n_bases), floats(scale, n_bases)
    zero = np.float32(0)
    for r in range(n_bases):
        totals[r] = zero
    step = 4 * ROWS * n_bases
    last = w + 4 * n_bases * ((n_rows - 1) // ROWS * ROWS)
    s0, s1, s2, s3 = dot_rows(w, n_bases, h)
    for d in range(0, n_rows, ROWS):
        q0 = magnitudes[d] / max(s0, _FLOOR)
        q1 = magnitudes[d + 1] / max(s1, _FLOOR) if d + 1 < n_rows else zero
        q2 = magnitudes[d + 2] / max(s2, _FLOOR) if d + 2 < n_rows else zero
        q3 = magnitudes[d + 3] / max(s3, _FLOOR) if d + 3 < n_rows else zero
        s0, s1, s2, s3 = add_and_dot_rows(w, min(w + step, last), n_bases, h, sums, q0, q1, q2, q3)
        w += step
    for r in range(n_bases):
        activations[r] *= totals[r] * scales[r]


@realtime("void(int64, int64, int64, int64, int64, int64, int64)")
def readout(w: int, n_bins: int, n_bases: int, choice: int, h: int, scratch: int, heard: int) -> None:
    """The Wiener-like mask: the chosen bases' share of the model, per bin. [audio-thread]

    Parameters
    ----------
    w : int64
        Address of the read-out matrix, float32[F, R], laid out as for `layer`.
    n_bins, n_bases : int64
        F and R.
    choice : int64
        Address of float32[R], 1 for the bases that are kept, 0 for the others.
    h : int64
        Address of the activations, float32[R].
    scratch : int64
        Address of float32[R].
    heard : int64
        Address of the mask, float32[F], written here, in [0, 1]. Where the model holds nothing at all it is 0.
    """
    activations, kept, mask = floats(h, n_bases), floats(scratch, n_bases), floats(heard, n_bins)
    chosen = floats(choice, n_bases)
    for r in range(n_bases):
        kept[r] = activations[r] if chosen[r] > np.float32(0) else np.float32(0)
    for f in range(0, n_bins, ROWS):
        p0, p1, p2, p3 = dot_rows(w, n_bases, scratch)
        s0, s1, s2, s3 = dot_rows(w, n_bases, h)
        mask[f] = p0 / max(s0, _FLOOR)
        if f + 1 < n_bins:
            mask[f + 1] = p1 / max(s1, _FLOOR)
        if f + 2 < n_bins:
            mask[f + 2] = p2 / max(s2, _FLOOR)
        if f + 3 < n_bins:
            mask[f + 3] = p3 / max(s3, _FLOOR)
        w += 4 * ROWS * n_bases


@realtime_callback(INFER_SIGNATURE)
def infer(address: int, stack: int, depth: int, heard: int) -> None:
    """Run the layers over one column and read masks out. [audio-thread]

    Parameters
    ----------
    address : int64
        Of a `NETWORK` record; its taps receive the masks after their own depths.
    stack : int64
        Address of m, float32[D]: stacked magnitudes, the current column last.
    depth : int64
        Layers before the mask that is heard, 0 to K.
    heard : int64
        Address of float32[F], the mask, written here.
    """
    net = carray(as_pointer(address), (1,), NETWORK)[0]
    a = carray(as_pointer(net.arrays), (1,), NMF)[0]
    b = carray(as_pointer(take(a.banks)), (1,), BANK)[0]
    choice = take(net.choice)
    if choice == 0:
        choice = a.speech
    n_rows, weights = integers(b.n_rows, net.n_layers), integers(b.weights, net.n_layers)
    scales, readouts = integers(b.scales, net.n_layers), integers(b.readouts, net.n_layers + 1)
    h, taps = floats(a.h, a.n_bases), integers(net.taps, MAX_TAPS)
    deepest = depth
    for t in range(net.n_taps):
        deepest = max(deepest, taps[t])
    for r in range(a.n_bases):
        h[r] = np.float32(1)
    for k in range(deepest + 1):
        if k == depth:
            readout(readouts[k], net.n_bins, a.n_bases, choice, a.h, a.sums, heard)
        for t in range(net.n_taps):
            if k == taps[t]:
                mask = net.tap_masks + 4 * t * net.n_bins
                readout(readouts[k], net.n_bins, a.n_bases, choice, a.h, a.sums, mask)
        if k < deepest:
            current = stack + 4 * (net.n_inputs - n_rows[k])
            layer(weights[k], current, n_rows[k], a.n_bases, a.h, a.sums, scales[k])
