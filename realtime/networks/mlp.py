"""The conventional network that the unfolded one is measured against: dense sigmoid layers, all the way to a mask.

    v = (m^p - mean) / deviation      m (D,): stacked magnitudes, p < 1 compresses them, both normalisers (D,)
    v = sigmoid(W v + b)              every layer; the last one has F rows: the mask

It has one depth: 0 layers leave the input as it is. Source: Weninger, Hershey, Le Roux and Schuller, "Discriminatively
trained recurrent neural networks for single-channel speech separation", GlobalSIP 2014 (its feed-forward baseline).
Audio thread; `network` on the main thread.
"""

from collections.abc import Sequence

import numpy as np
from numba import carray
from numpy.typing import NDArray

from realtime.base.intrinsics import as_pointer, floats, integers
from realtime.base.memory import State, aligned
from realtime.base.safety import realtime, realtime_callback
from realtime.base.vectors import LANES, ROWS, dot_rows
from realtime.networks.network import INFER_SIGNATURE, MAX_TAPS, NETWORK, network_record

Floats = NDArray[np.float32]

MLP = np.dtype(
    [
        ("n_dense", np.int64),
        ("widths", np.int64),  # int64[n_dense + 1]: D, then the rows of every layer
        ("strides", np.int64),  # int64[n_dense + 1]: the same, padded
        ("weights", np.int64),  # int64[n_dense]: addresses of float32[rows, stride]
        ("biases", np.int64),  # int64[n_dense]: addresses of float32[rows]
        ("exponent", np.float32),
        ("mean", np.int64),  # float32[D]
        ("scale", np.int64),  # float32[D]: 1 / deviation
        ("v", np.int64),  # float32[widest]
        ("next_v", np.int64),
    ],
    align=True,
)


def _up(n: int, multiple: int) -> int:
    return -(-n // multiple) * multiple


def network(
    weights: Sequence[Floats], biases: Sequence[Floats], exponent: float, mean: Floats, deviation: Floats
) -> State:
    """Lay a network out for the audio thread. [main-thread]

    Parameters
    ----------
    weights : sequence of float32 (n_out, n_in)
        The first has D columns, the last F rows.
    biases : sequence of float32 (n_out,)
        One per layer.
    exponent : float
        p, in (0, 1].
    mean, deviation : float32 (D,)
        Of m^p over the training data; deviation > 0.
    """
    widths = [weights[0].shape[1], *(len(w) for w in weights)]
    strides = [_up(n, LANES) for n in widths]
    laid = []
    for w in weights:
        matrix = aligned((_up(len(w), ROWS), _up(w.shape[1], LANES)))
        matrix[: len(w), : w.shape[1]] = w
        laid.append(matrix)
    kept = [np.ascontiguousarray(b, np.float32) for b in biases]
    arrays = State(
        MLP,
        n_dense=len(weights),
        widths=np.array(widths, np.int64),
        strides=np.array(strides, np.int64),
        weights=np.array([w.ctypes.data for w in laid], np.int64),
        biases=np.array([b.ctypes.data for b in kept], np.int64),
        exponent=exponent,
        mean=np.ascontiguousarray(mean, np.float32),
        scale=np.ascontiguousarray(1 / deviation, np.float32),
        v=aligned(max(strides)),
        next_v=aligned(max(strides)),
    )
    arrays.keep["matrices"] = (laid, kept)
    return network_record(infer, arrays, 1, widths[-1], widths[0])


@realtime("float32(float32)")
def _sigmoid(z: np.float32) -> np.float32:
    """1 / (1 + e^-z). [audio-thread]"""
    return np.float32(1) / (np.float32(1) + np.exp(-z))


@realtime("void(int64, int64, int64, int64, int64, int64)")
def dense(w: int, bias: int, x: int, y: int, n_rows: int, stride: int) -> None:
    """y = sigmoid(W x + b). [audio-thread]

    Parameters
    ----------
    w : int64
        Address of W, float32[n_rows up to a multiple of `ROWS`, stride].
    bias : int64
        Address of float32[n_rows].
    x, y : int64
        Addresses of float32[stride], read, and of float32[n_rows], written.
    n_rows, stride : int64
        Rows of W; its padded columns, a multiple of `LANES`.
    """
    biases, out = floats(bias, n_rows), floats(y, n_rows)
    for i in range(0, n_rows, ROWS):
        z0, z1, z2, z3 = dot_rows(w + 4 * i * stride, stride, x)
        out[i] = _sigmoid(z0 + biases[i])
        if i + 1 < n_rows:
            out[i + 1] = _sigmoid(z1 + biases[i + 1])
        if i + 2 < n_rows:
            out[i + 2] = _sigmoid(z2 + biases[i + 2])
        if i + 3 < n_rows:
            out[i + 3] = _sigmoid(z3 + biases[i + 3])


@realtime("void(int64, int64)")
def _run_layers(address: int, stack: int) -> None:
    """Run every layer over one column; the mask is left in `v`. [audio-thread]"""
    a = carray(as_pointer(address), (1,), MLP)[0]
    widths, strides = integers(a.widths, a.n_dense + 1), integers(a.strides, a.n_dense + 1)
    weights, biases = integers(a.weights, a.n_dense), integers(a.biases, a.n_dense)
    m, mean, scale = floats(stack, widths[0]), floats(a.mean, widths[0]), floats(a.scale, widths[0])
    v = floats(a.v, strides[0])
    for d in range(widths[0]):
        v[d] = (m[d] ** a.exponent - mean[d]) * scale[d]
    for d in range(widths[0], strides[0]):
        v[d] = 0
    for i in range(a.n_dense):
        dense(weights[i], biases[i], a.v, a.next_v, widths[i + 1], strides[i])
        made = floats(a.next_v, strides[i + 1])
        for d in range(widths[i + 1], strides[i + 1]):
            made[d] = 0
        a.v, a.next_v = a.next_v, a.v


@realtime_callback(INFER_SIGNATURE)
def infer(address: int, stack: int, depth: int, heard: int) -> None:
    """Run the layers over one column and read the mask out, heard and tapped. [audio-thread]"""
    net = carray(as_pointer(address), (1,), NETWORK)[0]
    _run_layers(net.arrays, stack)
    a = carray(as_pointer(net.arrays), (1,), MLP)[0]
    made, mask = floats(a.v, net.n_bins), floats(heard, net.n_bins)
    taps, tap_masks = integers(net.taps, MAX_TAPS), floats(net.tap_masks, MAX_TAPS * net.n_bins)
    one = np.float32(1)
    for f in range(net.n_bins):
        mask[f] = made[f] if depth > 0 else one
    for t in range(net.n_taps):
        for f in range(net.n_bins):
            tap_masks[t * net.n_bins + f] = made[f] if taps[t] > 0 else one
