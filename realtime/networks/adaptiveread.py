"""The read-out of the network that learns the room: its mask, or that of a choice of its bases. Audio thread.

Letters as in `adaptive`; what a choice is, `network` defines.
"""

import numpy as np
from numba import carray

from realtime.base.intrinsics import as_pointer, floats, integers
from realtime.base.safety import realtime
from realtime.base.units import FLOOR
from realtime.base.vectors import LANES
from realtime.networks.adaptivelayer import ONE, OWN, ZERO, read_own, read_part, share
from realtime.networks.adaptiverecord import ADAPTIVE

_FLOOR = np.float32(FLOOR)


@realtime("int64(int64)")
def _padded(n_bases: int) -> int:
    """Columns of a read-out's rows. [audio-thread]"""
    return (n_bases + LANES - 1) // LANES * LANES


@realtime("void(int64, int64, int64)")
def _no_layers(address: int, choice: int, mask: int) -> None:
    """One everywhere: all is speech, and each basis of it holds the same share. [audio-thread]"""
    a = carray(as_pointer(address), (1,), ADAPTIVE)[0]
    o = carray(as_pointer(integers(a.owns, a.n_streams)[a.stream]), (1,), OWN)[0]
    held = ONE
    if choice != 0:
        chosen, of_speech = floats(choice, a.n_bases + o.n_own), floats(o.speech, o.n_own)
        heard, total = ZERO, np.float32(a.n_speech)
        for r in range(a.n_speech):
            heard += chosen[r]
        for j in range(o.n_own):
            heard += of_speech[j] * chosen[a.n_bases + j]
            total += of_speech[j]
        held = heard / total
    out = floats(mask, o.n_bins)
    for f in range(o.n_bins):
        out[f] = held


@realtime("void(int64, int64, int64)")
def _choose(address: int, k: int, choice: int) -> None:
    """Set s_C and n_C after k layers. [audio-thread]"""
    a = carray(as_pointer(address), (1,), ADAPTIVE)[0]
    own = integers(a.owns, a.n_streams)[a.stream]
    o = carray(as_pointer(own), (1,), OWN)[0]
    h, chosen, kept = floats(a.h, a.n_bases), floats(choice, a.n_bases + o.n_own), floats(a.chosen_h, a.n_padded)
    speech, noise = a.chosen_parts, a.chosen_parts + 4 * o.n_bins
    for r in range(a.n_speech):
        kept[r] = h[r] * chosen[r]
    for r in range(a.n_speech, a.n_padded):
        kept[r] = ZERO
    read_part(integers(a.speech, a.n_layers)[k - 1], o.n_bins, _padded(a.n_speech), a.chosen_h, speech)
    n_noise = a.n_bases - a.n_speech
    for r in range(n_noise):
        kept[r] = h[a.n_speech + r] * chosen[a.n_speech + r]
    for r in range(n_noise, a.n_padded):
        kept[r] = ZERO
    read_part(integers(a.noise, a.n_layers)[k - 1], o.n_bins, _padded(n_noise), a.chosen_h, noise)
    weights, some = floats(a.own_read + 4 * (k - 1) * o.n_own, o.n_own), floats(a.chosen_weights, o.n_own)
    for j in range(o.n_own):
        some[j] = weights[j] * chosen[a.n_bases + j]
    read_own(own, a.chosen_weights, speech, noise)


@realtime("void(int64, int64, int64, int64)")
def read_mask(address: int, k: int, choice: int, mask: int) -> None:
    """Read the mask out after k layers. [audio-thread]

    Parameters
    ----------
    address : int64
        Of an `ADAPTIVE` record.
    k : int64
        0 to K; after no layers the mask is one everywhere.
    choice : int64
        Address of float32[R + J], 1 for the bases that are heard, 0 for the others; or 0, without a choice.
    mask : int64
        Address of float32[F], written, in [0, 1].
    """
    if k == 0:
        _no_layers(address, choice, mask)
        return
    a = carray(as_pointer(address), (1,), ADAPTIVE)[0]
    own = integers(a.owns, a.n_streams)[a.stream]
    o = carray(as_pointer(own), (1,), OWN)[0]
    n_noise = a.n_bases - a.n_speech
    h, rest = floats(a.h, a.n_bases), floats(a.h_noise, n_noise)
    for r in range(n_noise):
        rest[r] = h[a.n_speech + r]
    speech, noise, place = a.parts, a.parts + 4 * o.n_bins, 4 * (k - 1) * o.n_bins
    read_part(integers(a.speech, a.n_layers)[k - 1], o.n_bins, _padded(a.n_speech), a.h, speech)
    read_part(integers(a.noise, a.n_layers)[k - 1], o.n_bins, _padded(n_noise), a.h_noise, noise)
    read_own(own, a.own_read + 4 * (k - 1) * o.n_own, speech, noise)
    share(speech, noise, a.v, a.follow + place, a.slope + place, o.n_bins, mask)
    if choice != 0:
        _choose(address, k, choice)
        s, n, gain = floats(speech, o.n_bins), floats(noise, o.n_bins), floats(mask, o.n_bins)
        some_s, some_n = floats(a.chosen_parts, o.n_bins), floats(a.chosen_parts + 4 * o.n_bins, o.n_bins)
        for f in range(o.n_bins):
            kept = gain[f] * (some_s[f] / max(s[f], _FLOOR))
            gain[f] = kept + (ONE - gain[f]) * (some_n[f] / max(n[f], _FLOOR))
