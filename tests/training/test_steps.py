"""Oracles: the ratio in numpy, a loss that falls, torch's own Adam by autograd, and the sum of two processes."""

import multiprocessing
import os
import socket
from itertools import pairwise

import pytest
import torch
from torch import distributed

from realtime.model import LEAST_WEIGHT
from tests.training.networks import N_BINS, N_NOISE, N_SPEECH, columns, random_network
from training.backprop import backpropagate, loss_of
from training.dnmf import infer
from training.steps import AdamOnLogarithm, Multiplicative, add_over_processes, depth_of, multiplied

N = 40
START = (0, torch.ones(N_SPEECH + N_NOISE, N, dtype=torch.float64))


def columns_of(teacher, stack: torch.Tensor) -> torch.Tensor:
    return stack[-N_BINS:] * infer(teacher, stack)


def train(net, step, n_steps: int) -> tuple[list[float], object]:
    stack, _ = columns(N)
    target = columns_of(random_network(3, 4, seed=9), stack)  # what another network makes of them: it can be learned
    losses = []
    for _ in range(n_steps):
        gradient = backpropagate(net, stack, target, START, tight_split=step.tight_split)
        losses.append(float(gradient.loss))
        net = step(net, gradient, lambda other: float(loss_of(other, stack, target, START)))
        assert all((m >= LEAST_WEIGHT).all() and torch.isfinite(m).all() for m in net.matrices)
    return losses, net


@pytest.mark.parametrize("anytime", [False, True])
@pytest.mark.parametrize("mode", ["plain", "depth", "tight", "backtracking", "adam"])
def test_training_lowers_the_loss_and_weights_stay_positive(mode: str, anytime: bool) -> None:
    net = random_network(3, 4, anytime=anytime)
    step = AdamOnLogarithm(net, range(len(net.matrices)), 0.02) if mode == "adam" else Multiplicative(mode, 0.5)
    losses, _ = train(net, step, 60)
    assert min(losses[-5:]) < 0.8 * losses[0]
    if mode == "backtracking":
        assert all(b <= a for a, b in pairwise(losses))


@pytest.mark.parametrize("mode", ["backtracking", "plain", "adam"])
def test_a_step_goes_on_from_its_state(mode: str) -> None:
    def step_for(net):
        return AdamOnLogarithm(net, [1, 2], 0.02) if mode == "adam" else Multiplicative(mode)

    net = random_network(2, 2)
    whole, _ = train(net, step_for(net), 8)
    first = step_for(net)
    begun, half = train(net, first, 4)
    second = step_for(half)
    second.load(first.state())
    assert begun + train(half, second, 4)[0] == whole


def test_multiplied_is_the_ratio_of_the_streams_to_the_power() -> None:
    net = random_network(3, 3)
    assert [depth_of(net, i) for i in range(4)] == [3, 2, 1, 0]
    w = net.matrices[1]
    streams = {1: (torch.full_like(w, 2.0), torch.full_like(w, 3.0))}
    assert torch.allclose(multiplied(net, streams, 0.5, False).matrices[1], w * 1.5**0.5)
    assert torch.allclose(multiplied(net, streams, 0.5, True).matrices[1], w * 1.5**2)
    assert multiplied(net, streams, 0.5, True).matrices[0] is net.matrices[0]
    nothing = {1: (torch.zeros_like(w), torch.zeros_like(w))}
    assert torch.equal(multiplied(net, nothing, 1.0, False).matrices[1], w)
    wiped = {1: (torch.ones_like(w), torch.zeros_like(w))}
    assert torch.allclose(multiplied(net, wiped, 1.0, False).matrices[1], w / 10)


def test_adam_equals_torch_on_the_logarithm() -> None:
    net = random_network(2, 3)
    stack, _ = columns(N)
    target = columns_of(random_network(3, 4, seed=9), stack)
    ours, _ = train(net, AdamOnLogarithm(net, range(3), 0.05), 10)
    logarithms = [m.log().requires_grad_() for m in net.matrices]
    adam, losses = torch.optim.Adam(logarithms, lr=0.05), []
    for _ in range(10):
        adam.zero_grad()
        loss = loss_of(net.with_matrices(tuple(x.exp() for x in logarithms)), stack, target, START)
        loss.backward()
        losses.append(loss.item())
        adam.step()
    assert ours == pytest.approx(losses, rel=1e-9)


def _half(rank: int, port: int, results) -> None:
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    distributed.init_process_group("gloo", rank=rank, world_size=2)
    net, (stack, target) = random_network(3, 3), columns(N)
    mine = slice(rank, None, 2)
    gradient = backpropagate(net, stack[:, mine], target[:, mine], (0, START[1][:, mine]))
    streams = [s for pair in gradient.matrices.values() for s in pair]
    add_over_processes([gradient.loss, *streams])
    results.put((rank, float(gradient.loss), [s.tolist() for s in streams]))
    distributed.barrier()
    distributed.destroy_process_group()


def test_streams_add_up_over_processes() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    workers = [context.Process(target=_half, args=(rank, port, results)) for rank in (0, 1)]
    for worker in workers:
        worker.start()
    found = sorted(results.get(timeout=90) for _ in workers)
    for worker in workers:
        worker.join(30)
        assert worker.exitcode == 0
    stack, target = columns(N)
    whole = backpropagate(random_network(3, 3), stack, target, START)
    wanted = [s for pair in whole.matrices.values() for s in pair]
    for _, loss, streams in found:
        assert loss == pytest.approx(float(whole.loss), rel=1e-12)
        for got, stream in zip(streams, wanted, strict=True):
            assert torch.allclose(torch.tensor(got, dtype=torch.float64), stream, rtol=1e-11)
