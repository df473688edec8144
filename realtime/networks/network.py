"""What every kind of network is to the rest: a stack of magnitudes in, a mask out, some layers deep.

The record holds the address of the kind's own `infer` and of its arrays, so whoever runs a network need not know its
kind. A kind with bases says how active each one is and lets some be heard alone: with G the mask of its own, s_C and
n_C what the chosen bases hold of the sources' parts s and n, the mask is then

    G s_C / s + (1 - G) n_C / n

so that a choice and all other bases add up to the input. Audio thread; the kinds' own `network` functions make one on
the main thread.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import types

from realtime.base.handover import USED, WORDS, offer
from realtime.base.memory import State, aligned
from realtime.base.vectors import LANES

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
        ("n_bases", np.int64),  # that can be heard by themselves; 0: none
        ("activations", np.int64),  # float32[n_bases]: after the deepest layer that ran
        ("choice", np.int64),  # int64[WORDS]: of float32[n_bases, padded], 1: heard, 0: not; address 0: the mask G
    ],
    align=True,
)

INFER_SIGNATURE = types.void(types.int64, types.int64, types.int64, types.int64)
"""``void infer(network, stack, depth, heard)``: the first two and the last are addresses.

Of the `NETWORK`, of float32[D] and of float32[F], the mask to write.
"""


@dataclass(frozen=True)
class Basis:
    """What a basis stands for.

    Attributes
    ----------
    source : str
        As the model names it.
    is_speech : bool
        Whether it is of the source that is kept.
    own : str
        "" for a trained one; of the running stream's own, "room" for what is fitted to it, "follower" for a
        mean, "floor" for one of what is always there.
    seconds : float
        Time constant of such a mean, of its rise if it is a floor; 0 for others.
    """

    source: str
    is_speech: bool
    own: str = ""
    seconds: float = 0.0


def network_record(infer: Any, arrays: State, n_layers: int, n_bins: int, n_inputs: int, n_bases: int = 0) -> State:
    """Return the record of a network. [main-thread]

    Parameters
    ----------
    infer : numba cfunc
        Of `INFER_SIGNATURE`.
    arrays : State
        The kind's own record.
    n_layers, n_bins, n_inputs, n_bases : int
        K, F, D, and how many bases can be heard by themselves.
    """
    made = State(
        NETWORK,
        infer=infer.address,
        arrays=arrays,
        n_layers=n_layers,
        n_bins=n_bins,
        n_inputs=n_inputs,
        taps=aligned(MAX_TAPS, np.int64),
        tap_masks=aligned(MAX_TAPS * n_bins),
        n_bases=n_bases,
        activations=aligned(n_bases),
        choice=aligned(WORDS, np.int64),
    )
    made.keep["choices"] = [(0, None)]
    return made


def choose(network: State, bases: Iterable[int] | None) -> None:
    """Let these bases alone be heard from the next column on. [main-thread]

    Parameters
    ----------
    network : State
        With bases; one without is left as it is.
    bases : iterable of int or None
        Their numbers, 0 to n_bases - 1; others are ignored. None: those of speech, as without a choice.
    """
    n_bases, words, kept = int(network["n_bases"]), network.keep["choice"], network.keep["choices"]
    chosen = None
    if bases is not None:
        chosen = aligned(-(-n_bases // LANES) * LANES)
        chosen[[i for i in bases if 0 <= i < n_bases]] = 1
    # What was offered before the choice in use will not be looked at again; what came after it may be, any moment.
    del kept[: next(i for i, (address, _) in enumerate(kept) if address == words[USED])]
    kept.append((0 if chosen is None else chosen.ctypes.data, chosen))
    offer(words, kept[-1][0])
