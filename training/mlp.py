"""The conventional network a deep NMF is measured against: stacked magnitudes, two sigmoid layers, a sigmoid mask.

    x = (m^(1/3) - mean) / std            m (D,): T stacked columns of magnitudes, the current one last
    mask = sigmoid(W3 sigmoid(W2 sigmoid(W1 x + b1) + b2) + b3)

The mirror of realtime/networks/mlp, over many columns at once.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from realtime.densemodel import DenseModel
from realtime.modelfile import StftSettings

Tensor = torch.Tensor

COMPRESSION = 1 / 3  # near the ear's loudness exponent, and finite in slope only where there is sound
LEAST_STD = 1e-3
NAMES = ("W1", "b1", "W2", "b2", "W3", "b3", "mean", "std")


class Mlp:
    """Weights by name, and the forward pass over rows of stacked magnitudes."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        self.weights = weights

    def mask(self, stack: Tensor) -> Tensor:
        """Return the masks (N, F) of stacked magnitudes (N, D)."""
        w = self.weights
        x = (stack**COMPRESSION - w["mean"]) / w["std"]
        x = torch.sigmoid(torch.addmm(w["b1"], x, w["W1"].T))
        x = torch.sigmoid(torch.addmm(w["b2"], x, w["W2"].T))
        return torch.sigmoid(torch.addmm(w["b3"], x, w["W3"].T))

    def parameters(self) -> Iterator[Tensor]:
        """Yield what is trained: all but the normalisation."""
        return (self.weights[name] for name in NAMES[:6])


def random_mlp(stack: Tensor, hidden: tuple[int, ...], n_bins: int, seed: int) -> Mlp:
    """Return a network at its start: normalisation from stacked magnitudes (N, D), weights Glorot-uniform."""
    compressed = stack**COMPRESSION
    generator = torch.Generator().manual_seed(seed)
    sizes = (stack.shape[1], *hidden, n_bins)
    weights = {}
    for i in (1, 2, 3):
        reach = (6 / (sizes[i - 1] + sizes[i])) ** 0.5 * (4 if i < 3 else 1)  # 4: for sigmoids (Glorot, Bengio 2010)
        weights[f"W{i}"] = reach * (2 * torch.rand(sizes[i], sizes[i - 1], generator=generator) - 1)
        weights[f"b{i}"] = torch.zeros(sizes[i])
    weights["mean"] = compressed.mean(0)
    weights["std"] = compressed.std(0).clamp_min(LEAST_STD)
    return Mlp({name: w.to(stack.device) for name, w in weights.items()})


def to_dense_model(net: Mlp, context: int, card: dict[str, Any]) -> DenseModel:
    """Return the model of a network."""
    arrays = {name: np.ascontiguousarray(w.detach().cpu().numpy(), np.float32) for name, w in net.weights.items()}
    return DenseModel(
        "mlp", StftSettings(), context, COMPRESSION, tuple(arrays[f"W{i}"] for i in (1, 2, 3)),
        tuple(arrays[f"b{i}"] for i in (1, 2, 3)), arrays["mean"], arrays["std"], card,
    )  # fmt: skip
