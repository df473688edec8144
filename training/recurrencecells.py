"""The cells of the recurrence on a CPU, for chunks of float32: a few passes over memory between two matrix products.

The equations and letters are in `recurrencetorch`, which has the same in torch for every device and precision.
Arrays are those of a whole chunk: a cell works on layer k of column t, in all streams.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from realtime.base.functions import exp, log
from realtime.networks.adaptivelayer import (
    EPSILON,
    LEAST,
    LOG_LEAST,
    LOG_MOST,
    MOST,
    ONE,
    OWN_LEAST,
    OWN_MOST,
    OWN_SUM,
    ZERO,
)

Floats = NDArray[np.float32]

cell: Any = njit(
    cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz", "arcp", "afn"}
)  # sums in any order, as a matrix product has them; infinities and NaN stay what they are


@cell
def enter(t: int, own: Floats, owns: Floats, sums: Floats, level: Floats, start: Floats, g: Floats) -> None:
    """Keep the own bases (B, J, F) of a column, and their sums; add l h0 to g (K, T, B, R), which has A' m of it."""
    for b in range(own.shape[0]):
        for j in range(own.shape[1]):
            total = OWN_SUM
            for f in range(own.shape[2]):
                owns[t, b, j, f] = own[b, j, f]
                total += own[b, j, f]
            sums[t, b, j] = total
        for r in range(len(start)):
            g[0, t, b, r] += level[t, b] * start[r]


@cell
def observe(
    k: int, t: int, x: Floats, own: Floats, sums: Floats, m: Floats, n: Floats, mix: Floats, floor: Floats,
    gain: Floats, power: Floats, share: np.float32, inv: Floats, q: Floats, g_own: Floats, n_kept: Floats,
    a_own: Floats, d: Floats,
) -> None:  # fmt: skip
    """From W g in inv (K, T, B, F + R): 1 / model there, q beside it, and d and n of the own bases."""
    n_own, n_bins = own.shape[1:]
    for b in range(len(own)):
        model, ratio = inv[k, t, b], q[k, t, b]
        for i in range(len(model)):
            model[i] += EPSILON
        for j in range(n_own):
            n_kept[k, t, b, j] = n[k, b, j]
            weight = mix[k, j] * n[k, b, j] + floor[k, j] + (d[k - 1, t, b, j] if k else ZERO)
            g_own[k, t, b, j] = weight
            for f in range(n_bins):
                model[f] += weight * own[b, j, f]
        for i in range(len(model)):
            model[i] = ONE / model[i]
        for f in range(n_bins):
            ratio[f] = x[t, b, f] * model[f]
        for r in range(m.shape[2]):
            ratio[n_bins + r] = share * m[k, b, r] * model[n_bins + r]
        for j in range(n_own):
            total = LEAST
            for f in range(n_bins):
                total += own[b, j, f] * ratio[f]
            a = total / sums[t, b, j]
            a_own[k, t, b, j] = a
            bounded = min(max(log(a * gain[k, j]), LOG_LEAST), LOG_MOST)
            new = min(g_own[k, t, b, j] * exp(power[k, j] * bounded), OWN_MOST) + OWN_LEAST
            d[k, t, b, j] = new
            n[k, b, j] = new


@cell
def update(
    k: int, t: int, level: Floats, gain: Floats, power: Floats, leak: Floats, g: Floats, a: Floats, bounded: Floats,
    risen: Floats, h: Floats, m: Floats, m_kept: Floats,
) -> None:  # fmt: skip
    """From W'q in a (K, T, B, R): h, the memory m (K, B, R) behind it, and g of the next layer."""
    for b in range(m.shape[1]):
        for r in range(m.shape[2]):
            a[k, t, b, r] += LEAST
            bounded[k, t, b, r] = min(max(log(a[k, t, b, r] * gain[k, r]), LOG_LEAST), LOG_MOST)
            risen[k, t, b, r] = exp(power[k, r] * bounded[k, t, b, r])
        for r in range(m.shape[2]):
            new = min(g[k, t, b, r] * risen[k, t, b, r], MOST) + level[t, b]
            h[k, t, b, r] = new
            m_kept[k, t, b, r] = m[k, b, r]
            m[k, b, r] = new + leak[k, r] * (m[k, b, r] - new)
        if k + 1 < len(m):
            for r in range(m.shape[2]):
                g[k + 1, t, b, r] = h[k, t, b, r]


@cell
def follow(
    t: int, x: Floats, speech: Floats, noise: Floats, d: Floats, own_read: Floats, own_speech: Floats, gamma: Floats,
    slope: Floats, n_room: int, rate: Floats, fall: Floats, age: Floats, own: Floats,
) -> None:  # fmt: skip
    """From both sources' read-outs (B, F): let the own bases (B, J, F) follow their shares of the column, or floors."""
    last, mask = len(d) - 1, np.empty(own.shape[2], np.float32)
    for b in range(len(own)):
        s, n = speech[b], noise[b]
        for j in range(own.shape[1]):
            weight = d[last, t, b, j] * own_read[j]
            part = s if own_speech[j] > ZERO else n
            for f in range(len(mask)):
                part[f] += weight * own[b, j, f]
        for f in range(len(mask)):
            ratio = log((s[f] + EPSILON) / (n[f] + EPSILON))
            rest = log((x[t, b, f] + EPSILON) / (s[f] + n[f] + EPSILON))
            mask[f] = ONE / (ONE + exp(-slope[f] * (ratio + gamma[f] * rest)))
        for j in range(n_room, own.shape[1]):
            young = ONE / (ONE + age[b])
            z, of_speech = max(rate[j], young), own_speech[j]
            if fall[j] > ZERO:
                quick = max(fall[j], young)
                for f in range(len(mask)):
                    difference = x[t, b, f] - own[b, j, f]
                    own[b, j, f] += (z if difference > ZERO else quick) * difference
                continue
            for f in range(len(mask)):
                heard = x[t, b, f] * (of_speech * mask[f] + (ONE - of_speech) * (ONE - mask[f]))
                own[b, j, f] += z * (heard - own[b, j, f])
        age[b] += ONE


@cell
def update_back(
    k: int, t: int, dh: Floats, above: bool, g: Floats, a: Floats, bounded: Floats, risen: Floats, h: Floats, m: Floats,
    gain: Floats, power: Floats, leak: Floats, dm: Floats, dg: Floats, da: Floats, d_gain: Floats, d_power: Floats,
    d_leak: Floats,
) -> None:  # fmt: skip
    """Go back through `update`: dL/da (B, R), dL/dg where g stands alone, and the gradients of what is learned."""
    for b in range(len(dg)):
        for r in range(dg.shape[1]):
            memory = dm[k, b, r]
            d_leak[k, r] += memory * (m[k, t, b, r] - h[k, t, b, r])
            wish = dh[k, t, b, r] + (ONE - leak[k, r]) * memory + (dg[b, r] if above else ZERO)
            dm[k, b, r] = leak[k, r] * memory
            up, old = risen[k, t, b, r], g[k, t, b, r]
            wish = wish if old * up < MOST else ZERO
            rise = wish * old * up
            d_power[k, r] += rise * bounded[k, t, b, r]
            dlog = rise * power[k, r] if LOG_LEAST < bounded[k, t, b, r] < LOG_MOST else ZERO
            d_gain[k, r] += dlog / gain[k, r]
            da[b, r] = dlog / a[k, t, b, r]
            dg[b, r] = wish * up


@cell
def observe_back(
    k: int, t: int, dd: Floats, above: bool, owns: Floats, sums: Floats, q: Floats, inv: Floats, g_own: Floats,
    a_own: Floats, n_kept: Floats, gain: Floats, power: Floats, mix: Floats, share: np.float32, dq: Floats, dn: Floats,
    dg_own: Floats, dm: Floats, dv: Floats, dl: Floats, d_gain: Floats, d_power: Floats, d_mix: Floats,
    d_floor: Floats,
) -> None:  # fmt: skip
    """Go back through `observe`: from dL/dq (B, F + R) to dL/d(W g), dl, to v, to the memories, and what is learned."""
    n_own, n_bins = owns.shape[2:]
    for b in range(len(dq)):
        wish, own = dq[b], owns[t, b]
        for j in range(n_own):
            asked = dd[k, t, b, j] + dn[k, b, j] + (dg_own[b, j] if above else ZERO)
            raw = log(a_own[k, t, b, j] * gain[k, j])
            bounded = min(max(raw, LOG_LEAST), LOG_MOST)
            up, old = exp(power[k, j] * bounded), g_own[k, t, b, j]
            asked = asked if old * up < OWN_MOST else ZERO
            rise = asked * old * up
            d_power[k, j] += rise * bounded
            dlog = rise * power[k, j] if raw == bounded else ZERO
            d_gain[k, j] += dlog / gain[k, j]
            dg_own[b, j] = asked * up
            weight = dlog / (a_own[k, t, b, j] * sums[t, b, j])
            for f in range(n_bins):
                wish[f] += weight * own[j, f]
        for i in range(len(wish)):
            wish[i] *= inv[k, t, b, i]
            dl[k, t, b, i] = -wish[i] * q[k, t, b, i]
        for f in range(n_bins):
            dv[t, b, f] += wish[f]
        for r in range(dm.shape[2]):
            dm[k, b, r] += share * wish[n_bins + r]
        for j in range(n_own):
            total = dg_own[b, j]
            for f in range(n_bins):
                total += dl[k, t, b, f] * own[j, f]
            dg_own[b, j] = total
            d_mix[k, j] += total * n_kept[k, t, b, j]
            d_floor[k, j] += total
            dn[k, b, j] = mix[k, j] * total
