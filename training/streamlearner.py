"""Learns a network that remembers, chunk by chunk of streams: the loss, the step, and where the streams are in it.

What a stream remembers goes from chunk to chunk, gradients do not.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from realtime.base.errors import UnfoldError
from training.config import Config
from training.criteria import EDGE, HOP, loss, overlap_add, spectra
from training.scenes import Chunk, chunk_of
from training.steps import add_over_processes

Tensor = torch.Tensor
Floats = NDArray[np.float32]

BETAS = 0.9, 0.98
MOST_GRADIENT = 1.0
MOST_LOST = 20  # steps in a row without a gradient


class StreamLearner(ABC):
    """A network with its optimiser, and the streams it is in.

    Parameters
    ----------
    config : Config
    net : Module
    """

    matrices: ClassVar[tuple[str, ...]] = ()  # parameters that learn at the plain rate, others at `vector_rate` times

    def __init__(self, config: Config, net: torch.nn.Module) -> None:
        self.config, self.module = config, net
        named = list(net.named_parameters())
        plain = [p for name, p in named if name in self.matrices]
        others = [p for name, p in named if name not in self.matrices]
        groups = [{"params": plain, "times": 1.0}, {"params": others, "times": config.streams.vector_rate}]
        self._adam = torch.optim.Adam([g for g in groups if g["params"]], betas=BETAS, eps=1e-9)
        self._lost = 0  # steps in a row whose gradient was none
        self._past: Tensor | None = None  # powers of output, speech and both so far, (3, B)

    @property
    @abstractmethod
    def n_weights(self) -> int:
        """Weights of the model."""

    @property
    @abstractmethod
    def multiplications(self) -> int:
        """Multiplications with addition that a column costs at full depth."""

    @abstractmethod
    def hear(self, chunk: Chunk, x: Tensor, depths: tuple[int, ...]) -> list[Tensor]:
        """Go through a chunk, of whose mixture the spectra (T, B, F) are; return the log masks of these depths.

        Depths count from 0; -1 is the last.
        """

    @abstractmethod
    def settle(self, log_mask: Tensor) -> None:
        """Take leave of the chunk just heard, whose deepest log mask is given: no gradients go beyond it."""

    @abstractmethod
    def memory(self) -> dict[str, Any]:
        """Return what this process's streams remember, for a later `remember`."""

    @abstractmethod
    def remember(self, memory: dict[str, Any]) -> None:
        """Go on with streams that remember."""

    def judged(self, n: int) -> dict[int, float]:
        """Return the depths judged in step n, the last as -1, and their weights."""
        return {-1: 1.0}

    def step(self, chunk: Chunk, n: int, share: float) -> float:
        """Learn from a chunk; return the loss before it.

        Parameters
        ----------
        n : int
            Steps so far: which depth is judged beside the last.
        share : float
            Of the full learning rate.
        """
        for group in self._adam.param_groups:
            group["lr"] = share * self.config.training.learning_rate * group["times"]
        self._adam.zero_grad()
        x, s, weights = spectra(chunk.mixture), spectra(chunk.speech), self.judged(n)
        masks = self.hear(chunk, x, tuple(weights))
        past = torch.zeros(3, x.shape[1], device=x.device) if self._past is None else self._past
        told, self._past = loss(
            list(zip(weights.values(), masks, strict=True)), x, s, chunk.speech, torch.where(chunk.fresh, 0, past),
            self.config.criterion,
        )  # fmt: skip
        told.backward()
        self._apply(told)
        self.settle(masks[-1].detach())
        return float(told.detach())

    @torch.no_grad()
    def enhanced(self, chunk: Chunk) -> Tensor:
        """Return the masked spectra (T, B, F) of a chunk, at full depth; no weight learns from it."""
        x = spectra(chunk.mixture)
        (log_mask,) = self.hear(chunk, x, (-1,))
        self.settle(log_mask)
        return torch.exp(log_mask) * x

    def state(self) -> dict[str, Any]:
        """Return what was learned, for a later `load`: the same in all processes."""
        return {"net": self.module.state_dict(), "adam": self._adam.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.module.load_state_dict(state["net"])
        self._adam.load_state_dict(state["adam"])

    def _apply(self, told: Tensor) -> None:
        parameters = list(self.module.parameters())
        processes = torch.ones((), device=told.device)
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        add_over_processes([processes, *gradients])
        for p, gradient in zip(parameters, gradients, strict=True):
            p.grad = gradient / processes
        norm = torch.nn.utils.clip_grad_norm_(parameters, MOST_GRADIENT)
        self._lost = 0 if torch.isfinite(norm) else self._lost + 1
        if self._lost == 0:  # a chunk whose gradient overflows teaches nothing
            self._adam.step()
        elif self._lost == MOST_LOST:
            raise UnfoldError(f"{MOST_LOST} steps in a row had no finite gradient; lower training.learning_rate")


def enhancer(learner: StreamLearner) -> Callable[[Floats], Floats]:
    """Return a function that enhances samples at 16 kHz, float32[n], from silence on: as a stream of its own."""

    samples = learner.config.streams.chunk * HOP
    device = next(learner.module.parameters()).device

    def enhance(x: Floats) -> Floats:
        n_chunks = -(-(len(x) + EDGE) // samples)
        padded = np.zeros(EDGE + n_chunks * samples, np.float32)
        padded[EDGE : EDGE + len(x)] = x
        parts, fresh = [], torch.tensor([True])
        for i in range(n_chunks):
            piece = torch.from_numpy(padded[i * samples :][: EDGE + samples])
            parts.append(learner.enhanced(chunk_of(piece[None], fresh).to(device)))
            fresh = torch.tensor([False])
        y = overlap_add(torch.cat(parts))[0].cpu().numpy()
        return np.pad(y, (0, max(0, len(x) - len(y))))[: len(x)].astype(np.float32)

    return enhance
