"""Learns the network that learns the room, with the fit of the streams' rooms inside the episode.

After each chunk the bases of every stream's room are refitted to what the network removed, by the same updates as
`realtime.adapt` makes live, once a second: with chunks of several seconds training refits the less often.
"""

from typing import Any

import torch

from realtime.adapt import FIT_ROWS, FLOOR, UPDATES, as_heard
from realtime.learn import N_UPDATES
from realtime.networks.adaptiverecord import MEAN
from training.adaptive import AdaptiveNet
from training.config import Config
from training.criteria import spectra
from training.recurrence import run
from training.scenes import Chunk
from training.streamlearner import StreamLearner
from training.streams import Stream, begin, log_mask

Tensor = torch.Tensor

PRODUCTS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def fit_rooms(rows: Tensor, counts: Tensor, bases: Tensor, n_updates: int = UPDATES) -> tuple[Tensor, Tensor]:
    """Return what `realtime.adapt.fit` returns, for many streams: rows (B, n, F), bases (B, J, F).

    Only the last of the rows of each, as many as its count (B,) says, were heard; those before are zero.
    """
    floor = float(FLOOR)
    level = (rows.sum((1, 2)) / (counts * rows.shape[2]))[:, None, None] + 1e-12
    v = rows / level + floor
    h = v.new_full((*rows.shape[:2], bases.shape[1]), bases.shape[2] / bases.shape[1])
    for _ in range(n_updates):
        h = h * ((v / (h @ bases + floor)) @ bases.mT)
        bases = bases * (h.mT @ (v / (h @ bases + floor)))
        bases = (bases / (bases.sum(2, keepdim=True) + 1e-12)).clamp_min(floor)
    bases = bases / bases.sum(2, keepdim=True)
    return bases, bases * (level * h.sum(1, keepdim=True) / counts[:, None, None]).mT


class Rooms:
    """The rooms of streams: what was removed lately (B, n, F), how many rows of it (B,), where the fits stand."""

    def __init__(self, rows: Tensor, counts: Tensor, bases: Tensor) -> None:
        self.rows, self.counts, self.bases = rows, counts, bases

    @classmethod
    def unheard(cls, n: int, start: Tensor) -> "Rooms":
        """Return n rooms nobody has been in."""
        return cls(start.new_zeros(n, 0, start.shape[1]), start.new_zeros(n), start[None].repeat(n, 1, 1))

    def leave(self, which: Tensor, start: Tensor) -> None:
        """Forget the chosen rooms (B,)."""
        self.rows = torch.where(which[:, None, None], 0, self.rows)
        self.counts = torch.where(which, 0, self.counts)
        self.bases = torch.where(which[:, None, None], start[None], self.bases)

    def learn(self, i: int, noise: Tensor, start: Tensor) -> Tensor:
        """Let room i know a noise, columns (T, F) of it, as `realtime.learn` does; return its parts (n_room, F)."""
        means = noise[: len(noise) // MEAN * MEAN].reshape(-1, MEAN, noise.shape[1]).mean(1)
        bases, parts = fit_rooms(means[None], noise.new_tensor([float(len(means))]), start[None], N_UPDATES)
        self.bases[i] = bases[0]
        known = as_heard(parts[0])
        if self.rows.shape[1] < len(known):
            self.rows = torch.nn.functional.pad(self.rows, (0, 0, len(known) - self.rows.shape[1], 0))
        self.rows[i, -len(known) :], self.counts[i] = known, len(known)
        return parts[0]

    def hear(self, removed: Tensor, stream: Stream) -> Stream:
        """Refit all rooms after a chunk (T, B, F); return the stream with the new bases."""
        t, b, f = removed.shape
        means = removed.reshape(t // MEAN, MEAN, b, f).mean(1).transpose(0, 1)
        self.rows = torch.cat([self.rows, means], 1)[:, -FIT_ROWS:]
        self.counts = (self.counts + means.shape[1]).clamp(max=FIT_ROWS)
        self.bases, parts = fit_rooms(self.rows, self.counts, self.bases)
        own = torch.cat([parts, stream.own[:, parts.shape[1] :]], 1)
        return Stream(stream.m, stream.n, own, stream.age)


class AdaptiveLearner(StreamLearner):
    """The network with its optimiser, the streams it is in, and their rooms."""

    matrices = ("W", "read", "transition")

    def __init__(self, config: Config, net: AdaptiveNet) -> None:
        super().__init__(config, net)
        self.net = net
        self._stream: Stream | None = None
        self._rooms: Rooms | None = None
        self._heard = torch.empty(0)  # compressed columns of the chunk
        self._products = PRODUCTS[config.streams.products]

    @property
    def n_weights(self) -> int:
        """Weights of the model."""
        return self.net.model({}).n_parameters

    @property
    def multiplications(self) -> int:
        """Multiplications with addition that a column costs at full depth."""
        return self.net.model({}).macs_per_column

    def judged(self, n: int) -> dict[int, float]:
        """Return the last depth and another one, in turn, that stands for all the others."""
        others = self.net.net.layers - 1
        return ({n % others: self.config.criterion.shallower * others} if others else {}) | {-1: 1.0}

    def hear(self, chunk: Chunk, x: Tensor, depths: tuple[int, ...]) -> list[Tensor]:
        """Go through a chunk; see `StreamLearner.hear`."""
        w, net, fresh = self.net.weights(), self.net.net, chunk.fresh
        v = self.net.compressed(x.abs(), w)
        start = begin(w, v[0])
        if self._stream is None or self._rooms is None or bool(fresh.all()):  # of any number
            stream, self._rooms = start, Rooms.unheard(v.shape[1], w["room"])
        else:
            stream = self._stream.where(fresh, start)
            self._rooms.leave(fresh, w["room"])
        for i, noise in chunk.lessons.items() if net.room_bases else ():
            columns = self.net.compressed(spectra(noise[None])[:, 0].abs(), w).detach()
            stream.own[i, : net.room_bases] = self._rooms.learn(i, columns, w["room"])
        made, after = run(w, v, stream, net.speech_bases, net.memory_share, self._products)
        self._stream, self._heard = after.detached(), v.detach()
        return [log_mask(w, k, net.speech_bases, made.h[k], made.d[k], made.own, v) for k in depths]

    def settle(self, log_mask: Tensor) -> None:
        """Refit the rooms to what was removed."""
        assert self._rooms is not None and self._stream is not None
        if not self.net.net.room_bases:
            return
        self._stream = self._rooms.hear((1 - torch.exp(log_mask)).square() * self._heard, self._stream)

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
