"""One column through the network that learns the room; equations and letters are in `adaptive`. Audio thread."""

import numpy as np
from numba import carray

from realtime.base.functions import exp, log
from realtime.base.handover import USED, WORDS, take
from realtime.base.intrinsics import as_pointer, floats, integers
from realtime.base.ring import CAPACITY, HEADER_SIZE, REFUSED, WRITTEN, ring_publish, ring_space
from realtime.base.safety import realtime, realtime_callback
from realtime.base.vectors import ROWS, dot_rows
from realtime.networks.adaptivelayer import (
    ONE,
    OWN,
    ZERO,
    add_own,
    follow_sources,
    ratios,
    sum_own,
    update,
    update_own,
)
from realtime.networks.adaptiveread import read_mask
from realtime.networks.adaptiverecord import ADAPTIVE, MEAN
from realtime.networks.network import INFER_SIGNATURE, MAX_TAPS, NETWORK

INPUT_FLOOR = np.float32(1e-4)
THOUSAND = np.float32(1e3)
LOUDEST = np.float32(1e6)  # of a magnitude, so that no sample leaves a trace for ever
SILENCE = np.float32(1e-5)  # mean magnitude below which a stream has not begun
OWN_START = np.float32(0.3)  # activation of an own basis before the first column
HALF = np.float32(0.5)


@realtime("void(int64)")
def take_room(address: int) -> None:
    """Copy the bases of the room into every stream's own if there is a new set. [audio-thread]"""
    a = carray(as_pointer(address), (1,), ADAPTIVE)[0]
    used, owns = integers(a.room, WORDS)[USED], integers(a.owns, a.n_streams)
    wanted = take(a.room)
    if wanted == used:
        return
    for i in range(a.n_streams):
        o = carray(as_pointer(owns[i]), (1,), OWN)[0]
        for j in range(a.n_room):
            row, new = floats(o.bases + 4 * j * o.n_bins, o.n_bins), floats(wanted + 4 * j * o.n_bins, o.n_bins)
            for f in range(o.n_bins):
                row[f] = new[f]
            sum_own(owns[i], j)


@realtime("void(int64, float32)")
def _begin(address: int, total: np.float32) -> None:
    """Give a stream the memories it has before its first column. [audio-thread]"""
    a = carray(as_pointer(address), (1,), ADAPTIVE)[0]
    own = integers(a.owns, a.n_streams)[a.stream]
    o = carray(as_pointer(own), (1,), OWN)[0]
    level = a.level * THOUSAND * total
    for k in range(a.n_layers):
        place = (a.stream * a.n_layers + k) * a.n_padded
        m, first = floats(a.memories + 4 * place, a.n_padded), floats(a.first + 4 * k * a.n_padded, a.n_padded)
        n = floats(a.own_memories + 4 * (a.stream * a.n_layers + k) * o.n_own, o.n_own)
        for r in range(a.n_padded):
            m[r] = level * first[r]
        for j in range(o.n_own):
            n[j] = OWN_START
    v = floats(a.v, o.n_bins)
    for j in range(a.n_room, o.n_own):
        row = floats(o.bases + 4 * j * o.n_bins, o.n_bins)
        for f in range(o.n_bins):
            row[f] = HALF * v[f]
    for j in range(o.n_own):
        sum_own(own, j)
    floats(a.ages, a.n_streams)[a.stream] = ONE


@realtime("void(int64, int64)")
def _start_layer(address: int, k: int) -> None:
    """Set g and g_B of layer k, and let it observe its memory beside the column. [audio-thread]"""
    a = carray(as_pointer(address), (1,), ADAPTIVE)[0]
    o = carray(as_pointer(integers(a.owns, a.n_streams)[a.stream]), (1,), OWN)[0]
    place = a.stream * a.n_layers + k
    memory, n = a.memories + 4 * place * a.n_padded, floats(a.own_memories + 4 * place * o.n_own, o.n_own)
    h, m = floats(a.h, a.n_padded), floats(memory, a.n_padded)
    if k == 0:
        start, row = floats(a.start, a.n_padded), a.transition
        for r in range(0, a.n_bases, ROWS):
            h[r], h[r + 1], h[r + 2], h[r + 3] = dot_rows(row, a.n_padded, memory)
            row += 4 * ROWS * a.n_padded
        for r in range(a.n_bases):
            h[r] += a.now * start[r]
    seen = floats(a.observed + 4 * o.n_bins, a.n_bases)
    for r in range(a.n_bases):
        seen[r] = a.share * m[r]
    mix, floor = floats(a.own_mix + 4 * k * o.n_own, o.n_own), floats(a.own_floor + 4 * k * o.n_own, o.n_own)
    g, d = floats(o.start, o.n_own), floats(o.d, o.n_own)
    for j in range(o.n_own):
        g[j] = mix[j] * n[j] + floor[j]
        if k > 0:
            g[j] += d[j]


@realtime("void(int64, int64)")
def run_layer(address: int, k: int) -> None:
    """Run layer k, and remember its activations. [audio-thread]"""
    a = carray(as_pointer(address), (1,), ADAPTIVE)[0]
    own = integers(a.owns, a.n_streams)[a.stream]
    o = carray(as_pointer(own), (1,), OWN)[0]
    row, own_row = 4 * k * a.n_padded, 4 * k * o.n_own
    _start_layer(address, k)
    add_own(own, a.beside)
    weights = integers(a.weights, a.n_layers)[k]
    ratios(weights, a.observed, a.beside, a.q, o.n_bins + a.n_bases, a.n_padded, a.h, a.sums)
    update(a.h, a.sums, a.gain + row, a.power + row, a.n_padded)
    update_own(own, a.q, a.own_gain + own_row, a.own_power + own_row)
    place = a.stream * a.n_layers + k
    h, m, leak = (
        floats(a.h, a.n_bases),
        floats(a.memories + 4 * place * a.n_padded, a.n_bases),
        floats(a.leak + row, a.n_bases),
    )
    for r in range(a.n_bases):
        h[r] += a.now
        m[r] = h[r] + leak[r] * (m[r] - h[r])
    n, d = floats(a.own_memories + 4 * place * o.n_own, o.n_own), floats(o.d, o.n_own)
    for j in range(o.n_own):
        n[j] = d[j]


@realtime("void(int64, int64, int64)")
def _keep_removed(address: int, mask: int, n_bins: int) -> None:
    """Hand what the mask removed, averaged over `MEAN` columns, to who fits the room. [audio-thread]

    Weighted by the mask's own doubt: of loud speech even the few per cent that it removes are more than a soft noise.
    """
    a = carray(as_pointer(address), (1,), ADAPTIVE)[0]
    v, m, removed = floats(a.v, n_bins), floats(mask, n_bins), floats(a.removed, n_bins)
    header = integers(a.heard_header, HEADER_SIZE)
    for f in range(n_bins):
        share = ONE - m[f]
        removed[f] += share * share * v[f]
    a.n_removed += 1
    if a.n_removed == MEAN:
        if ring_space(header) > 0:
            row = floats(a.heard_rows + 4 * n_bins * (header[WRITTEN] % header[CAPACITY]), n_bins)
            for f in range(n_bins):
                row[f] = removed[f] / np.float32(MEAN)
            ring_publish(header, 1)
        else:
            header[REFUSED] += 1
        for f in range(n_bins):
            removed[f] = ZERO
        a.n_removed = 0


@realtime("boolean(int64, int64, int64)")
def hear(address: int, stack: int, n_bins: int) -> bool:
    """Compress the column; False while the stream has not begun. [audio-thread]"""
    a = carray(as_pointer(address), (1,), ADAPTIVE)[0]
    m, b, v, seen = floats(stack, n_bins), floats(a.input, n_bins), floats(a.v, n_bins), floats(a.observed, n_bins)
    loud, total = ZERO, ZERO
    for f in range(n_bins):
        magnitude = min(a.scale * m[f], LOUDEST)
        loud += magnitude
        v[f] = exp(a.exponent * log(magnitude + INPUT_FLOOR)) * b[f]
        seen[f] = v[f]
        total += v[f]
    a.now = a.level * total
    begun = floats(a.ages, a.n_streams)[a.stream] > ZERO
    if not begun and loud > SILENCE * np.float32(n_bins):
        _begin(address, total)
        begun = True
    return begun


@realtime("void(int64, int64)")
def _tell_activations(address: int, activations: int) -> None:
    """Copy h and d, behind each other, to where others find them. [audio-thread]"""
    a = carray(as_pointer(address), (1,), ADAPTIVE)[0]
    o = carray(as_pointer(integers(a.owns, a.n_streams)[a.stream]), (1,), OWN)[0]
    h, d, out = floats(a.h, a.n_bases), floats(o.d, o.n_own), floats(activations, a.n_bases + o.n_own)
    for r in range(a.n_bases):
        out[r] = h[r]
    for j in range(o.n_own):
        out[a.n_bases + j] = d[j]


@realtime("void(int64, int64, int64)")
def remember(address: int, mask: int, n_bins: int) -> None:
    """Let the stream's own bases follow a column, by its last mask, and hand on what that removed. [audio-thread]"""
    a = carray(as_pointer(address), (1,), ADAPTIVE)[0]
    ages = floats(a.ages, a.n_streams)
    young = ONE / (ONE + ages[a.stream])
    follow_sources(integers(a.owns, a.n_streams)[a.stream], a.n_room, a.own_rate, a.v, mask, young)
    ages[a.stream] += ONE
    if a.stream == 0:
        _keep_removed(address, mask, n_bins)


@realtime_callback(INFER_SIGNATURE)
def infer(address: int, stack: int, depth: int, heard: int) -> None:
    """Run the layers over one column, read masks out, and remember. [audio-thread]

    Parameters
    ----------
    address : int64
        Of a `NETWORK` record; its taps receive the masks after their own depths.
    stack : int64
        Address of |X|, float32[F].
    depth : int64
        Layers before the mask that is heard, 0 to K. All layers run, whatever the depth, since what is remembered and
        learned comes from all of them; nothing does at depth 0 without taps.
    heard : int64
        Address of float32[F], the mask, written here.
    """
    net = carray(as_pointer(address), (1,), NETWORK)[0]
    a = carray(as_pointer(net.arrays), (1,), ADAPTIVE)[0]
    taps = integers(net.taps, MAX_TAPS)
    begun, choice = hear(net.arrays, stack, net.n_bins), take(net.choice)
    take_room(net.arrays)
    deepest = depth
    for t in range(net.n_taps):
        deepest = max(deepest, taps[t])
    runs = begun and deepest > 0
    for k in range(net.n_layers + 1):
        read = k if runs else 0
        if k == depth:
            read_mask(net.arrays, read, choice, heard)
        for t in range(net.n_taps):
            if k == taps[t]:
                read_mask(net.arrays, read, choice, net.tap_masks + 4 * t * net.n_bins)
        if runs and k < net.n_layers:
            run_layer(net.arrays, k)
    if runs:
        _tell_activations(net.arrays, net.activations)
        mask = heard
        if depth < net.n_layers or choice != 0:  # what is learned is not a matter of who listens to what
            mask = a.mask
            read_mask(net.arrays, net.n_layers, 0, mask)
        remember(net.arrays, mask, net.n_bins)
    a.stream = (a.stream + 1) % a.n_streams
