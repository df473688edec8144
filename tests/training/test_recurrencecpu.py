"""Oracles: the same recurrence in torch, and a weak reference to what a backward pass no longer needs."""

import gc
import weakref

import numpy as np
import pytest
import torch

from tests.networks.adaptive_oracle import random_weights
from training.recurrencecpu import CpuRecurrence, Product
from training.recurrencetorch import TorchRecurrence
from training.streams import LEARNED, begin

N_SPEECH, SHARE, N_BINS = 4, 0.2, 9
SIZES = {"n_bins": N_BINS, "n_bases": 7, "n_layers": 3, "n_room": 1, "followers": "nnfs"}


def weights_of(seed: int) -> dict[str, torch.Tensor]:
    return {n: torch.tensor(np.asarray(a), dtype=torch.float32) for n, a in vars(random_weights(seed, **SIZES)).items()}


def outcome(kind, seed: int, products: torch.dtype, scale: float) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Return what a recurrence makes of a chunk, and the gradients of a random sum of h and d."""
    weights = weights_of(seed)
    sound = np.random.default_rng(seed).gamma(0.7, scale, (12, 3, N_BINS)).astype(np.float32) + np.float32(1e-3)
    v = torch.from_numpy(sound).requires_grad_()
    start = begin(weights, v[0].detach())
    m, n = start.m.clone().requires_grad_(), start.n.clone().requires_grad_()
    leaves = [weights[name].requires_grad_() for name in LEARNED]
    fixed = {name: tensor.detach() for name, tensor in weights.items()}
    made = kind.apply(fixed, N_SPEECH, SHARE, products, v, m, n, start.own, start.age, *leaves)
    generator = torch.Generator().manual_seed(seed)
    total = sum((x * torch.randn(x.shape, generator=generator)).sum() for x in made[:2])
    gradients = torch.autograd.grad(total, [v, m, n, *leaves])
    return [x.detach() for x in made], list(gradients)


@pytest.mark.parametrize("scale", [1.0, 3000.0])  # the second reaches the bounds of activations
@pytest.mark.parametrize("products", [torch.float32, torch.bfloat16])
def test_columns_and_gradients_are_those_of_torch(products: torch.dtype, scale: float) -> None:
    for seed in range(3):
        made, gradients = outcome(CpuRecurrence, seed, products, scale)
        wanted, wanted_gradients = outcome(TorchRecurrence, seed, products, scale)
        tolerance = 1e-4 if products == torch.float32 else 0.05
        for got, right in zip(made + gradients, wanted + wanted_gradients, strict=True):
            assert float((got - right).abs().max()) <= tolerance * float(right.abs().max()) + 1e-6


@pytest.mark.parametrize("kind", [CpuRecurrence, TorchRecurrence])
def test_nothing_of_a_chunk_outlives_it(kind) -> None:
    weights, v = weights_of(0), torch.rand(5, 2, N_BINS)
    start = begin(weights, v[0])
    leaves = [weights[name].requires_grad_() for name in LEARNED]
    fixed = {name: tensor.detach() for name, tensor in weights.items()}
    made = kind.apply(fixed, N_SPEECH, SHARE, torch.float32, v, *vars(start).values(), *leaves)
    kept = weakref.ref(made[0].grad_fn.kept["q"])
    assert kept() is not None
    del made  # without a backward pass
    gc.collect()
    assert kept() is None


def test_a_product_is_that_of_its_precision() -> None:
    generator = torch.Generator().manual_seed(0)
    x, w, out = torch.randn(4, 6, generator=generator), torch.randn(6, 5, generator=generator), torch.empty(4, 5)
    Product(w, 4)(x, out)
    assert torch.equal(out, x @ w)
    Product(w.bfloat16(), 4)(x, out)
    assert torch.equal(out, (x.bfloat16() @ w.bfloat16()).float())
