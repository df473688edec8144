"""Oracles: autograd in float64, finite differences, the complex step (numpy, from the equations), and signs."""

import numpy as np
import pytest
import torch

from tests.training.networks import N_BINS, N_NOISE, N_SPEECH, columns, random_network
from training.backprop import Gradient, backpropagate, loss_of, tight
from training.dnmf import first_trained

K = 3
BETAS = (1.0, 0.5, 1.5, 2.0, 2.5)


def start_of(n: int, first: int) -> tuple[int, torch.Tensor]:
    generator = torch.Generator().manual_seed(7)
    return first, 0.1 + torch.rand(N_SPEECH + N_NOISE, n, generator=generator, dtype=torch.float64)


def relative(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a - b).abs().max() / b.abs().max())


@pytest.mark.parametrize("options", [{}, {"trained_rows": 2 * N_BINS}, {"anytime": True}], ids=str)
@pytest.mark.parametrize("n_trained", range(1, K + 2))
@pytest.mark.parametrize("beta", BETAS)
def test_streams_differ_by_the_gradient_and_are_not_negative(beta: float, n_trained: int, options: dict) -> None:
    net = random_network(K, n_trained, beta, **options)
    stack, target = columns(8)
    start = start_of(8, first_trained(K, n_trained))
    start[1].requires_grad_()
    leaves = [m.clone().requires_grad_() for m in net.matrices]
    loss_of(net.with_matrices(tuple(leaves)), stack, target, start).backward()
    for tight_split in (False, True):
        got = backpropagate(net, stack, target, (start[0], start[1].detach()), tight_split=tight_split)
        assert set(got.matrices) == {i for i, leaf in enumerate(leaves) if leaf.grad is not None}
        for i, (positive, negative) in got.matrices.items():
            assert (positive >= 0).all() and (negative >= 0).all()
            assert relative(positive - negative, leaves[i].grad) < 1e-6
        assert relative(got.start[0] - got.start[1], start[1].grad) < 1e-6
        if not tight_split:
            assert all((s >= 0).all() for s in got.start)


@pytest.mark.parametrize("beta", BETAS)
def test_tied_layers_add_their_streams(beta: float) -> None:
    net = random_network(K, 2, beta)
    stack, target = columns(8)
    leaf = net.matrices[0].clone().requires_grad_()
    loss_of(net.with_matrices((leaf, *net.matrices[1:])), stack, target, start_of(8, 0)).backward()
    positive, negative = backpropagate(net, stack, target, start_of(8, 0)).matrices[0]
    assert relative(positive - negative, leaf.grad) < 1e-6


def numpy_loss(matrices: list[np.ndarray], sparsity: list, net, stack: np.ndarray, target: np.ndarray, h) -> complex:
    """The equations once more, in numpy and for complex numbers too."""
    for k, i in enumerate(net.layers):
        w = matrices[i]
        m, spectrum = stack[-len(w) :], w @ h
        h = h * (w.T @ (m * spectrum ** (net.beta - 2))) / (w.T @ spectrum ** (net.beta - 1) + sparsity[k])
    w = matrices[net.readouts[0]]
    estimate = stack[-N_BINS:] * (w[:, :N_SPEECH] @ h[:N_SPEECH]) / (w @ h)
    return 0.5 * ((target - estimate) ** 2).sum()


@pytest.mark.parametrize("beta", BETAS)
def test_streams_equal_the_complex_step_and_finite_differences(beta: float) -> None:
    net = random_network(K, 3, beta)
    stack, target = columns(4)
    start = start_of(4, 0)
    got = backpropagate(net, stack, target, start)
    plain = [m.numpy() for m in net.matrices]
    arguments = (net, stack.numpy(), target.numpy(), start[1].numpy())
    mu = list(net.sparsity)
    for i, (positive, negative) in got.matrices.items():
        exact, differences = np.zeros(plain[i].shape), np.zeros(plain[i].shape)
        for at in np.ndindex(*plain[i].shape):
            moved = [m.astype(complex) for m in plain]
            moved[i][at] += 1e-30j
            exact[at] = numpy_loss(moved, mu, *arguments).imag / 1e-30
            up, down = [m.copy() for m in plain], [m.copy() for m in plain]
            up[i][at] += 1e-6
            down[i][at] -= 1e-6
            differences[at] = (numpy_loss(up, mu, *arguments) - numpy_loss(down, mu, *arguments)) / 2e-6
        gradient = (positive - negative).numpy()
        assert np.abs(gradient - exact).max() < 1e-12 * np.abs(exact).max()
        assert np.abs(gradient - differences).max() < 1e-6 * np.abs(exact).max()
    for k, (positive, negative) in got.sparsity.items():
        moved = [complex(x) for x in mu]
        moved[k] += 1e-30j
        exact = numpy_loss(plain, moved, *arguments).imag / 1e-30
        assert abs(float(positive - negative) - exact) < 1e-9 * abs(exact)


def test_streams_of_minibatches_add_up_to_those_of_all_columns() -> None:
    net = random_network(K, 2)
    stack, target = columns(9)
    first, h = start_of(9, 2)
    whole = backpropagate(net, stack, target, (first, h)).matrices
    parts = Gradient(torch.zeros(()))
    for s in (slice(4), slice(4, 9)):
        parts.merge(backpropagate(net, stack[:, s], target[:, s], (first, h[:, s])))
    assert float(parts.loss) == pytest.approx(float(loss_of(net, stack, target, (first, h))), rel=1e-12)
    for i, streams in whole.items():
        for sign in (0, 1):
            assert torch.allclose(parts.matrices[i][sign], streams[sign], rtol=1e-12)


def test_tight_streams_are_disjoint_and_differ_by_the_same() -> None:
    g = torch.tensor([3.0, 1.0, 2.0]), torch.tensor([1.0, 4.0, 2.0])
    positive, negative = tight(g)
    assert torch.equal(positive - negative, g[0] - g[1]) and not (positive * negative).any()
