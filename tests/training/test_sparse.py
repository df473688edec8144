"""Oracles: a cost that never rises, the update in a line of numpy, a dictionary that is known."""

import numpy as np
import pytest
import torch

from training.sparse import cost, dictionary, update


def start(n_rows: int = 20, n_bases: int = 6, n: int = 50) -> tuple[torch.Tensor, ...]:
    rng = np.random.default_rng(2)
    v, w, h = rng.gamma(1, 1, (n_rows, n)) + 1e-3, rng.random((n_rows, n_bases)), rng.random((n_bases, n))
    return torch.from_numpy(v), torch.from_numpy(w / np.linalg.norm(w, axis=0)), torch.from_numpy(h)


@pytest.mark.parametrize("mu", [0.0, 0.5, 3.0])
def test_the_cost_never_rises(mu: float) -> None:
    v, w, h = start()
    costs = []
    for _ in range(150):
        w, h = update(v, w, h, mu)
        costs.append(cost(v, w, h, mu))
        assert torch.allclose(w.norm(dim=0), torch.ones(6, dtype=w.dtype)) and (w >= 0).all()
    assert np.diff(costs).max() < 1e-9 * costs[0] and costs[-1] < 0.95 * costs[0]


def test_update_equals_the_equations() -> None:
    v, w, h = start()
    got_w, got_h = update(v, w, h, 0.5)
    v, w, h = v.numpy(), w.numpy(), h.numpy()
    model = w @ h
    h = h * (w.T @ (v / model)) / (w.sum(0)[:, None] + 0.5)
    model = w @ h
    x, y = (v / model) @ h.T, h.sum(1)
    w = w * (x + w * (y * w).sum(0)) / (y + w * (x * w).sum(0))
    assert np.abs(got_h.numpy() - h).max() < 1e-12
    assert np.abs(got_w.numpy() - w / np.linalg.norm(w, axis=0)).max() < 1e-12


def learn(v: np.ndarray) -> np.ndarray:
    return dictionary(v, 4, 0.1, 200, 0, lambda _share: None)


def test_a_dictionary_of_disjoint_bases_is_found() -> None:
    rng = np.random.default_rng(0)
    bases = np.kron(np.eye(4), np.ones((5, 1)))
    v = (bases @ rng.gamma(0.3, 1, (4, 400)) + 1e-6).astype(np.float32)
    found = learn(v)
    match = found.T @ (bases / np.linalg.norm(bases, axis=0))
    assert np.sort(match.max(axis=0)).min() > 0.99
    assert np.array_equal(found, learn(v))
