"""Small random networks and columns that the tests of training share."""

import torch

from training.dnmf import Network, deep

N_BINS, CONTEXT, N_SPEECH, N_NOISE = 5, 2, 3, 2


def columns(n: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return stacked magnitudes (D, n) and a target (F, n) below the current ones, float64."""
    generator = torch.Generator().manual_seed(seed)
    stack = 0.1 + 2 * torch.rand(N_BINS * CONTEXT, n, generator=generator, dtype=torch.float64)
    return stack, stack[-N_BINS:] * torch.rand(N_BINS, n, generator=generator, dtype=torch.float64)


def random_network(n_layers: int, n_trained: int, beta: float = 1.0, seed: int = 1, **options) -> Network:
    """Return a network whose matrices have all been moved apart, float64."""
    generator = torch.Generator().manual_seed(seed)
    w = 0.05 + torch.rand(N_BINS * CONTEXT, N_SPEECH + N_NOISE, generator=generator, dtype=torch.float64)
    net = deep(w / w.norm(dim=0), N_BINS, n_layers, n_trained, N_SPEECH, beta=beta, sparsity=0.3, **options)
    moved = tuple(m * (0.7 + 0.6 * torch.rand(m.shape, generator=generator, dtype=m.dtype)) for m in net.matrices)
    return net.with_matrices(moved)
