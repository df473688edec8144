"""The recurrence of the network that learns the room, over chunks of many streams, with its gradient by hand.

The streams' own bases are data: they depend on the masks of earlier columns, but nothing is learned through them.
"""

from typing import Any

import torch

from training.recurrencecpu import CpuRecurrence
from training.recurrencetorch import TorchRecurrence
from training.streams import LEARNED, Columns, Stream, Weights

Tensor = torch.Tensor


def run(w: Weights, v: Tensor, stream: Stream, n_speech: int, share: float, products: torch.dtype) -> tuple[Any, ...]:
    """Run a chunk v (T, B, F); return (Columns, Stream after it).

    Parameters
    ----------
    w : dict
        Weights.
    v : (T, B, F)
        Compressed columns.
    stream : Stream
        Before the chunk.
    n_speech : int
        Bases of speech, from the first.
    share : float
        rho.
    products : dtype
        Of the matrix products: bfloat16 where that is quick.
    """
    fixed = {name: tensor.detach() for name, tensor in w.items()}
    on_cpu = v.device.type == "cpu" and v.dtype == torch.float32
    made = (CpuRecurrence if on_cpu else TorchRecurrence).apply(
        fixed, n_speech, share, products, v, *vars(stream).values(), *(w[name] for name in LEARNED)
    )
    h, d, own, m, n, last, age = made
    return Columns(h, d, own), Stream(m, n, last, age)
