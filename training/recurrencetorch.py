"""The recurrence and its gradient in torch, for every device and precision.

Written as one function for autograd because a graph of every product in every column would cost several times the
work: here the gradient of each matrix is one product over all columns.
"""

from typing import Any

import torch

from realtime.networks.adaptivelayer import LEAST, LOG_LEAST, LOG_MOST, MOST, OWN_LEAST, OWN_MOST, OWN_SUM
from training.streams import EPS, LEARNED, Weights, log_mask

Tensor = torch.Tensor

SOFT = float(LOG_LEAST), float(LOG_MOST)


def _powered(a: Tensor, gain: Tensor, power: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return (gain a)^power, the bounded logarithm, and whether it was within bounds."""
    raw = torch.log(a * gain)
    log = raw.clamp(*SOFT)
    return torch.exp(power * log), log, raw == log


class TorchRecurrence(torch.autograd.Function):
    """h and d of a chunk, and what its streams remember then; its gradient by hand."""

    @staticmethod
    def forward(ctx: Any, w: Weights, n_speech: int, share: float, products: torch.dtype, v: Tensor, m: Tensor,
                n: Tensor, own: Tensor, age: Tensor, *learned: Tensor) -> tuple[Tensor, ...]:  # fmt: skip
        t_max, b, f = v.shape
        k_max, n_rows, r = w["W"].shape
        n_room, j = len(w["room"]), len(w["own_rate"])
        level = 1e-3 * v.sum(2, keepdim=True) / r
        quick, turned = w["W"].to(products), w["W"].mT.contiguous().to(products)
        transition = w["transition"].to(products)
        sizes = {"g": r, "q": n_rows, "inv": n_rows, "a": r, "h": r, "m": r, "g_own": j, "a_own": j, "d": j, "n": j}
        kept = {name: v.new_empty(k_max, t_max, b, size) for name, size in sizes.items()}
        owns, m, n, own, age = v.new_empty(t_max, b, j, f), m.clone(), n.clone(), own.clone(), age.clone()
        for t in range(t_max):
            x, now = v[t], level[t]
            owns[t] = own
            sums = own.sum(2) + float(OWN_SUM)
            h = (m[0].to(products) @ transition).to(v.dtype) + now * w["start"]
            d = torch.zeros_like(n[0])
            for k in range(k_max):
                g, g_own = h, w["own_mix"][k] * n[k] + w["own_floor"][k] + d
                inv = (g.to(products) @ turned[k]).to(v.dtype) + EPS
                inv[:, :f] += (g_own[:, None] @ own)[:, 0]
                inv = 1 / inv
                q = torch.cat([x, share * m[k]], 1) * inv
                a = (q.to(products) @ quick[k]).to(v.dtype) + float(LEAST)
                h = (g * _powered(a, w["gain"][k], w["power"][k])[0]).clamp(max=float(MOST)) + now
                a_own = ((own @ q[:, :f, None])[..., 0] + float(LEAST)) / sums
                d = g_own * _powered(a_own, w["own_gain"][k], w["own_power"][k])[0]
                d = d.clamp(max=float(OWN_MOST)) + float(OWN_LEAST)
                made = {"g": g, "q": q, "inv": inv, "a": a, "h": h, "m": m[k], "g_own": g_own, "a_own": a_own, "d": d,
                        "n": n[k]}  # fmt: skip
                for name, tensor in made.items():
                    kept[name][k, t] = tensor
                m[k] = h + w["leak"][k] * (m[k] - h)
                n[k] = d
            mask = torch.exp(log_mask(w, k_max - 1, n_speech, h, d, own, x))[:, None]
            rate, fall, speech = (w[name][n_room:, None] for name in ("own_rate", "own_fall", "own_speech"))
            heard = x[:, None] * torch.where(fall > 0, 1, speech * mask + (1 - speech) * (1 - mask))
            difference, young = heard - own[:, n_room:], (1 / (1 + age))[:, None, None]
            own[:, n_room:] += difference * torch.where((fall > 0) & (difference < 0), fall, rate).maximum(young)
            age += 1
        h, d = kept.pop("h"), kept.pop("d")
        ctx.save_for_backward(h)  # a context that held its own outputs would hold itself, and never be freed
        ctx.kept, ctx.w, ctx.settings, ctx.level, ctx.owns, ctx.f = kept, w, (share, products), level, owns, f
        ctx.mark_non_differentiable(owns, m, n, own, age)
        return h, d, owns, m, n, own, age

    @staticmethod
    def backward(ctx: Any, dh_all: Tensor, dd_all: Tensor, *_: Any) -> tuple[Tensor | None, ...]:
        """Go back through columns and layers; dL/dh and dL/dd of all columns are given, those of the state are not."""
        kept = ctx.kept | {"h": ctx.saved_tensors[0]}
        w, level, owns, f = ctx.w, ctx.level, ctx.owns, ctx.f
        share, products = ctx.settings
        k_max, t_max, b, r = kept["h"].shape
        quick, turned = w["W"].to(products), w["W"].mT.contiguous().to(products)
        back = w["transition"].mT.contiguous().to(products)
        grads = {name: torch.zeros_like(w[name]) for name in LEARNED}
        da_all, dl_all = torch.empty_like(kept["a"]), torch.empty_like(kept["q"])
        dg_all = kept["g"].new_empty(t_max, b, r)  # into layer 0
        dv = torch.zeros_like(kept["q"][0, :, :, :f])
        dm, dn = torch.zeros_like(kept["m"][:, 0]), torch.zeros_like(kept["n"][:, 0])
        for t in reversed(range(t_max)):
            own = owns[t]
            sums = own.sum(2) + float(OWN_SUM)
            dg = dg_own = None  # what the layer above wants of h and d
            for k in reversed(range(k_max)):
                g, q, inv, a, h, m = (kept[name][k, t] for name in ("g", "q", "inv", "a", "h", "m"))
                g_own, a_own = kept["g_own"][k, t], kept["a_own"][k, t]
                grads["leak"][k] += (dm[k] * (m - h)).sum(0)
                dh = dh_all[k, t] + (1 - w["leak"][k]) * dm[k]
                dd = dd_all[k, t] + dn[k]
                if dg is not None and dg_own is not None:
                    dh, dd = dh + dg, dd + dg_own
                dm[k] = w["leak"][k] * dm[k]
                risen, log, within = _powered(a, w["gain"][k], w["power"][k])
                dlog_h = torch.where(g * risen < float(MOST), dh * g * risen, 0)
                grads["power"][k] += (dlog_h * log).sum(0)
                dlog = torch.where(within, dlog_h * w["power"][k], 0)
                grads["gain"][k] += dlog.sum(0) / w["gain"][k]
                da = dlog / a
                dg = torch.where(g * risen < float(MOST), dh * risen, 0)
                dq = (da.to(products) @ turned[k]).to(a.dtype)
                risen, log, within = _powered(a_own, w["own_gain"][k], w["own_power"][k])
                free = g_own * risen < float(OWN_MOST)
                dlog_d = torch.where(free, dd * g_own * risen, 0)
                grads["own_power"][k] += (dlog_d * log).sum(0)
                dlog = torch.where(within, dlog_d * w["own_power"][k], 0)
                grads["own_gain"][k] += dlog.sum(0) / w["own_gain"][k]
                dq[:, :f] += ((dlog / a_own / sums)[:, None] @ own)[:, 0]
                dg_own = torch.where(free, dd * risen, 0)
                dobserved = dq * inv
                dl = -dobserved * q
                dv[t] += dobserved[:, :f]
                dm[k] += share * dobserved[:, f:]
                dg = dg + (dl.to(products) @ quick[k]).to(a.dtype)
                dg_own = dg_own + (own @ dl[:, :f, None])[..., 0]
                grads["own_mix"][k] += (dg_own * kept["n"][k, t]).sum(0)
                grads["own_floor"][k] += dg_own.sum(0)
                dn[k] = w["own_mix"][k] * dg_own
                da_all[k, t], dl_all[k, t] = da, dl
            assert dg is not None
            dg_all[t] = dg
            dm[0] += (dg.to(products) @ back).to(dg.dtype)
            grads["start"] += (dg * level[t]).sum(0)
        for k in range(k_max):
            q, g = (kept[name][k].flatten(0, 1).to(products) for name in ("q", "g"))
            da, dl = da_all[k].flatten(0, 1).to(products), dl_all[k].flatten(0, 1).to(products)
            grads["W"][k] = (q.T @ da).to(dv.dtype) + (dl.T @ g).to(dv.dtype)
        before, dg = kept["m"][0].flatten(0, 1).to(products), dg_all.flatten(0, 1).to(products)
        grads["transition"] += (before.T @ dg).to(dv.dtype)
        # l, the level, is data as well
        return None, None, None, None, dv, dm, dn, None, None, *(grads[name] for name in LEARNED)
