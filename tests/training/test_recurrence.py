"""Oracles: autograd through the plain equations, and `adaptive_oracle`, which the kernel is tested against as well."""

import numpy as np
import torch

from tests.networks.adaptive_oracle import Oracle, random_weights
from training.recurrence import run
from training.streams import LEARNED, Stream, begin, log_mask

N_SPEECH, SHARE, N_BINS = 4, 0.2, 9
SIZES = {"n_bins": N_BINS, "n_bases": 7, "n_layers": 3, "n_room": 1, "followers": "nnfs"}


def weights_of(seed: int) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(np.asarray(a, float)) for name, a in vars(random_weights(seed, **SIZES)).items()}


def chunk(seed: int, t: int = 7, b: int = 3) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).gamma(0.7, 1, (t, b, N_BINS)) + 1e-3)


def plain(w, v: torch.Tensor, stream: Stream, own: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return h and d by the equations, line for line, given the own bases (T, B, J, F) of every column."""
    k_max, r = w["gain"].shape
    level = 1e-3 * v.detach().sum(2, keepdim=True) / r
    m, n, hs, ds = list(stream.m), list(stream.n), [], []
    for t, x in enumerate(v):
        h, d = m[0] @ w["transition"] + level[t] * w["start"], torch.zeros_like(n[0])
        for k in range(k_max):
            g, g_own = h, w["own_mix"][k] * n[k] + w["own_floor"][k] + d
            model = g @ w["W"][k].T + 1e-4
            beside = torch.einsum("bj,bjf->bf", g_own, own[t])
            q = torch.cat([x, SHARE * m[k]], 1) / (model + torch.nn.functional.pad(beside, (0, r)))
            a = (q @ w["W"][k] + 1e-8) * w["gain"][k]
            h = (g * torch.exp(w["power"][k] * a.log().clamp(-9, 5))).clamp(max=500) + level[t]
            at = (torch.einsum("bjf,bf->bj", own[t], q[:, :N_BINS]) + 1e-8) / (own[t].sum(2) + 1e-3)
            d = (g_own * torch.exp(w["own_power"][k] * (at * w["own_gain"][k]).log().clamp(-9, 5))).clamp(
                max=100
            ) + 1e-4
            hs.append(h)
            ds.append(d)
            m[k], n[k] = h + w["leak"][k] * (m[k] - h), d
    shape = (len(v), k_max)
    return (torch.stack(x).unflatten(0, shape).transpose(0, 1) for x in (hs, ds))


def test_the_gradient_is_that_of_autograd_through_the_equations() -> None:
    w, v = weights_of(0), chunk(0).requires_grad_()
    start = begin(w, v[0].detach())
    start.own[:, :1] = chunk(1, 1)[0][:, None]
    m, n = start.m.clone().requires_grad_(), start.n.clone().requires_grad_()
    leaves = [w[name].requires_grad_() for name in LEARNED] + [v, m, n]
    begun = Stream(m, n, start.own, start.age)
    columns, after = run(w, v, begun, N_SPEECH, SHARE, torch.float64)
    h, d = plain(w, v, begun, columns.own)
    assert torch.allclose(columns.h, h, rtol=1e-9) and torch.allclose(columns.d, d, rtol=1e-9)
    generator = torch.Generator().manual_seed(0)
    wish_h, wish_d = (torch.randn(x.shape, generator=generator, dtype=x.dtype) for x in (h, d))
    wanted = torch.autograd.grad((h * wish_h).sum() + (d * wish_d).sum(), leaves)
    got = torch.autograd.grad((columns.h * wish_h).sum() + (columns.d * wish_d).sum(), leaves)
    for name, a, b in zip([*LEARNED, "v", "m", "n"], got, wanted, strict=True):
        assert torch.allclose(a, b, rtol=1e-8, atol=1e-9 * float(b.abs().max())), name
    assert not after.m.requires_grad


def test_masks_and_own_bases_are_those_of_the_kernels_oracle() -> None:
    numbers, w = random_weights(2, **SIZES), weights_of(2)
    magnitudes = np.random.default_rng(3).gamma(0.7, 1, (12, N_BINS))
    oracle = Oracle(numbers, N_SPEECH, 0.67, SHARE)
    wanted = [oracle.column(column) for column in magnitudes]
    v = ((torch.from_numpy(magnitudes) + 1e-4) ** 0.67 * w["input"])[:, None]
    columns, after = run(w, v, begin(w, v[0]), N_SPEECH, SHARE, torch.float64)
    for k in range(3):
        mask = torch.exp(log_mask(w, k, N_SPEECH, columns.h[k], columns.d[k], columns.own, v))[:, 0]
        np.testing.assert_allclose(mask, [masks[k + 1] for masks in wanted], atol=1e-7)
    np.testing.assert_allclose(after.own[0], oracle.own, rtol=1e-6)


def test_two_halves_are_one_chunk() -> None:
    w, v = weights_of(4), chunk(5, 8)
    whole, end = run(w, v, begin(w, v[0]), N_SPEECH, SHARE, torch.float64)
    first, between = run(w, v[:3], begin(w, v[0]), N_SPEECH, SHARE, torch.float64)
    second, after = run(w, v[3:], between.detached(), N_SPEECH, SHARE, torch.float64)
    assert torch.equal(torch.cat([first.h, second.h], 1), whole.h)
    assert all(torch.equal(a, b) for a, b in zip(vars(after).values(), vars(end).values(), strict=True))


def test_chosen_streams_begin_anew() -> None:
    w, v = weights_of(6), chunk(7)
    _, after = run(w, v, begin(w, v[0]), N_SPEECH, SHARE, torch.float64)
    fresh = begin(w, v[1])
    mixed = after.where(torch.tensor([False, True, False]), fresh)
    for found, old, new in zip(vars(mixed).values(), vars(after).values(), vars(fresh).values(), strict=True):
        streams = (
            1 if found.ndim == 3 and len(found) == 3 and found.shape[1] == 3 and found.shape != after.own.shape else 0
        )
        for i, wanted in enumerate((old, new, old)):
            assert torch.equal(found.select(streams, i), wanted.select(streams, i))
