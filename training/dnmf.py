"""Deep NMF in torch: function for function the mirror of realtime/networks/nmf, over many columns at once.

The papers' letters as there: W (D_k, R) bases, h (R, N) activations, m (D, N) stacked magnitudes, the current column
last, mu sparsity. Beyond the kernel: any beta-divergence (1 is Kullback-Leibler, the only one that runs live), and
any float type.
"""

from dataclasses import dataclass, replace

import torch

from realtime.base.units import FLOOR
from realtime.model import LEAST_WEIGHT, Model

Tensor = torch.Tensor


@dataclass(frozen=True)
class Network:
    """Matrices, and which of them is which layer's. K layers, then a read-out, or one after every depth 0 to K."""

    matrices: tuple[Tensor, ...]
    layers: tuple[int, ...]
    readouts: tuple[int, ...]
    sparsity: tuple[float, ...]
    n_speech: int
    beta: float = 1.0

    @property
    def n_layers(self) -> int:
        """K."""
        return len(self.layers)

    def readout_after(self, depth: int) -> int:
        """Return which matrix reads out after that many layers."""
        return self.readouts[depth] if len(self.readouts) > 1 else self.readouts[0]

    def with_matrices(self, matrices: tuple[Tensor, ...]) -> "Network":
        """Return the same network with other weights."""
        return replace(self, matrices=matrices)


def from_model(model: Model, dtype: torch.dtype = torch.float32) -> Network:
    """Return the network of a model file."""
    matrices = tuple(torch.from_numpy(w).to(dtype) for w in model.weights)
    return Network(matrices, model.layers, model.readouts, model.sparsity, model.sources[0][1])


def deep(
    w: Tensor,
    n_bins: int,
    n_layers: int,
    n_trained: int,
    n_speech: int,
    *,
    trained_rows: int | None = None,
    anytime: bool = False,
    sparsity: float = 0.0,
    beta: float = 1.0,
) -> Network:
    """Unfold a dictionary into K layers, the last of which have matrices of their own.

    Parameters
    ----------
    w : Tensor (D, R)
        The dictionary, speech bases first; every matrix starts as it or as its last rows.
    n_bins, n_layers, n_speech : int
        F, K, and how many bases are speech.
    n_trained : int
        C, 0 to K + 1: the read-out is the first, then layers K-1, K-2, ... 0.
    trained_rows : int or None
        Rows of the untied layers: None for the current column alone.
    anytime : bool
        Give every depth from the first untied layer on a read-out of its own.
    sparsity, beta : float
        mu of every layer, and the divergence.
    """
    n_tied = first_trained(n_layers, n_trained)
    w = w.clamp_min(LEAST_WEIGHT).contiguous()  # sums to the bit depend on the layout, also after a resume
    current, untied = w[-n_bins:], w[-(trained_rows or n_bins) :]
    matrices = [w] if n_tied else []
    layers = [0] * n_tied + [len(matrices) + i for i in range(n_layers - n_tied)]
    matrices += [untied.clone() for _ in range(n_layers - n_tied)]
    readouts = [len(matrices)]
    if anytime:
        shared = [len(matrices)] * n_tied
        own = len(matrices) + (1 if n_tied else 0)
        readouts = shared + [own + i for i in range(n_layers + 1 - n_tied)]
    matrices += [current.clone() for _ in set(readouts)]
    return Network(tuple(matrices), tuple(layers), tuple(readouts), (sparsity,) * n_layers, n_speech, beta)


def first_trained(n_layers: int, n_trained: int) -> int:
    """Return the depth at which training begins: K + 1 - C, and K for C = 0."""
    return n_layers + 1 - max(1, n_trained)


def power(x: Tensor, exponent: float) -> Tensor:
    """Return x ** exponent, without a call of pow where a division or nothing does."""
    if exponent == 0:
        return torch.ones_like(x)
    if exponent == 1:
        return x
    return 1 / x if exponent == -1 else x**exponent


def columns(stack: Tensor, n_rows: int) -> Tensor:
    """Return what a layer of so many rows sees of the stacked columns: the latest."""
    return stack[-n_rows:]


def terms(w: Tensor, m: Tensor, h: Tensor, mu: float, beta: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return L = W h, A = W' (m o L^(beta-2)) and B = W' L^(beta-1) + mu; for beta = 1, B is (R, 1)."""
    spectrum = (w @ h).clamp_min(FLOOR)
    a = w.T @ (m * power(spectrum, beta - 2))
    b = w.sum(0)[:, None] if beta == 1 else w.T @ power(spectrum, beta - 1)
    return spectrum, a, (b + mu).clamp_min(FLOOR)


def layer(w: Tensor, m: Tensor, h: Tensor, mu: float, beta: float = 1.0) -> Tensor:
    """One multiplicative update of the activations."""
    _, a, b = terms(w, m, h, mu, beta)
    return h * a / b


def readout(w: Tensor, h: Tensor, n_speech: int) -> Tensor:
    """The Wiener-like mask: the speech bases' share of the model, per bin."""
    return (w[:, :n_speech] @ h[:n_speech]) / (w @ h).clamp_min(FLOOR)


def activations(net: Network, stack: Tensor, depth: int, start: tuple[int, Tensor] | None = None) -> Tensor:
    """Return h after so many layers, from ones, or from (k, h^k) on."""
    first, h = start if start else (0, torch.ones(net.matrices[0].shape[1], stack.shape[1], dtype=stack.dtype))
    h = h.to(stack.device)
    for k in range(first, depth):
        w = net.matrices[net.layers[k]]
        h = layer(w, columns(stack, len(w)), h, net.sparsity[k], net.beta)
    return h


def infer(net: Network, stack: Tensor, depth: int | None = None) -> Tensor:
    """Run the layers over columns (D, N) and return the mask (F, N) after so many of them, or after all."""
    depth = net.n_layers if depth is None else depth
    return readout(net.matrices[net.readout_after(depth)], activations(net, stack, depth), net.n_speech)
