"""Learns the network that learns the room: chunk by chunk of streams, with the fit of their rooms inside the episode.

What a stream remembers goes from chunk to chunk, gradients do not. After each chunk the bases of every stream's room
are refitted to what the network removed, exactly as `realtime.adapt` does it live, so training and use agree.
"""

from typing import Any

import torch

from realtime.adapt import FIT_ROWS, FLOOR, UPDATES
from realtime.networks.adaptiverecord import MEAN
from training.adaptive import AdaptiveNet
from training.config import Config
from training.criteria import loss, spectra
from training.recurrence import run
from training.steps import add_over_processes
from training.streams import Columns, Stream, Weights, begin, log_mask

Tensor = torch.Tensor

BETAS = 0.9, 0.98
WARM_UP = 60  # steps
LAST_RATE = 0.04  # of the learning rate, at the end
MOST_GRADIENT = 1.0
PRODUCTS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def fit_rooms(rows: Tensor, bases: Tensor) -> tuple[Tensor, Tensor]:
    """Return what `realtime.adapt.fit` returns, for many streams: rows (B, n, F), bases (B, J, F)."""
    floor = float(FLOOR)
    level = rows.mean((1, 2))[:, None, None] + 1e-12
    v = rows / level + floor
    h = v.new_full((*rows.shape[:2], bases.shape[1]), bases.shape[2] / bases.shape[1])
    for _ in range(UPDATES):
        h = h * ((v / (h @ bases + floor)) @ bases.mT)
        bases = bases * (h.mT @ (v / (h @ bases + floor)))
        bases = (bases / (bases.sum(2, keepdim=True) + 1e-12)).clamp_min(floor)
    bases = bases / bases.sum(2, keepdim=True)
    return bases, bases * (level * h.mean(1, keepdim=True)).mT


class Rooms:
    """The rooms of streams: what was removed lately (B, n, F), and where the fits stand (B, n_room, F)."""

    def __init__(self, rows: Tensor, bases: Tensor) -> None:
        self.rows, self.bases = rows, bases

    @classmethod
    def unheard(cls, n: int, start: Tensor) -> "Rooms":
        """Return n rooms nobody has been in."""
        return cls(start.new_zeros(n, 0, start.shape[1]), start[None].repeat(n, 1, 1))

    def leave(self, which: Tensor, start: Tensor) -> None:
        """Forget the chosen rooms (B,)."""
        self.rows = torch.where(which[:, None, None], 0, self.rows)
        self.bases = torch.where(which[:, None, None], start[None], self.bases)

    def hear(self, removed: Tensor, stream: Stream) -> Stream:
        """Refit all rooms after a chunk (T, B, F); return the stream with the new bases."""
        t, b, f = removed.shape
        means = removed.reshape(t // MEAN, MEAN, b, f).mean(1).transpose(0, 1)
        self.rows = torch.cat([self.rows, means], 1)[:, -FIT_ROWS:]
        self.bases, parts = fit_rooms(self.rows, self.bases)
        own = torch.cat([parts, stream.own[:, parts.shape[1] :]], 1)
        return Stream(stream.m, stream.n, own, stream.age)


class AdaptiveLearner:
    """The network with its optimiser, and the streams it is in."""

    def __init__(self, config: Config, net: AdaptiveNet) -> None:
        self.config, self.net = config, net
        self._rate = config.training.learning_rate
        matrices = [p for name, p in net.named_parameters() if name in ("W", "read", "transition")]
        vectors = [p for name, p in net.named_parameters() if name not in ("W", "read", "transition")]
        groups = [{"params": matrices, "times": 1.0}, {"params": vectors, "times": config.streams.vector_rate}]
        self._adam = torch.optim.Adam(groups, betas=BETAS, eps=1e-9)
        self._stream: Stream | None = None
        self._rooms: Rooms | None = None
        self._past: Tensor | None = None  # powers of error and speech so far, (2, B)
        self._products = PRODUCTS[config.streams.products]

    @property
    def n_weights(self) -> int:
        """Weights of the model."""
        return self.net.model({}).n_parameters

    @property
    def multiplications(self) -> int:
        """Multiplications with addition that a column costs at full depth."""
        return self.net.model({}).macs_per_column

    def step(self, speech: Tensor, mixture: Tensor, fresh: Tensor, n: int, share: float) -> float:
        """Learn from a chunk (B, N) of streams, some of them fresh (B,); return the loss before it.

        Parameters
        ----------
        n : int
            Steps so far: which depth is judged beside the last.
        share : float
            Of the full learning rate.
        """
        for group in self._adam.param_groups:
            group["lr"] = share * self._rate * group["times"]
        self._adam.zero_grad()
        x, s, w = spectra(mixture), spectra(speech), self.net.weights()
        v = self.net.compressed(x.abs(), w)
        made, after = self._heard(w, v, fresh)
        depths = {n % max(1, self.net.net.layers - 1), self.net.net.layers - 1}
        masks = [(k, self._log_mask(w, k, made, v)) for k in sorted(depths)]
        weight = self.config.criterion.shallower * (self.net.net.layers - 1)
        judged = [(1.0 if k == self.net.net.layers - 1 else weight, mask) for k, mask in masks]
        past = torch.zeros(2, len(speech), device=x.device) if self._past is None else self._past
        told, self._past = loss(judged, x, s, speech, torch.where(fresh, 0, past), self.config.criterion)
        told.backward()
        self._apply(told)
        assert self._rooms is not None
        removed = (1 - torch.exp(masks[-1][1].detach())) * v.detach()
        self._stream = self._rooms.hear(removed, after.detached())
        return float(told.detach())

    @torch.no_grad()
    def enhanced(self, mixture: Tensor, fresh: Tensor) -> Tensor:
        """Return the masked spectra (T, B, F) of a chunk of streams, at full depth; only their rooms learn from it."""
        x, w = spectra(mixture), self.net.weights()
        v = self.net.compressed(x.abs(), w)
        made, after = self._heard(w, v, fresh)
        mask = torch.exp(self._log_mask(w, self.net.net.layers - 1, made, v))
        assert self._rooms is not None
        self._stream = self._rooms.hear((1 - mask) * v, after)
        return mask * x

    def state(self) -> dict[str, Any]:
        """Return what was learned, for a later `load`: the same in all processes."""
        return {"net": self.net.state_dict(), "adam": self._adam.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.net.load_state_dict(state["net"])
        self._adam.load_state_dict(state["adam"])

    def memory(self) -> dict[str, Any]:
        """Return what this process's streams remember, for a later `remember`."""
        if self._stream is None or self._rooms is None:
            return {"past": None, "stream": None, "rooms": None}
        return {"past": self._past, "stream": dict(vars(self._stream)), "rooms": dict(vars(self._rooms))}

    def remember(self, memory: dict[str, Any]) -> None:
        """Go on with streams that remember."""
        if memory["stream"] is not None:
            self._stream = Stream(**{k: t.to(self.net.W.device) for k, t in memory["stream"].items()})
            self._past = memory["past"].to(self.net.W.device)
            self._rooms = Rooms(**{k: t.to(self.net.W.device) for k, t in memory["rooms"].items()})

    def _heard(self, w: Weights, v: Tensor, fresh: Tensor) -> tuple[Columns, Stream]:
        start = begin(w, v[0])
        if self._stream is None or self._rooms is None:
            stream, self._rooms = start, Rooms.unheard(v.shape[1], w["room"])
        else:
            stream = self._stream.where(fresh, start)
            self._rooms.leave(fresh, w["room"])
        net = self.net.net
        columns, after = run(w, v, stream, net.speech_bases, net.memory_share, self._products)
        return columns, after

    def _log_mask(self, w: Weights, k: int, made: Columns, v: Tensor) -> Tensor:
        return log_mask(w, k, self.net.net.speech_bases, made.h[k], made.d[k], made.own, v)

    def _apply(self, told: Tensor) -> None:
        parameters = list(self.net.parameters())
        processes = torch.ones((), device=told.device)
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        add_over_processes([processes, *gradients])
        for p, gradient in zip(parameters, gradients, strict=True):
            p.grad = gradient / processes
        norm = torch.nn.utils.clip_grad_norm_(parameters, MOST_GRADIENT)
        if torch.isfinite(norm):  # a chunk whose gradient overflows teaches nothing
            self._adam.step()
