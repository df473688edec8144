"""What every kind of network is to the rest: a stack of magnitudes in, a mask out, some layers deep.

The record holds the address of the kind's own `infer` and of its arrays, so whoever runs a network need not know its
kind. Audio thread; the kinds' own `network` functions make one on the main thread.
"""

from typing import Any

import numpy as np
from numba import types

from realtime.base.memory import State, aligned

MAX_TAPS = 8

NETWORK = np.dtype(
    [
        ("infer", np.int64),  # address of a function of INFER_SIGNATURE
        ("arrays", np.int64),  # the kind's own record
        ("n_layers", np.int64),  # K
        ("n_bins", np.int64),  # F
        ("n_inputs", np.int64),  # D = F * columns of context
        ("n_taps", np.int64),
        ("taps", np.int64),  # int64[MAX_TAPS]: depths to read out besides the one heard
        ("tap_masks", np.int64),  # float32[MAX_TAPS * F]
    ],
    align=True,
)

INFER_SIGNATURE = types.void(types.int64, types.int64, types.int64, types.int64)
"""``void infer(network, stack, depth, heard)``: the first two and the last are addresses.

Of the `NETWORK`, of float32[D] and of float32[F], the mask to write.
"""


def network_record(infer: Any, arrays: State, n_layers: int, n_bins: int, n_inputs: int) -> State:
    """Return the record of a network. [main-thread]

    Parameters
    ----------
    infer : numba cfunc
        Of `INFER_SIGNATURE`.
    arrays : State
        The kind's own record.
    n_layers, n_bins, n_inputs : int
        K, F and D.
    """
    return State(
        NETWORK,
        infer=infer.address,
        arrays=arrays,
        n_layers=n_layers,
        n_bins=n_bins,
        n_inputs=n_inputs,
        taps=aligned(MAX_TAPS, np.int64),
        tap_masks=aligned(MAX_TAPS * n_bins),
    )
