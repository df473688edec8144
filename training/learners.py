"""What the loop trains: a deep NMF by its streams, or the sigmoid network by autograd. Same columns, same objective.

Both offer the same: `enter` makes a pool, by its number, the one to learn from, `step` learns from some of its columns,
`loss` measures on another pool, `state` and `load` are for checkpoints, `n_weights` and `multiplications` for tables.
"""

from typing import Any

import torch

from training.backprop import Gradient, backpropagate, loss_of
from training.config import Config
from training.dnmf import Network, Tensor, activations, first_trained
from training.mixtures import Pool
from training.mlp import NAMES, Mlp
from training.steps import AdamOnLogarithm, Multiplicative, Step, add_over_processes

CHUNK = 8192  # columns at a time, to bound the memory
CACHED = 512  # columns at a time through layers of all T columns: few enough for the processor's cache


class NmfLearner:
    """A deep NMF. The layers below the first trained one are run once per pool, and their activations kept.

    Runs on the same pools with the same dictionary may share `below`: who trains fewer layers goes on from there.
    """

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
        self.below: dict[int, tuple[int, Tensor]] = {}  # by number of a pool: a depth and its activations
        self._seen_rows = max(len(net.matrices[i]) for i in trained)

    @property
    def n_weights(self) -> int:
        """Weights of the model."""
        return sum(w.numel() for w in self.net.matrices)

    @property
    def multiplications(self) -> int:
        """Multiplications with addition that a column costs at full depth."""
        net = self.net
        last = net.matrices[net.readout_after(net.n_layers)]
        return sum(2 * net.matrices[i].numel() for i in net.layers) + last.numel()

    def enter(self, pool: Pool, number: int) -> None:
        """Run the layers that are not trained over a pool, and learn from its columns from now on."""
        self._target = pool.target
        self._entered = self._enter(pool, self.below.get(number))
        self.below[number] = self.first, self._entered
        self._stack = pool.stack[:, -self._seen_rows :].contiguous()

    def step(self, batch: Tensor, rate: float) -> float:
        """Learn from these rows of the pool, at a share of the full rate; return the loss per column before it."""
        gradient = Gradient(torch.zeros((), device=batch.device))
        for rows in batch.split(CHUNK):
            gradient.merge(backpropagate(self.net, *self._columns(rows), tight_split=self._step.tight_split))
        n = torch.tensor(float(len(batch)), device=batch.device)
        add_over_processes([gradient.loss, n, *(s for pair in gradient.matrices.values() for s in pair)])

        def over_processes(net: Network) -> float:
            loss = torch.stack([loss_of(net, *self._columns(rows)) for rows in batch.split(CHUNK)]).sum()
            add_over_processes([loss])
            return float(loss)

        self.net = self._step(self.net, gradient, over_processes, rate)
        return float(gradient.loss / n)

    def loss(self, pool: Pool) -> float:
        """Return the loss per column over another pool; what enters the trained layers is kept for the next call."""
        if self._held_out is None or self._held_out[0] is not pool:
            self._held_out = pool, self._enter(pool)
        h, total = self._held_out[1], 0.0
        for i in range(0, len(h), CHUNK):
            rows = slice(i, i + CHUNK)
            total += float(loss_of(self.net, pool.stack[rows].T, pool.target[rows].T, (self.first, h[rows].T)))
        return total / len(h)

    def state(self) -> dict[str, Any]:
        """Return what a later `load` needs."""
        return {"matrices": list(self.net.matrices), "step": self._step.state()}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        matrices = zip(state["matrices"], self.net.matrices, strict=True)
        self.net = self.net.with_matrices(tuple(new.to(old.device) for new, old in matrices))
        self._step.load(state["step"])

    def _columns(self, rows: Tensor) -> tuple[Tensor, Tensor, tuple[int, Tensor]]:
        return self._stack[rows].T, self._target[rows].T, (self.first, self._entered[rows].T)

    def _enter(self, pool: Pool, known: tuple[int, Tensor] | None = None) -> Tensor:
        """Return the activations (N, R) that enter the first trained layer, gone on to from a depth that is known."""
        parts = []
        for i in range(0, len(pool.stack), CACHED):
            columns, start = pool.stack[i : i + CACHED].T.contiguous(), None
            if known is not None and known[0] <= self.first:
                start = known[0], known[1][i : i + CACHED].T.contiguous()
            parts.append(activations(self.net, columns, self.first, start).T.contiguous())
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

    @property
    def n_weights(self) -> int:
        """Weights of the model, its normalisation among them."""
        return sum(self.net.weights[name].numel() for name in NAMES)

    @property
    def multiplications(self) -> int:
        """Multiplications with addition that a column costs."""
        return sum(self.net.weights[name].numel() for name in ("W1", "W2", "W3"))

    def enter(self, pool: Pool, number: int) -> None:
        """Learn from the columns of a pool from now on."""
        self._pool = pool

    def step(self, batch: Tensor, rate: float) -> float:
        """Learn from these rows of the pool, at a share of the full rate; return the loss per column before it."""
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
        """Return the loss per column over another pool."""
        with torch.no_grad():
            parts = [self._loss(pool, rows) for rows in torch.arange(len(pool.stack)).split(CHUNK)]
        return float(sum(parts)) / len(pool.stack)

    def state(self) -> dict[str, Any]:
        """Return what a later `load` needs."""
        return {"weights": {k: w.detach() for k, w in self.net.weights.items()}, "adam": self._adam.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        with torch.no_grad():
            for name, weights in self.net.weights.items():
                weights.copy_(state["weights"][name])
        self._adam.load_state_dict(state["adam"])

    def _loss(self, pool: Pool, rows: Tensor) -> Tensor:
        stack, target = pool.stack[rows], pool.target[rows]
        estimate = stack[:, -target.shape[1] :] * self.net.mask(stack * pool.level[rows, None])
        return 0.5 * ((target - estimate) ** 2).sum()


Learner = NmfLearner | MlpLearner
