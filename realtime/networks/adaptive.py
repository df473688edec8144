"""The network that learns the room while it runs: an unfolded NMF with a memory and with bases of its own stream.

Letters as in `nmf`. One column at a time, v = (|X| + 1e-4)^p o b compressed magnitudes, l their mean level:

    m^k, n^k           memories of layer k: activations (R,) and own activations (J,)     kept from column to column
    B (J,F)            the stream's own bases: first those of the room, then those that follow the sources

    g   = A' m^0 + l h0          in layer 0, else h             start, the past informs the present
    g_B = mix^k o n^k + floor^k  and in later layers + d        start of the own bases
    q   = [v; rho m^k] / (W^k g + [B' g_B; 0] + eps)            the memory is observed beside the column
    h   = g o (c^k o W^k'q)^(e^k) + l                           layer k
    d   = g_B o (c_B^k o B q / B 1)^(e_B^k)
    m^k = h + leak^k o (m^k - h);  n^k = d                      after the column
    s, n = U_s^k h_s + B_s'(w^k o d_s),  U_n^k h_n + B_n'(w^k o d_n)                 read-out after layer k
    mask = sigmoid(slope^k o (log s/n + follow^k o log v/(s + n)))

Own bases that follow: B_j moves towards mask o v (speech) or (1 - mask) o v (noise) by a share `rate_j` per column; the
mask is that of the last layer, whichever is heard. Those with a rate `fall_j` follow the floor of v itself, whatever
the mask: they rise by `rate_j` of the difference and fall by `fall_j` of it. Those of the room are the work of
`realtime.adapt`: `infer` hands it (1 - mask)^2 o v, averaged over `MEAN` columns, through a ring, and takes finished
bases over at the start of a column through one pointer. The audio thread's half is in `adaptiveinfer`; here
are the functions of the main and worker threads.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.base.handover import USED, WANTED, WORDS, offer
from realtime.base.memory import State, aligned
from realtime.base.ring import Ring
from realtime.base.vectors import LANES, ROWS
from realtime.networks.adaptiveinfer import infer
from realtime.networks.adaptivelayer import EPSILON, OWN
from realtime.networks.adaptiverecord import ADAPTIVE
from realtime.networks.network import network_record
from realtime.networks.nmf import Floats

HEARD_ROWS = 512  # of the ring: 20 s, far more than a fit waits


@dataclass(frozen=True)
class Weights:
    """What is trained; letters as in the module's text. All float32.

    Attributes
    ----------
    W : (K, F + R, R)
        The rows of the column before those of the memory.
    read : (K, F, R)
        U_s beside U_n.
    transition : (R, R)
        A.
    start, input : (R,), (F,)
        h0 and b.
    gain, power, leak, first : (K, R)
        c, e, leak, and m^k before the first column as a multiple of its level.
    slope, follow : (K, F)
    own_gain, own_power, own_mix, own_floor, own_read : (K, J)
    own_rate : (J,)
        0 for the bases of the room.
    own_speech : (J,)
        1 for bases of speech, 0 for those of noise.
    own_fall : (J,)
        0 for bases of the room and those that follow a source.
    room : (n_room, F)
        Where the fit of a room starts: rows of sum 1.
    """

    W: Floats
    read: Floats
    transition: Floats
    start: Floats
    input: Floats
    gain: Floats
    power: Floats
    leak: Floats
    first: Floats
    slope: Floats
    follow: Floats
    own_gain: Floats
    own_power: Floats
    own_mix: Floats
    own_floor: Floats
    own_read: Floats
    own_rate: Floats
    own_speech: Floats
    own_fall: Floats
    room: Floats


def _up(n: int, multiple: int) -> int:
    return -(-n // multiple) * multiple


def _laid(matrix: Floats) -> Floats:
    laid = aligned((_up(matrix.shape[0], ROWS), _up(matrix.shape[1], LANES)))
    laid[: matrix.shape[0], : matrix.shape[1]] = matrix
    return laid


def _wide(rows: Floats, width: int) -> Floats:
    laid = aligned((*rows.shape[:-1], width))
    laid[..., : rows.shape[-1]] = rows
    return laid


def _addresses(matrices: list[Floats]) -> NDArray[np.int64]:
    return np.array([m.ctypes.data for m in matrices], np.int64)


def network(
    weights: Weights, n_speech: int, exponent: float, memory_share: float, n_bins: int, scale: float, n_streams: int,
    room_share: float = 1.0,
) -> State:  # fmt: skip
    """Lay a network out for the audio thread. [main-thread]

    Parameters
    ----------
    weights : Weights
        Of F bins; the first n_bins are used.
    n_speech : int
        How many of the R bases, from the first, are speech.
    exponent, memory_share : float
        p and rho.
    n_bins : int
        Bins of the columns to come, at most F.
    scale : float
        What their magnitudes are multiplied by, to have the level of those trained on.
    n_streams : int
        Columns come in turn from so many streams, each with a memory of its own.
    room_share : float
        What the bases of a room are multiplied by.
    """
    k, n_trained, n_bases = weights.read.shape
    width, n_own = _up(n_bases, LANES), len(weights.own_rate)
    kept = np.r_[:n_bins, n_trained : n_trained + n_bases]
    layers = [_laid(w[kept]) for w in weights.W]
    speech = [_laid(u[:n_bins, :n_speech]) for u in weights.read]
    noise = [_laid(u[:n_bins, n_speech:]) for u in weights.read]
    bases, sums = aligned((n_streams, n_own, n_bins)), aligned((n_streams, n_own))
    shared = {"speech": weights.own_speech.copy(), "fall": weights.own_fall.copy()}
    shared |= {"start": aligned(n_own), "d": aligned(n_own)}
    owns = [State(OWN, n_own=n_own, n_bins=n_bins, bases=bases[i], sums=sums[i], **shared) for i in range(n_streams)]
    heard = Ring(HEARD_ROWS, np.float32, n_bins)
    n_observed = _up(n_bins + n_bases, ROWS)
    arrays = State(
        ADAPTIVE,
        n_bases=n_bases, n_layers=k, n_padded=width, n_speech=n_speech, n_room=len(weights.room), n_streams=n_streams,
        exponent=exponent, scale=scale, level=1e-3 * n_trained / (n_bases * n_bins), share=memory_share,
        input=weights.input[:n_bins].copy(), transition=_laid(weights.transition.T), start=_wide(weights.start, width),
        weights=_addresses(layers), speech=_addresses(speech), noise=_addresses(noise),
        **{name: _wide(getattr(weights, name), width) for name in ("gain", "power", "leak", "first")},
        **{name: np.ascontiguousarray(getattr(weights, name)[:, :n_bins]) for name in ("slope", "follow")},
        **{f"own_{n}": getattr(weights, f"own_{n}").copy() for n in ("gain", "power", "mix", "floor", "read", "rate")},
        owns=np.array([own.address for own in owns], np.int64),
        memories=aligned((n_streams, k, width)), own_memories=aligned((n_streams, k, n_own)), ages=aligned(n_streams),
        room=aligned(WORDS, np.int64), heard_header=heard.header, heard_rows=heard.rows, removed=aligned(n_bins),
        v=aligned(n_bins), observed=aligned(n_observed), beside=aligned(n_observed), q=aligned(n_observed),
        h=aligned(width), sums=aligned(width), h_noise=aligned(noise[0].shape[1]), parts=aligned((2, n_bins)),
        chosen_h=aligned(width), chosen_weights=aligned(n_own), chosen_parts=aligned((2, n_bins)), mask=aligned(n_bins),
    )  # fmt: skip
    arrays.keep["beside"][:] = EPSILON
    arrays.keep["matrices"] = (layers, speech, noise, owns, heard)
    made = network_record(infer, arrays, k, n_bins, n_bins, n_bases + n_own)
    made.keep["heard"], made.keep["own"], made.keep["room_share"] = heard, bases[0], np.float32(room_share)
    return made


def use_room(network: State, bases: Floats) -> bool:
    """Let a network take over bases of the room at its next column. [thread-safe]

    Called by one thread at a time. Returns False, and does nothing, while the last set has yet to be taken over.

    Parameters
    ----------
    network : State
        Made by `network`.
    bases : float32[n_room, F]
        At the level of the columns: as `realtime.adapt` fits them.
    """
    words = network.keep["arrays"].keep["room"]
    if words[WANTED] != words[USED]:
        return False
    made = aligned(bases.shape)
    made[:] = network.keep["room_share"] * bases
    network.keep["room_given"] = np.array(bases)
    # The set taken over last is kept too: addresses must differ from one set to the next.
    network.keep["room"] = (network.keep.get("room", (None, None))[-1], made)
    offer(words, made.ctypes.data)
    return True


def room_of(network: State) -> Floats | None:
    """Return the bases of a room that were last handed to a network, or None if none ever were. [thread-safe]"""
    return network.keep.get("room_given")
