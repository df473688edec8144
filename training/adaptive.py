"""The network that learns the room, for training: its parameters, what they mean, and the model they become.

Parameters are free numbers; `AdaptiveNet.weights` turns them into the non-negative ones of
realtime/networks/adaptive: columns of W add up to 1 + rho (softmax), powers stay between 0.3 and `most_power`, the rest
are exponentials and sigmoids.
"""

from collections.abc import Callable
from math import exp, log
from typing import Any

import numpy as np
import torch

from realtime.adaptivemodel import AdaptiveModel
from realtime.base.errors import UnfoldError
from realtime.modelfile import Floats, StftSettings
from realtime.networks import adaptive
from training.config import Config, NetworkConfig
from training.data import Corpus
from training.sparse import dictionary, isolated_columns
from training.streams import Weights

Tensor = torch.Tensor

LEAST_POWER = 0.3
START = 50.0  # unit of h0, per thousandth of the level
OWN_FLOOR = 0.1  # unit of the floor of an own basis' start
INPUT_FLOOR = 1e-4  # as in the kernel
LEAST_WEIGHT = 2e-5
FLOOR_FALLS = 8.0  # columns: time constant at which the floor of the noise falls
TAUS = 2.0, 30.0  # columns: time constants of the memory at the start


def initial_bases(config: Config, corpus: Corpus, report: Callable[[float], None]) -> tuple[Floats, Floats]:
    """Return the bases (F, R) of compressed columns, speech first, and those where a room's fit starts (n_room, F)."""
    net, settings, rng = config.network, config.dictionary, np.random.default_rng(config.seed)
    bases, columns = [], np.zeros((0, 0), np.float32)
    for i, (files, n) in enumerate(((corpus.speech, net.speech_bases), (corpus.noise, net.noise_bases))):
        columns = isolated_columns(files, 1, settings.columns, rng) ** np.float32(net.compression)
        wanted = max(n, net.room_bases)
        if columns.shape[1] < wanted:
            raise UnfoldError(
                f"{columns.shape[1]} columns for {wanted} bases; give more recordings, or more dictionary.columns"
            )
        bases.append(dictionary(columns, n, settings.sparsity, settings.updates, config.seed))
        report((i + 1) / 3)
    room = np.zeros((0, len(columns)), np.float32)
    if net.room_bases:
        room = dictionary(columns, net.room_bases, settings.sparsity, settings.updates, config.seed).T
    report(1.0)
    return np.concatenate(bases, axis=1), np.ascontiguousarray(room / room.sum(axis=1, keepdims=True))


def _followers(net: NetworkConfig) -> dict[str, Tensor]:
    """Return the weights of the own bases that nothing learns: of the room, of noise, of its floors, of speech."""
    counts = net.room_bases, len(net.noise_memory), len(net.noise_floor), len(net.speech_memory)
    columns = torch.tensor([*net.noise_memory, *net.noise_floor, *net.speech_memory], dtype=torch.float32)
    kinds = torch.repeat_interleave(torch.arange(4), torch.tensor(counts))
    return {
        "own_rate": torch.cat([torch.zeros(net.room_bases), 1 - torch.exp(-1 / columns)]),
        "own_speech": (kinds == 3).float(),
        "own_fall": (kinds == 2).float() * (1 - exp(-1 / FLOOR_FALLS)),
    }


class AdaptiveNet(torch.nn.Module):
    """The parameters of a network of `config.network`, from bases (F, R) and the start of a room (n_room, F)."""

    own_rate: Tensor
    own_speech: Tensor
    own_fall: Tensor
    room: Tensor

    def __init__(self, net: NetworkConfig, bases: Floats, room: Floats, seed: int) -> None:
        super().__init__()
        self.net = net
        generator = torch.Generator().manual_seed(seed)
        f, r = bases.shape
        k, fixed = net.layers, _followers(net)
        j, unit = len(fixed["own_rate"]), log((1 - LEAST_POWER) / (net.most_power - 1))  # gives a power of one

        def free(*shape: int, value: float = 0.0) -> torch.nn.Parameter:
            return torch.nn.Parameter(torch.full(shape, value))

        def spread(around: Tensor, by: float) -> Tensor:
            return around.log() + by * torch.randn(around.shape, generator=generator)

        w = torch.from_numpy(np.ascontiguousarray(bases / bases.sum(axis=0))).float().clamp_min(LEAST_WEIGHT)
        layers = [
            torch.cat(
                [
                    spread(w, 0.1),
                    torch.log(net.memory_share * torch.eye(r) + spread(torch.full((r, r), 0.02 / r), 0.5).exp()),
                ]
            )
            for _ in range(k)
        ]
        self.W = torch.nn.Parameter(torch.stack(layers))
        self.read = torch.nn.Parameter(torch.stack([spread(w, 0.05) for _ in range(k)]))
        around = 0.5 * torch.eye(r) + spread(torch.full((r, r), 0.3 / r), 0.3).exp()
        self.transition = torch.nn.Parameter(around.log())
        self.start, self.input = free(r, value=1.5), free(f)
        self.gain, self.power, self.first = free(k, r), free(k, r, value=unit), free(k, r, value=-1.0)
        taus = torch.empty(k, r).uniform_(log(TAUS[0]), log(TAUS[1]), generator=generator)
        self.leak = torch.nn.Parameter(taus)
        self.slope, self.follow = free(k, f, value=log(2.0)), free(k, f, value=log(0.4))
        self.own_gain, self.own_power, self.own_mix = free(k, j), free(k, j, value=unit), free(k, j)
        self.own_floor, self.own_read = free(k, j, value=-1.0), free(k, j)
        for name, tensor in fixed.items():
            self.register_buffer(name, tensor)
        self.register_buffer("room", torch.from_numpy(room).float())

    def weights(self) -> Weights:
        """Return the network's weights, functions of the parameters."""
        total, powers = 1 + self.net.memory_share, self.net.most_power - LEAST_POWER
        return {
            "W": torch.softmax(self.W, 1) * total, "read": self.read.exp(), "transition": self.transition.exp(),
            "start": START * self.start.exp(), "input": self.input.exp(), "gain": self.gain.tanh().exp() / total,
            "power": LEAST_POWER + powers * torch.sigmoid(self.power), "leak": torch.exp(-1 / self.leak.exp()),
            "first": self.first.exp(), "slope": self.slope.exp(), "follow": self.follow.exp(),
            "own_gain": self.own_gain.tanh().exp(),
            "own_power": LEAST_POWER + powers * torch.sigmoid(self.own_power), "own_mix": torch.sigmoid(self.own_mix),
            "own_floor": OWN_FLOOR * self.own_floor.exp(), "own_read": self.own_read.exp(),
            "own_rate": self.own_rate, "own_speech": self.own_speech, "own_fall": self.own_fall,
            "room": self.room,
        }  # fmt: skip

    def compressed(self, magnitudes: Tensor, w: Weights) -> Tensor:
        """Return v of magnitudes (..., F)."""
        return (magnitudes + INPUT_FLOOR) ** self.net.compression * w["input"]

    def model(self, card: dict[str, Any]) -> AdaptiveModel:
        """Return the model that runs live."""
        arrays = {
            name: np.ascontiguousarray(t.detach().cpu().numpy(), np.float32) for name, t in self.weights().items()
        }
        net = self.net
        sources = (("speech", net.speech_bases), ("noise", net.noise_bases))
        return AdaptiveModel(
            "adaptive", StftSettings(), sources, net.compression, net.memory_share, adaptive.Weights(**arrays), card,
            room_share=net.room_share,
        )  # fmt: skip
