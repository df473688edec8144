"""A recurrent network for the same streams and criterion: the ceiling that a network with a model in it is held to.

Logarithmic magnitudes, a layer, two GRU layers, and a mask. It is scored from its checkpoint and does not run live.
"""

from typing import Any

import torch

from realtime.modelfile import StftSettings
from training.config import Config, NetworkConfig
from training.scenes import Chunk
from training.streamlearner import StreamLearner

Tensor = torch.Tensor

N_BINS = StftSettings().n_fft // 2 + 1
LEAST_MAGNITUDE = 1e-4
MEAN_LEVEL = -2.5  # of the logarithms: inputs about zero, which all of the layer's cells can tell apart


class Control(torch.nn.Module):
    """The network: sizes of the GRU layers are those of `network.hidden`."""

    def __init__(self, net: NetworkConfig, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            first, second = net.hidden
            self.sizes = first, second
            self.enter = torch.nn.Linear(N_BINS, N_BINS)
            self.layers = torch.nn.ModuleList([torch.nn.GRU(N_BINS, first), torch.nn.GRU(first, second)])
            self.leave = torch.nn.Linear(second, N_BINS)

    def begin(self, n: int) -> list[Tensor]:
        """Return what n streams remember before their first column: (1, n, size) of each layer."""
        return [torch.zeros(1, n, size, device=self.enter.weight.device) for size in self.sizes]

    def forward(self, magnitudes: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Return the log mask (T, B, F) of magnitudes, and what the streams remember then."""
        y = torch.tanh(self.enter(torch.log10(magnitudes + LEAST_MAGNITUDE) - MEAN_LEVEL))
        after = []
        for layer, h in zip(self.layers, state, strict=True):
            y, last = layer(y, h)
            after.append(last)
        return torch.nn.functional.logsigmoid(self.leave(y)), after


class ControlLearner(StreamLearner):
    """The network with its optimiser, and what the streams remember."""

    def __init__(self, config: Config, net: Control) -> None:
        super().__init__(config, net)
        self.net = net
        self._state: list[Tensor] | None = None

    @property
    def n_weights(self) -> int:
        """Weights of the network."""
        return sum(p.numel() for p in self.net.parameters())

    @property
    def multiplications(self) -> int:
        """Multiplications with addition that a column costs."""
        return sum(p.numel() for p in self.net.parameters() if p.ndim == 2)

    def hear(self, chunk: Chunk, x: Tensor, depths: tuple[int, ...]) -> list[Tensor]:
        """Go through a chunk; there is one depth. See `StreamLearner.hear`."""
        state, fresh = self._state, chunk.fresh
        if state is None or bool(fresh.all()):  # of any number
            state = self.net.begin(x.shape[1])
        log_mask, after = self.net(x.abs(), [torch.where(fresh[None, :, None], 0, h) for h in state])
        self._state = [h.detach() for h in after]
        return [log_mask for _ in depths]

    def settle(self, log_mask: Tensor) -> None:
        """Take leave of the chunk: nothing is fitted to it."""

    def memory(self) -> dict[str, Any]:
        """Return what this process's streams remember, for a later `remember`."""
        return {"past": self._past, "state": self._state}

    def remember(self, memory: dict[str, Any]) -> None:
        """Go on with streams that remember."""
        if memory["state"] is not None:
            where = self.net.enter.weight.device
            self._past, self._state = memory["past"].to(where), [h.to(where) for h in memory["state"]]
