"""One step of training: multiplicative from the two streams, or, as control, Adam on the logarithm of the weights.

Streams of minibatches and of processes add up, positive and negative apart, before the ratio is taken. Adam gets the
same streams' difference, which is the gradient.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import torch
from torch import distributed

from realtime.model import LEAST_WEIGHT
from training.backprop import Gradient, Streams
from training.dnmf import Network, Tensor

LARGEST = 10.0  # of a step's factor and of its inverse: where a tight stream is zero the ratio says nothing more
TINY = 1e-30  # a weight that no column moves has two streams of zero, and stays
SHORTER, LONGER, LEAST_ETA = 0.5, 1.3, 1e-3


def add_over_processes(tensors: Iterable[Tensor]) -> None:
    """Replace every tensor by its sum over the processes that torchrun started, if it did."""
    if distributed.is_available() and distributed.is_initialized():
        for tensor in tensors:
            distributed.all_reduce(tensor)


def from_all(thing: Any) -> list[Any]:
    """Return what every process gives, in their order."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return [thing]
    things = [None] * distributed.get_world_size()
    distributed.all_gather_object(things, thing)
    return things


class Stateful(Protocol):
    """What has a state that another process can take over."""

    def state(self) -> dict[str, Any]:
        """Return it."""

    def load(self, state: dict[str, Any]) -> None:
        """Take it over."""


def same_on_all(learner: Stateful) -> None:
    """Give all processes what the first begins with: the others may round differently."""
    if distributed.is_available() and distributed.is_initialized():
        state = [learner.state()]
        distributed.broadcast_object_list(state)
        learner.load(state[0])


def as_the_first(choice: bool) -> bool:
    """Return what the first process chose: clocks differ, and all have to do the same."""
    return bool(from_all(choice)[0])


Losses = Callable[[Network], float]
"""Tells the loss of a candidate over the columns that the streams are from."""


class Step(Protocol):
    """What turns streams into new weights, with a state that a checkpoint holds."""

    @property
    def tight_split(self) -> bool:
        """Whether the streams are to be made disjoint between layers."""

    def __call__(self, net: Network, gradient: Gradient, loss_of: Losses, rate: float = 1.0) -> Network:
        """Return the network after the step, which is the shorter the smaller the rate in (0, 1]."""

    def state(self) -> dict[str, Any]:
        """Return what a later `load` needs."""

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""


def depth_of(net: Network, matrix: int) -> int:
    """Return how many layers below the output a matrix is used first."""
    above = [net.n_layers - k for k in range(net.n_layers) if net.layers[k] == matrix]
    above += [net.n_layers - k for k in range(net.n_layers + 1) if net.readout_after(k) == matrix]
    return min(above)


def multiplied(net: Network, streams: dict[int, Streams], eta: float, by_depth: bool) -> Network:
    """Return the network with W <- W o ([dE/dW]_- / [dE/dW]_+)^eta, bounded, for every matrix that has streams.

    Parameters
    ----------
    net : Network
    streams : dict
        (+, -) by matrix.
    eta : float
        Exponent, 1 in the paper.
    by_depth : bool
        Multiply eta by 2^d, d layers below the output, because the streams' log-ratio halves from layer to layer.
    """
    matrices = list(net.matrices)
    for i, (positive, negative) in streams.items():
        exponent = eta * 2 ** depth_of(net, i) if by_depth else eta
        factor = ((negative + TINY) / (positive + TINY)) ** exponent
        matrices[i] = (matrices[i] * factor.clamp(1 / LARGEST, LARGEST)).clamp_min(LEAST_WEIGHT)
    return net.with_matrices(tuple(matrices))


class Multiplicative:
    """The multiplicative step: "plain", "depth" (eta 2^d), "tight" or "backtracking" (tight, and eta found).

    Backtracking halves eta until the loss over the batch falls, and lengthens it by 1.3 when it did.
    """

    def __init__(self, mode: str, eta: float = 1.0) -> None:
        self.mode, self.eta = mode, eta
        self._longest = eta

    @property
    def tight_split(self) -> bool:
        """Whether the streams are to be made disjoint between layers."""
        return self.mode in ("tight", "backtracking")

    def __call__(self, net: Network, gradient: Gradient, loss_of: Losses, rate: float = 1.0) -> Network:
        streams = gradient.matrices
        if self.mode != "backtracking":
            return multiplied(net, streams, rate * self.eta, self.mode == "depth")
        before = float(gradient.loss)
        self.eta = max(LEAST_ETA, min(self.eta, rate * self._longest))
        while self.eta >= LEAST_ETA:
            candidate = multiplied(net, streams, self.eta, False)
            if loss_of(candidate) < before:
                self.eta *= LONGER
                return candidate
            self.eta *= SHORTER
        self.eta = LEAST_ETA * LONGER  # nothing falls on this batch; try a little on the next
        return net

    def state(self) -> dict[str, Any]:
        """Return eta."""
        return {"eta": self.eta}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.eta = state["eta"]


class AdamOnLogarithm:
    """Adam (Kingma and Ba 2015) on log W: non-negative as well, with dE/dlog W = W o (streams' difference)."""

    @property
    def tight_split(self) -> bool:
        """Whether the streams are to be made disjoint between layers: their difference is the same."""
        return False

    def __init__(self, net: Network, trained: Iterable[int], learning_rate: float) -> None:
        self._logarithms = {i: torch.log(net.matrices[i]).requires_grad_() for i in trained}
        self._learning_rate = learning_rate
        self._adam = torch.optim.Adam(self._logarithms.values(), lr=learning_rate)

    def __call__(self, net: Network, gradient: Gradient, loss_of: Losses, rate: float = 1.0) -> Network:
        matrices = list(net.matrices)
        for i, logarithm in self._logarithms.items():
            positive, negative = gradient.matrices[i]
            logarithm.grad = matrices[i] * (positive - negative)
        for group in self._adam.param_groups:
            group["lr"] = rate * self._learning_rate
        self._adam.step()
        for i, logarithm in self._logarithms.items():
            matrices[i] = logarithm.detach().exp().clamp_min(LEAST_WEIGHT)
        return net.with_matrices(tuple(matrices))

    def state(self) -> dict[str, Any]:
        """Return the logarithms and Adam's moments."""
        return {
            "logarithms": {i: x.detach().clone() for i, x in self._logarithms.items()},
            "adam": self._adam.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        with torch.no_grad():
            for i, x in self._logarithms.items():
                x.copy_(state["logarithms"][i])
        self._adam.load_state_dict(state["adam"])
