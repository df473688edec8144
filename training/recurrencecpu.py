"""The recurrence on a CPU in float32, and its gradient: cells in Numba, matrix products in torch.

What `recurrencetorch` computes with some forty operations of torch for each layer of each column, most of them too
small to be worth their call.
"""

from typing import Any

import numpy as np
import torch

from training import recurrencecells as cells
from training.streams import LEARNED

Tensor = torch.Tensor


class Product:
    """x -> x W for rows of float32, in the precision of W; buffers are kept."""

    def __init__(self, w: Tensor, n_rows: int) -> None:
        self._w = w
        self._x, self._y = w.new_empty(n_rows, w.shape[0]), w.new_empty(n_rows, w.shape[1])

    def __call__(self, x: Tensor, out: Tensor) -> None:
        """Write x W (n_rows, columns of W) to `out`."""
        if self._w.dtype == x.dtype:
            torch.mm(x, self._w, out=out)
        else:
            self._x.copy_(x)
            torch.mm(self._x, self._w, out=self._y)
            out.copy_(self._y)


def _numbers(tensors: dict[str, Tensor]) -> dict[str, np.ndarray[Any, Any]]:
    return {name: tensor.contiguous().numpy() for name, tensor in tensors.items()}


class CpuRecurrence(torch.autograd.Function):
    """As `recurrencetorch.TorchRecurrence`."""

    @staticmethod
    def forward(ctx: Any, w: dict[str, Tensor], n_speech: int, share: float, products: torch.dtype, v: Tensor,
                m: Tensor, n: Tensor, own: Tensor, age: Tensor, *learned: Tensor) -> tuple[Tensor, ...]:  # fmt: skip
        v = v.contiguous()
        t_max, b, f = v.shape
        k_max, n_rows, r = w["W"].shape
        n_room, j = len(w["room"]), len(w["own_rate"])
        sizes = {"g": r, "q": n_rows, "inv": n_rows, "a": r, "bounded": r, "risen": r, "h": r, "m": r,
                 "g_own": j, "a_own": j, "d": j, "n": j}  # fmt: skip
        kept = {name: v.new_empty(k_max, t_max, b, size) for name, size in sizes.items()}
        kept |= {"owns": v.new_empty(t_max, b, j, f), "sums": v.new_empty(t_max, b, j)}
        state = {"m": m.clone(), "n": n.clone(), "own": own.clone(), "age": age.clone()}
        level = 1e-3 * v.sum(2) / r
        parts = {"speech": v.new_empty(b, f), "noise": v.new_empty(b, f)}
        model = [Product(x.mT.contiguous().to(products), b) for x in w["W"]]
        ratios = [Product(x.contiguous().to(products), b) for x in w["W"]]
        carry, read = Product(w["transition"].to(products), b), w["read"][-1].T.to(products)
        read_speech = Product(read[:n_speech].contiguous(), b)
        read_noise = Product(read[n_speech:].contiguous(), b)
        x, lev, p, c, s, z = v.numpy(), level.numpy(), _numbers(w), _numbers(kept), _numbers(state), _numbers(parts)
        rho = np.float32(share)
        for t in range(t_max):
            carry(state["m"][0], kept["g"][0, t])
            cells.enter(t, s["own"], c["owns"], c["sums"], lev, p["start"], c["g"])
            for k in range(k_max):
                model[k](kept["g"][k, t], kept["inv"][k, t])
                cells.observe(
                    k, t, x, s["own"], c["sums"], s["m"], s["n"], p["own_mix"], p["own_floor"], p["own_gain"],
                    p["own_power"], rho, c["inv"], c["q"], c["g_own"], c["n"], c["a_own"], c["d"],
                )  # fmt: skip
                ratios[k](kept["q"][k, t], kept["a"][k, t])
                cells.update(
                    k, t, lev, p["gain"], p["power"], p["leak"], c["g"], c["a"], c["bounded"], c["risen"], c["h"],
                    s["m"], c["m"],
                )  # fmt: skip
            h = kept["h"][-1, t]
            read_speech(h[:, :n_speech], parts["speech"])
            read_noise(h[:, n_speech:], parts["noise"])
            cells.follow(
                t, x, z["speech"], z["noise"], c["d"], p["own_read"][-1], p["own_speech"], p["follow"][-1],
                p["slope"][-1], n_room, p["own_rate"], p["own_fall"], s["age"], s["own"],
            )  # fmt: skip
        # A context that held its own outputs would hold itself, and never be freed.
        h, d = kept.pop("h"), kept.pop("d")
        ctx.save_for_backward(h)
        ctx.kept, ctx.w, ctx.settings, ctx.level = kept, w, (share, products), level
        made = (kept["owns"], *state.values())
        ctx.mark_non_differentiable(*made)
        return h, d, *made

    @staticmethod
    def backward(ctx: Any, dh_all: Tensor, dd_all: Tensor, *_: Any) -> tuple[Tensor | None, ...]:
        """Go back through columns and layers; dL/dh and dL/dd of all columns are given, those of the state are not."""
        w, kept, level = ctx.w, ctx.kept | {"h": ctx.saved_tensors[0]}, ctx.level
        share, products = ctx.settings
        k_max, t_max, b, r = kept["h"].shape
        n_rows, (j, f) = kept["q"].shape[3], kept["owns"].shape[2:]
        model = [Product(x.contiguous().to(products), b) for x in w["W"]]
        ratios = [Product(x.mT.contiguous().to(products), b) for x in w["W"]]
        carry = Product(w["transition"].mT.contiguous().to(products), b)
        zero, empty = level.new_zeros, level.new_empty
        learned = {name: torch.zeros_like(w[name], memory_format=torch.contiguous_format) for name in LEARNED}
        made = {"dm": zero(k_max, b, r), "dn": zero(k_max, b, j), "dv": zero(t_max, b, f), "dg": empty(b, r),
                "dg_own": empty(b, j), "dq": empty(b, n_rows), "dl": empty(k_max, t_max, b, n_rows)}  # fmt: skip
        da_all, dg_all, more = torch.empty_like(kept["a"]), empty(t_max, b, r), empty(b, r)
        p, c, d, e = _numbers(w), _numbers(kept), _numbers(learned), _numbers(made)
        dh, dd, da, rho = dh_all.contiguous().numpy(), dd_all.contiguous().numpy(), da_all.numpy(), np.float32(share)
        for t in reversed(range(t_max)):
            for k in reversed(range(k_max)):
                above = k < k_max - 1
                cells.update_back(
                    k, t, dh, above, c["g"], c["a"], c["bounded"], c["risen"], c["h"], c["m"], p["gain"], p["power"],
                    p["leak"], e["dm"], e["dg"], da[k, t], d["gain"], d["power"], d["leak"],
                )  # fmt: skip
                ratios[k](da_all[k, t], made["dq"])
                cells.observe_back(
                    k, t, dd, above, c["owns"], c["sums"], c["q"], c["inv"], c["g_own"], c["a_own"], c["n"],
                    p["own_gain"], p["own_power"], p["own_mix"], rho, e["dq"], e["dn"], e["dg_own"], e["dm"], e["dv"],
                    e["dl"], d["own_gain"], d["own_power"], d["own_mix"], d["own_floor"],
                )  # fmt: skip
                model[k](made["dl"][k, t], more)
                made["dg"] += more
            dg_all[t] = made["dg"]
            carry(made["dg"], more)
            made["dm"][0] += more
        learned["start"] += (dg_all * level[..., None]).sum((0, 1))
        for k in range(k_max):
            q, g, da_k, dl = (a[k].flatten(0, 1).to(products) for a in (kept["q"], kept["g"], da_all, made["dl"]))
            learned["W"][k] = q.T @ da_k
            learned["W"][k] += dl.T @ g
        learned["transition"] += kept["m"][0].flatten(0, 1).to(products).T @ dg_all.flatten(0, 1).to(products)
        # l, the level, is data as well
        return None, None, None, None, made["dv"], made["dm"], made["dn"], None, None, *learned.values()
