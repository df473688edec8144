"""What the loop trains: a deep NMF by its streams, or the sigmoid network by autograd. Same columns, same objective."""

from typing import Any, Protocol

import torch

from training.backprop import backpropagate, loss_of
from training.config import Config
from training.dnmf import Network, Tensor, activations, first_trained
from training.mixtures import Pool
from training.mlp import Mlp
from training.steps import AdamOnLogarithm, Multiplicative, Step, add_over_processes

CHUNK = 4096  # columns at a time where nothing is kept


class Learner(Protocol):
    """Weights, and how they learn from a pool of columns."""

    def enter(self, pool: Pool) -> None:
        """Make a pool the one whose columns are learned from."""

    def step(self, batch: Tensor, rate: float) -> float:
        """Learn from these rows of the pool, at a share of the full rate; return the loss per column before it."""

    def loss(self, pool: Pool) -> float:
        """Return the loss per column over another pool."""

    def state(self) -> dict[str, Any]:
        """Return what a later `load` needs."""

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""


class NmfLearner:
    """A deep NMF. The layers below the first trained one are run once per pool, and their activations kept."""

    def __init__(self, config: Config, net: Network) -> None:
        training, shape = config.training, config.network
        self.net = net
        self.first = first_trained(shape.layers, shape.trained)
        trained = {net.layers[k] for k in range(self.first, net.n_layers)}
        trained |= {net.readout_after(k) for k in range(self.first, net.n_layers + 1)}
        self._step: Step
        if training.method == "adam":
            self._step = AdamOnLogarithm(net, sorted(trained), training.learning_rate)
        else:
            self._step = Multiplicative(training.step, training.eta)
        self._held_out: tuple[Pool, Tensor] | None = None
        self._seen_rows = max(len(net.matrices[i]) for i in trained)

    def enter(self, pool: Pool) -> None:
        self._target = pool.target
        self._entered = self._enter(pool)
        self._stack = pool.stack[:, -self._seen_rows :].contiguous()

    def step(self, batch: Tensor, rate: float) -> float:
        h, stack, target = self._entered[batch].T, self._stack[batch].T, self._target[batch].T
        start = (self.first, h)
        gradient = backpropagate(self.net, stack, target, start, tight_split=self._step.tight_split)
        n = torch.tensor(float(len(batch)), device=target.device)
        add_over_processes([gradient.loss, n, *(s for pair in gradient.matrices.values() for s in pair)])

        def over_processes(net: Network) -> float:
            loss = loss_of(net, stack, target, start)
            add_over_processes([loss])
            return float(loss)

        self.net = self._step(self.net, gradient, over_processes, rate)
        return float(gradient.loss / n)

    def loss(self, pool: Pool) -> float:
        if self._held_out is None or self._held_out[0] is not pool:
            self._held_out = pool, self._enter(pool)
        h, total = self._held_out[1], 0.0
        for i in range(0, len(h), CHUNK):
            rows = slice(i, i + CHUNK)
            total += float(loss_of(self.net, pool.stack[rows].T, pool.target[rows].T, (self.first, h[rows].T)))
        return total / len(h)

    def state(self) -> dict[str, Any]:
        return {"matrices": list(self.net.matrices), "step": self._step.state()}

    def load(self, state: dict[str, Any]) -> None:
        self.net = self.net.with_matrices(tuple(state["matrices"]))
        self._step.load(state["step"])

    def _enter(self, pool: Pool) -> Tensor:
        """Return the activations (N, R) that enter the first trained layer."""
        parts = [
            activations(self.net, pool.stack[i : i + CHUNK].T, self.first).T.contiguous()
            for i in range(0, len(pool.stack), CHUNK)
        ]
        return torch.cat(parts)


class MlpLearner:
    """The sigmoid network, by Adam.

    Its input has the level the mixture is meant to have, since it is not scale-equivariant.
    """

    def __init__(self, config: Config, net: Mlp) -> None:
        self.net = net
        for weights in net.parameters():
            weights.requires_grad_()
        self._learning_rate = config.training.learning_rate
        self._adam = torch.optim.Adam(net.parameters(), lr=self._learning_rate)

    def enter(self, pool: Pool) -> None:
        self._pool = pool

    def step(self, batch: Tensor, rate: float) -> float:
        for group in self._adam.param_groups:
            group["lr"] = rate * self._learning_rate
        self._adam.zero_grad()
        loss = self._loss(self._pool, batch) / len(batch)
        loss.backward()
        processes = torch.ones((), device=loss.device)
        told = loss.detach().clone()
        gradients = [w.grad for w in self.net.parameters() if w.grad is not None]
        add_over_processes([told, processes, *gradients])
        for gradient in gradients:
            gradient /= processes
        self._adam.step()
        return float(told / processes)

    def loss(self, pool: Pool) -> float:
        with torch.no_grad():
            parts = [self._loss(pool, torch.arange(i, min(i + CHUNK, len(pool.stack)))) for i in
                     range(0, len(pool.stack), CHUNK)]  # fmt: skip
        return float(sum(parts)) / len(pool.stack)

    def state(self) -> dict[str, Any]:
        return {"weights": {k: w.detach() for k, w in self.net.weights.items()}, "adam": self._adam.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        with torch.no_grad():
            for name, weights in self.net.weights.items():
                weights.copy_(state["weights"][name])
        self._adam.load_state_dict(state["adam"])

    def _loss(self, pool: Pool, rows: Tensor) -> Tensor:
        stack, target = pool.stack[rows], pool.target[rows]
        estimate = stack[:, -target.shape[1] :] * self.net.mask(stack * pool.level[rows, None])
        return 0.5 * ((target - estimate) ** 2).sum()
