"""What every layer of the network that learns the room explains of a column: for showing, on a network of one's own.

The steps are those of `adaptiveinfer.infer`, with a look between them. Worker thread.
"""

import numpy as np
from numba import carray, types

from realtime.base.functions import log
from realtime.base.handover import take
from realtime.base.intrinsics import as_pointer, floats
from realtime.base.safety import realtime, realtime_callback
from realtime.base.units import FLOOR
from realtime.networks.adaptiveinfer import hear, remember, run_layer, take_room
from realtime.networks.adaptivelayer import ONE, ZERO
from realtime.networks.adaptiveread import read_mask
from realtime.networks.adaptiverecord import ADAPTIVE
from realtime.networks.network import NETWORK

_FLOOR = np.float32(FLOOR)


@realtime("float32(int64, int64, boolean)")
def _divergence(address: int, n_bins: int, flat: bool) -> np.float32:
    """KL divergence of the column from both parts at their best scale, or from a flat one, per sum. [worker-thread]"""
    a = carray(as_pointer(address), (1,), ADAPTIVE)[0]
    v, s, n = floats(a.v, n_bins), floats(a.parts, n_bins), floats(a.parts + 4 * n_bins, n_bins)
    total, explained = _FLOOR, _FLOOR
    for f in range(n_bins):
        total += v[f]
        explained += ONE if flat else s[f] + n[f]
    rest = ZERO
    for f in range(n_bins):
        model = (ONE if flat else s[f] + n[f]) * (total / explained) + _FLOOR
        rest += v[f] * log((v[f] + _FLOOR) / model)
    return rest / total


@realtime_callback(types.void(types.int64, types.int64, types.int64, types.int64))
def explain_column(address: int, stack: int, masks: int, divergences: int) -> None:
    """Run the layers over one column, telling after each what it is and how well it fits. [worker-thread]

    Parameters
    ----------
    address : int64
        Of a `NETWORK` record of one stream.
    stack : int64
        Address of |X|, float32[F].
    masks, divergences : int64
        Addresses of float32[K + 1, F] and float32[K + 1], written. Of compressed columns; without a layer the model is
        a flat spectrum.
    """
    net = carray(as_pointer(address), (1,), NETWORK)[0]
    out = floats(divergences, net.n_layers + 1)
    begun, choice = hear(net.arrays, stack, net.n_bins), take(net.choice)
    take_room(net.arrays)
    for k in range(net.n_layers + 1):
        if begun and k > 0:
            run_layer(net.arrays, k - 1)
        runs = begun and k > 0
        read_mask(net.arrays, k if runs else 0, choice, masks + 4 * k * net.n_bins)
        out[k] = _divergence(net.arrays, net.n_bins, not runs)
    if begun:
        a = carray(as_pointer(net.arrays), (1,), ADAPTIVE)[0]
        read_mask(net.arrays, net.n_layers, 0, a.mask)
        remember(net.arrays, a.mask, net.n_bins)
