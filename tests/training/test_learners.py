"""Oracles: activations run from ones, and a loss that falls."""

import numpy as np
import pytest
import torch

from training.configfile import from_table
from training.dnmf import activations
from training.learners import Learner, MlpLearner, NmfLearner
from training.mixtures import Pool
from training.mlp import random_mlp
from training.train import nmf_learner

CONTEXT, N_BINS, N_COLUMNS = 2, 257, 700  # more columns than are taken at a time


def pool(seed: int) -> Pool:
    rng = np.random.default_rng(seed)
    stack = rng.gamma(0.5, 1, (N_COLUMNS, CONTEXT * N_BINS)).astype(np.float32)
    target = stack[:, -N_BINS:] * rng.random((N_COLUMNS, N_BINS), np.float32)
    return Pool(torch.from_numpy(stack), torch.from_numpy(target), torch.full((N_COLUMNS,), 0.1))


def learner(n_trained: int, **training) -> NmfLearner:
    network = {"context": CONTEXT, "layers": 4, "trained": n_trained, "speech_bases": 5, "noise_bases": 3}
    w = torch.rand(CONTEXT * N_BINS, 8, generator=torch.Generator().manual_seed(0))
    return nmf_learner(from_table({"network": network, "training": training}), w)


@pytest.mark.parametrize("order", [(4, 3, 1), (1, 3, 4)])
def test_runs_that_share_what_is_below_enter_with_the_same_activations(order: tuple[int, ...]) -> None:
    shared: dict[int, tuple[int, torch.Tensor]] = {}
    for n_trained in order:
        made = learner(n_trained)
        made.below = shared
        for number in (7, 2):
            drawn = pool(number)
            made.enter(drawn, number)
            depth, found = shared[number]
            assert depth == made.first
            assert torch.allclose(found.T, activations(made.net, drawn.stack.T, depth), rtol=1e-5)


@pytest.mark.parametrize("method", ["mbp", "adam"])
def test_a_step_lowers_the_loss_of_its_columns(method: str) -> None:
    made: Learner = learner(3, method=method)
    falls(made)


def test_a_step_of_the_sigmoid_network_lowers_the_loss_of_its_columns() -> None:
    config = from_table({"network": {"kind": "mlp", "hidden": [9, 9]}, "training": {"method": "adam"}})
    falls(MlpLearner(config, random_mlp(pool(0).stack, (9, 9), N_BINS, 0)))


def falls(made: Learner) -> None:
    drawn, rows = pool(0), torch.arange(N_COLUMNS)
    before = made.loss(drawn)
    made.enter(drawn, 0)
    told = [made.step(rows, 1.0) for _ in range(5)]
    assert told[0] == pytest.approx(before, rel=1e-5)
    assert made.loss(drawn) < told[-1] < told[0]
