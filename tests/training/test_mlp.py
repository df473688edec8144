"""Oracles: the Numba kernel on random networks, and the normalisation's own definition."""

from pathlib import Path

import numpy as np
import pytest
import torch

from realtime.densemodel import DenseModel
from realtime.model import load_model, save_model
from realtime.networks import mlp
from training.mlp import COMPRESSION, random_mlp, to_dense_model

N_BINS, CONTEXT = 257, 3


def magnitudes(seed: int, n: int = 50) -> torch.Tensor:
    generator = np.random.default_rng(seed)
    return torch.from_numpy(generator.gamma(0.5, 1, (n, N_BINS * CONTEXT)).astype(np.float32))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("hidden", [(5, 9), (64, 16), (1, 1)])
def test_forward_equals_the_kernel(tmp_path: Path, hidden: tuple[int, int], seed: int) -> None:
    stack = magnitudes(seed)
    net = random_mlp(stack, hidden, N_BINS, seed)
    generator = torch.Generator().manual_seed(seed)
    for name in ("b1", "b2", "b3"):
        net.weights[name] = torch.randn(net.weights[name].shape, generator=generator)
    save_model(tmp_path / "m.safetensors", to_dense_model(net, CONTEXT, {}))
    model = load_model(tmp_path / "m.safetensors")
    assert isinstance(model, DenseModel)
    state, heard = model.network(512), np.zeros(N_BINS, np.float32)
    wanted = net.mask(stack).numpy()
    for column, mask in zip(stack.numpy(), wanted, strict=True):
        mlp.infer.ctypes(state.address, column.ctypes.data, 1, heard.ctypes.data)
        assert np.abs(heard - mask).max() < 1e-5


def test_it_starts_with_inputs_of_mean_zero_and_deviation_one() -> None:
    stack = magnitudes(1, 400)
    net = random_mlp(stack, (4, 4), N_BINS, 0)
    x = (stack**COMPRESSION - net.weights["mean"]) / net.weights["std"]
    assert x.mean(0).abs().max() < 1e-4 and (x.std(0) - 1).abs().max() < 1e-4
