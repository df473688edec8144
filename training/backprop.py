"""Multiplicative back-propagation (Hershey, Le Roux and Weninger 2014): two non-negative streams per gradient.

dE/dx = [dE/dx]_+ - [dE/dx]_-, both >= 0, are carried down from the mask through every layer, and their ratio updates a
matrix of weights, which so stays non-negative without a constraint (`training.steps`). A stream is a pair (+, -). The
objective is the squared error of the masked magnitudes,

    E = 1/2 sum (S - S^)^2,   S^ = m o P / L,   P = W_speech h_speech,   L = W h,   Q = L - P.

Where a spectrum lies on the floor its derivative is taken as if it did not; the columns to train on are heard ones.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import torch

from realtime.base.units import FLOOR
from training.dnmf import Network, Tensor, columns, power, readout, terms

Streams = tuple[Tensor, Tensor]


class Passed(NamedTuple):
    """What a layer keeps of its forward pass."""

    m: Tensor
    h: Tensor
    spectrum: Tensor  # L
    a: Tensor
    b: Tensor


@dataclass
class Gradient:
    """The loss, and its streams for every matrix; tied layers have added theirs up."""

    loss: Tensor
    matrices: dict[int, Streams] = field(default_factory=dict)
    sparsity: dict[int, Streams] = field(default_factory=dict)  # by layer
    start: Streams | None = None  # of the activations that entered

    def merge(self, other: "Gradient") -> None:
        """Add the loss and the matrices' streams of other columns, positive and negative apart."""
        self.loss = self.loss + other.loss
        for i, streams in other.matrices.items():
            self.add(i, streams)

    def add(self, i: int, streams: Streams) -> None:
        """Add to the streams of matrix i."""
        if i in self.matrices:
            positive, negative = self.matrices[i]
            streams = positive + streams[0], negative + streams[1]
        self.matrices[i] = streams


def output_layer(w: Tensor, h: Tensor, m: Tensor, target: Tensor, n_speech: int) -> tuple[Tensor, Streams, Streams]:
    """Return the loss of a read-out, and the streams of its matrix and of the activations.

    Parameters
    ----------
    w : Tensor (F, R)
    h : Tensor (R, N)
    m, target : Tensor (F, N)
        Magnitudes of the mixture and of its speech.
    n_speech : int
        How many bases, from the first, are speech.
    """
    speech, rest = w[:, :n_speech], w[:, n_speech:]
    p, q = speech @ h[:n_speech], rest @ h[n_speech:]
    spectrum = (p + q).clamp_min(FLOOR)
    p, q, scale = p / spectrum, q / spectrum, m / spectrum
    estimate = m * p
    loss = 0.5 * ((target - estimate) ** 2).sum()
    too_much, too_little = estimate * scale, target * scale  # e+ and e-, times m / L
    dp, dq = (too_much * q, too_little * q), (too_little * p, too_much * p)
    of_w = [torch.cat([dp[i] @ h[:n_speech].T, dq[i] @ h[n_speech:].T], 1) for i in (0, 1)]
    of_h = [torch.cat([speech.T @ dp[i], rest.T @ dq[i]]) for i in (0, 1)]
    return loss, (of_w[0], of_w[1]), (of_h[0], of_h[1])


def analysis_layer(w: Tensor, kept: Passed, g: Streams, beta: float) -> tuple[Streams, Streams, Streams]:
    """Return the streams of a layer's matrix, of the activations that entered it, and of its sparsity.

    Parameters
    ----------
    w : Tensor (D_k, R)
    kept : Passed
        From the forward pass.
    g : Streams (R, N)
        Of the activations that left it.
    beta : float
        Of the divergence.
    """
    m, h, spectrum, a, b = kept
    ratio = a / b
    of_a = [x * h / b for x in g]
    of_b = [x * ratio for x in of_a]  # enters the gradient with the other sign
    quotient = m * power(spectrum, beta - 2)
    of_spectrum = [torch.zeros_like(spectrum), torch.zeros_like(spectrum)]
    if beta != 2:
        slope = abs(beta - 2) * quotient / spectrum
        for i in (0, 1):
            of_spectrum[i if beta > 2 else 1 - i] += slope * (w @ of_a[i])
    if beta != 1:
        slope = abs(beta - 1) * power(spectrum, beta - 2)
        for i in (0, 1):
            of_spectrum[1 - i if beta > 1 else i] += slope * (w @ of_b[i])
    of_w, of_h = [], []
    for i in (0, 1):
        opposite = of_b[1 - i]
        sums = opposite.sum(1)[None, :] if beta == 1 else power(spectrum, beta - 1) @ opposite.T
        of_w.append(quotient @ of_a[i].T + sums + of_spectrum[i] @ h.T)
        of_h.append(g[i] * ratio + w.T @ of_spectrum[i])
    return (of_w[0], of_w[1]), (of_h[0], of_h[1]), (of_b[1].sum(), of_b[0].sum())


def tight(g: Streams) -> Streams:
    """Return the smallest streams of the same difference: same gradient, larger steps."""
    difference = g[0] - g[1]
    return difference.clamp_min(0), (-difference).clamp_min(0)


def heard(net: Network, first: int) -> range:
    """Return the depths whose masks the loss counts: the last, or with a read-out for each, all from `first` on."""
    return range(first if len(net.readouts) > 1 else net.n_layers, net.n_layers + 1)


def forward(net: Network, stack: Tensor, start: tuple[int, Tensor]) -> tuple[list[Tensor], list[Passed]]:
    """Run the layers from (k, h^k) on; return h after every depth from k, and what every layer keeps."""
    first, h = start
    depths, passed = [h], []
    for k in range(first, net.n_layers):
        w = net.matrices[net.layers[k]]
        seen = columns(stack, len(w))
        spectrum, a, b = terms(w, seen, h, net.sparsity[k], net.beta)
        passed.append(Passed(seen, h, spectrum, a, b))
        h = h * a / b
        depths.append(h)
    return depths, passed


def backpropagate(
    net: Network, stack: Tensor, target: Tensor, start: tuple[int, Tensor], *, tight_split: bool = False
) -> Gradient:
    """Run the layers from a depth on, and back; return the loss and the streams of all matrices met.

    With a read-out after every depth the loss is the mean over those from the start on.

    Parameters
    ----------
    net : Network
    stack : Tensor (D, N)
        Stacked magnitudes, at least as many rows as the layers met have.
    target : Tensor (F, N)
        Magnitudes of the speech in the current column.
    start : (int, Tensor (R, N))
        A depth k and h^k: where training begins.
    tight_split : bool
        Make the streams disjoint before every layer.
    """
    first, m = start[0], columns(stack, len(target))
    depths, passed = forward(net, stack, start)
    counted = heard(net, first)
    gradient, g = Gradient(torch.zeros((), dtype=target.dtype, device=target.device)), None
    for k in range(net.n_layers, first - 1, -1):
        if g is not None:
            w = net.matrices[net.layers[k]]
            of_w, g, of_mu = analysis_layer(w, passed[k - first], tight(g) if tight_split else g, net.beta)
            gradient.add(net.layers[k], of_w)
            gradient.sparsity[k] = of_mu
        if k in counted:
            i = net.readout_after(k)
            loss, of_w, of_h = output_layer(net.matrices[i], depths[k - first], m, target, net.n_speech)
            gradient.loss = gradient.loss + loss / len(counted)
            gradient.add(i, (of_w[0] / len(counted), of_w[1] / len(counted)))
            of_h = of_h[0] / len(counted), of_h[1] / len(counted)
            g = of_h if g is None else (g[0] + of_h[0], g[1] + of_h[1])
    gradient.start = g
    return gradient


def loss_of(net: Network, stack: Tensor, target: Tensor, start: tuple[int, Tensor]) -> Tensor:
    """Return the loss alone; autograd can go through it."""
    first, m = start[0], columns(stack, len(target))
    depths, _ = forward(net, stack, start)
    total = torch.zeros((), dtype=target.dtype, device=target.device)
    for k in heard(net, first):
        estimate = m * readout(net.matrices[net.readout_after(k)], depths[k - first], net.n_speech)
        total = total + 0.5 * ((target - estimate) ** 2).sum() / len(heard(net, first))
    return total
