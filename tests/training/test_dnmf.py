"""Oracles: the Numba kernel on random models of every kind; the masks' and layers' own properties."""

import numpy as np
import pytest
import torch

from realtime.base.memory import aligned
from realtime.networks import nmf
from tests.training.networks import N_BINS, columns, random_network
from training.dnmf import activations, deep, from_model, infer, layer, power
from training.export import to_model

KINDS = {
    "sparse": {"n_trained": 0},
    "discriminative": {"n_trained": 1},
    "deep": {"n_trained": 2},
    "deep, all context": {"n_trained": 3, "trained_rows": 4 * 257},
    "all trained": {"n_trained": 6},
    "anytime": {"n_trained": 3, "anytime": True},
    "anytime, all trained": {"n_trained": 6, "anytime": True},
}


def random_deep(seed: int, n_bases: int = 21, n_speech: int = 12, context: int = 4, **options):
    generator = torch.Generator().manual_seed(seed)
    w = torch.rand(257 * context, n_bases, generator=generator) ** 3
    net = deep(w / w.norm(dim=0), 257, 5, n_speech=n_speech, sparsity=0.2 * seed, **options)
    moved = tuple(m * (0.5 + torch.rand(m.shape, generator=generator)) for m in net.matrices)
    return net.with_matrices(moved)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_forward_equals_the_kernel(kind: str, seed: int) -> None:
    net = random_deep(seed, n_bases=21 + 8 * seed, **KINDS[kind])
    model = to_model(net, 4, {})
    state = nmf.network(
        [model.weights[i] for i in model.layers],
        [model.weights[i] for i in model.readouts],
        model.sparsity,
        257 * 4,
        12,
    )
    stack = np.random.default_rng(seed).gamma(0.5, 1, (257 * 4, 6)).astype(np.float32)
    buffer, heard = aligned(257 * 4), aligned(260)
    for depth in range(6):
        wanted = infer(net, torch.from_numpy(stack), depth).numpy()
        for n in range(6):
            buffer[:] = stack[:, n]
            nmf.infer.ctypes(state.address, buffer.ctypes.data, depth, heard.ctypes.data)
            assert np.abs(heard[:257] - wanted[:, n]).max() < 1e-5


@pytest.mark.parametrize("kind", ["deep", "anytime"])
def test_a_model_file_holds_the_network(kind: str) -> None:
    net = random_deep(1, **KINDS[kind])
    back = from_model(to_model(net, 4, {}))
    assert (back.layers, back.readouts, back.sparsity, back.n_speech) == (net.layers, net.readouts, net.sparsity, 12)
    assert all(torch.equal(a, b) for a, b in zip(back.matrices, net.matrices, strict=True))


@pytest.mark.parametrize("n_trained", range(6))
def test_depths_below_the_trained_ones_are_tied(n_trained: int) -> None:
    net = deep(torch.rand(8, 3), 4, 4, n_trained, 2)
    tied = 4 if n_trained == 0 else 5 - n_trained
    assert net.layers == (0,) * tied + tuple(range(min(tied, 1), min(tied, 1) + 4 - tied))
    assert all(len(net.matrices[i]) == (8 if k < tied else 4) for k, i in enumerate(net.layers))
    assert net.readouts == (len(net.matrices) - 1,)
    anytime = deep(torch.rand(8, 3), 4, 4, n_trained, 2, anytime=True)
    assert len(anytime.readouts) == 5 and len(set(anytime.readouts[tied:])) == 5 - tied
    assert len(set(anytime.readouts[:tied])) <= 1 and not set(anytime.readouts) & set(anytime.layers)


def test_an_untrained_deep_network_with_all_context_is_the_sparse_one() -> None:
    w = torch.rand(2 * N_BINS, 5, dtype=torch.float64)
    stack, _ = columns(7)
    sparse = deep(w, N_BINS, 3, 0, 3)
    assert torch.equal(infer(deep(w, N_BINS, 3, 4, 3, trained_rows=2 * N_BINS), stack), infer(sparse, stack))


@pytest.mark.parametrize("beta", [0.5, 1.0, 1.5, 2.0])
def test_layer_equals_the_equation_and_scales_with_the_input(beta: float) -> None:
    net = random_network(1, 1, beta)
    stack, _ = columns(6)
    w, m = net.matrices[0].numpy(), stack.numpy()
    h = np.random.default_rng(0).uniform(0.1, 1, (5, 6))
    model = w @ h
    wanted = h * (w.T @ (m * model ** (beta - 2))) / (w.T @ model ** (beta - 1) + 0.3)
    got = layer(net.matrices[0], stack, torch.from_numpy(h), 0.3, beta)
    assert np.abs(got.numpy() - wanted).max() < 1e-12
    if beta == 1:
        assert torch.allclose(layer(net.matrices[0], 7 * stack, torch.from_numpy(h), 0.3), 7 * got)


def test_activations_go_on_from_a_depth() -> None:
    net = random_network(4, 2)
    stack, _ = columns(6)
    half = activations(net, stack, 2)
    assert torch.equal(activations(net, stack, 4, (2, half)), activations(net, stack, 4))


@pytest.mark.parametrize("exponent", [-1.5, -1, 0, 0.5, 1, 2])
def test_power(exponent: float) -> None:
    x = torch.linspace(0.1, 3, 9, dtype=torch.float64)
    assert torch.allclose(power(x, exponent), x**exponent)
