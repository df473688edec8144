"""What streams are and remember, for the network that learns the room, and how its masks are read.

The mirror of realtime/networks/adaptive: letters and equations as there. A chunk has T columns of B streams.
"""

from dataclasses import dataclass

import torch

from realtime.networks.adaptivelayer import EPSILON

Tensor = torch.Tensor
Weights = dict[str, Tensor]  # by the names of realtime.networks.adaptive.Weights

EPS, OWN_START = float(EPSILON), 0.3
LEARNED = ("W", "transition", "start", "gain", "power", "leak", "own_gain", "own_power", "own_mix", "own_floor")


@dataclass(frozen=True)
class Stream:
    """What streams remember: m (K, B, R), n (K, B, J), own bases (B, J, F), age (B,)."""

    m: Tensor
    n: Tensor
    own: Tensor
    age: Tensor

    def detached(self) -> "Stream":
        """Return the same, without the way it came about."""
        return Stream(self.m.detach(), self.n.detach(), self.own, self.age)

    def where(self, chosen: Tensor, other: "Stream") -> "Stream":
        """Return these streams, the chosen ones (B,) as in the other."""
        pick = chosen[None, :, None]
        own = torch.where(chosen[:, None, None], other.own, self.own)
        age = torch.where(chosen, other.age, self.age)
        return Stream(torch.where(pick, other.m, self.m), torch.where(pick, other.n, self.n), own, age)


@dataclass(frozen=True)
class Columns:
    """What the layers made of a chunk: h (K, T, B, R), d (K, T, B, J), own bases (T, B, J, F) before each column."""

    h: Tensor
    d: Tensor
    own: Tensor


def begin(w: Weights, v: Tensor) -> Stream:
    """Return streams before their first column v (B, F)."""
    k, n_bases = w["first"].shape
    n_room, n_own = len(w["room"]), len(w["own_rate"])
    level = v.sum(1, keepdim=True) / n_bases
    own = (0.5 * v.detach())[:, None].repeat(1, n_own, 1)
    own[:, :n_room] = 0
    n = torch.full((k, len(v), n_own), OWN_START, dtype=v.dtype, device=v.device)
    return Stream(w["first"][:, None] * level, n, own, torch.ones(len(v), dtype=v.dtype, device=v.device))


def log_mask(w: Weights, k: int, n_speech: int, h: Tensor, d: Tensor, own: Tensor, v: Tensor) -> Tensor:
    """Return the logarithm of the mask (..., F) after layer k.

    Of h (..., R), d (..., J), the own bases (..., J, F) and the column v (..., F).
    """
    read, weighted = w["read"][k], d * w["own_read"][k]
    speech = w["own_speech"]
    s = h[..., :n_speech] @ read[:, :n_speech].T + ((weighted * speech)[..., None, :] @ own)[..., 0, :]
    n = h[..., n_speech:] @ read[:, n_speech:].T + ((weighted * (1 - speech))[..., None, :] @ own)[..., 0, :]
    rest = torch.log(v + EPS) - torch.log(s + n + EPS)
    z = torch.log(s + EPS) - torch.log(n + EPS) + w["follow"][k] * rest
    return torch.nn.functional.logsigmoid(w["slope"][k] * z)
