"""The layer kernel against two BLAS products per layer: single thread, float32, K tied layers on one column.

The peer is the line numpy users write, with every result in place, on the same machine's BLAS. Beside both stand the
machine's own peaks on one core: sgemm for arithmetic, sdot over the same number of bytes for reading them.
"""

import time
from collections.abc import Callable
from statistics import median

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from realtime.base.memory import State
from realtime.base.units import FLOOR
from realtime.networks.nmf import infer, network

Floats = NDArray[np.float32]

N_BINS, N_LAYERS, PAIRS, SECONDS = 257, 25, 5, 0.1
SIZES = ((100, 1), (100, 9), (128, 4), (200, 1), (200, 9), (1000, 1), (1000, 9))


def _seconds(work: Callable[[], object]) -> float:
    """Return how long one call takes, from as many calls as fill `SECONDS`."""
    n, took = 1, 0.0
    while took < SECONDS:
        began = time.perf_counter()
        for _ in range(n):
            work()
        took = time.perf_counter() - began
        n = max(2 * n, int(1.2 * n * SECONDS / max(took, 1e-6))) if took < SECONDS else n
    return took / n


def _problem(n_bases: int, context: int) -> tuple[Floats, Floats, State]:
    rng = np.random.default_rng(n_bases + context)
    w = rng.uniform(0.05, 1, (N_BINS * context, n_bases)).astype(np.float32)
    m = rng.uniform(0.05, 1, N_BINS * context).astype(np.float32)
    net = network([w] * N_LAYERS, [np.ascontiguousarray(w[-N_BINS:])], [1.0] * N_LAYERS, len(w), n_bases // 2)
    return w, m, net


def _blas(w: Floats, m: Floats) -> Callable[[], Floats]:
    """Return the peer: the layers and the read-out in numpy, with no allocation in the loop."""
    n_rows, n_bases = w.shape
    h, s, a = np.empty(n_bases, np.float32), np.empty(n_rows, np.float32), np.empty(n_bases, np.float32)
    scale = (1 / (w.sum(axis=0, dtype=np.float64) + 1)).astype(np.float32)
    current, n_speech = w[-N_BINS:], n_bases // 2

    def run() -> Floats:
        h[:] = 1
        for _ in range(N_LAYERS):
            np.dot(w, h, out=s)
            np.maximum(s, FLOOR, out=s)
            np.divide(m, s, out=s)
            np.dot(s, w, out=a)
            np.multiply(a, scale, out=a)
            np.multiply(h, a, out=h)
        mask: Floats = current[:, :n_speech] @ h[:n_speech] / (current @ h)
        return mask

    return run


def _row(n_bases: int, context: int) -> str:
    w, m, net = _problem(n_bases, context)
    mask = np.empty(N_BINS, np.float32)
    peer = _blas(w, m)

    def ours() -> None:
        infer.ctypes(net.address, m.ctypes.data, N_LAYERS, mask.ctypes.data)

    ours()
    if not np.allclose(mask, peer(), atol=1e-5):
        raise AssertionError(f"R={n_bases}, T={context}: the kernel and BLAS disagree")
    flat = w.ravel()
    pairs = [(_seconds(ours), _seconds(peer), _seconds(lambda: np.dot(flat, flat))) for _ in range(PAIRS)]
    kernel, blas, reading = (median(column) for column in zip(*pairs, strict=True))
    ratio = median(b / k for k, b, _ in pairs)
    flops, n_bytes = 4 * w.size * N_LAYERS, w.nbytes * N_LAYERS
    return (
        f"| {n_bases} | {context} | {w.nbytes / 2**20:.2f} | {1e6 * kernel / N_LAYERS:.1f} | "
        f"{1e6 * blas / N_LAYERS:.1f} | **{ratio:.2f}** | {flops / kernel / 1e9:.0f} | "
        f"{n_bytes / kernel / 1e9:.0f} | {w.nbytes / reading / 1e9:.0f} |"
    )


def run() -> str:
    """Return the section for the page of results."""
    with threadpool_limits(1):
        square = np.ones((1024, 1024), np.float32)
        peak = 2 * 1024**3 / _seconds(lambda: square @ square) / 1e9
        rows = [_row(*size) for size in SIZES]
    return "\n".join(
        [
            "## The layer kernel against BLAS",
            "",
            f"One column of {N_BINS} bins through {N_LAYERS} tied layers and the read-out, float32, one thread;",
            f"T columns of context, R bases; median of {PAIRS} pairs. The peer runs two BLAS products (numpy) a layer,",
            f"in place. The machine's own peaks on this core: {peak:.0f} GFLOP/s (sgemm, 1024 x 1024); the last column",
            "reads the same bytes with sdot.",
            "",
            "| R | T | W, MiB | kernel, us/layer | BLAS, us/layer | times faster | GFLOP/s | GB/s | sdot, GB/s |",
            "|---|---|---|---|---|---|---|---|---|",
            *rows,
            "",
            "The bound is reading W: the kernel takes about as long as sdot takes to read the same bytes once, where",
            "two products read them twice. What is left to gain is in W alone: fewer rows, bases or bytes a weight.",
            "",
        ]
    )
