"""Four matrix rows at once in whole vector registers: the inner loop of every layer.

Numba's own vectoriser leaves more than half of a core's speed unused here: with few hundred bases its remainder
and aliasing checks cost as much as the sums. So the loop is written in LLVM vectors of `LANES` floats, which every
processor's code generator cuts into the registers it has. Audio thread.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

ROWS = 4
"""Rows a call covers: as many running sums as hide the latency of an addition, with registers left on AVX2."""
LANES = 16
"""Row lengths are multiples of this: whole vector registers, no loop remainders."""

_I32, _I64, _FLOAT = ir.IntType(32), ir.IntType(64), ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, LANES)
_ZERO = ir.Constant(_VECTOR, [0.0] * LANES)
_FLAGS = ("contract", "reassoc", "nsz")  # as in `safety`: NaN and infinity keep their meaning
_SUMS = types.UniTuple(types.float32, ROWS)


def _place(builder: Any, address: Any, index: Any) -> Any:
    start = builder.inttoptr(address, _FLOAT.as_pointer())
    return builder.bitcast(builder.gep(start, [index]), _VECTOR.as_pointer())


def _load(builder: Any, address: Any, index: Any) -> Any:
    return builder.load(_place(builder, address, index), align=4)


def _times_plus(builder: Any, a: Any, b: Any, c: Any) -> Any:
    return builder.fadd(builder.fmul(a, b, flags=_FLAGS), c, flags=_FLAGS)


def _spread(builder: Any, value: Any) -> Any:
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(_I32, 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(_I32, LANES), [0] * LANES))


def _rows(builder: Any, address: Any, n: Any) -> list[Any]:
    width = builder.mul(n, ir.Constant(_I64, 4))
    return [builder.add(address, builder.mul(width, ir.Constant(_I64, i))) for i in range(ROWS)]


def _sum(builder: Any, vector: Any) -> Any:
    kind = ir.FunctionType(_FLOAT, [_FLOAT, _VECTOR])
    reduce = cgutils.get_or_insert_function(builder.module, kind, f"llvm.vector.reduce.fadd.v{LANES}f32")
    return builder.call(reduce, [ir.Constant(_FLOAT, 0.0), vector], fastmath=_FLAGS)


def _pass(context: Any, builder: Any, dotted: Any, n: Any, x: Any, added: Any, total: Any, weights: Any) -> Any:
    """Generate the loop: dot products of the rows at `dotted`, and where `added` is given, its weighted sum."""
    dots = _rows(builder, dotted, n)
    adds = _rows(builder, added, n) if added is not None else []
    factors = [_spread(builder, weight) for weight in weights]
    running = [cgutils.alloca_once_value(builder, _ZERO) for _ in range(ROWS)]
    with cgutils.for_range_slice(builder, ir.Constant(_I64, 0), n, ir.Constant(_I64, LANES)) as (index, _):
        here = _load(builder, x, index)
        for row, place in zip(dots, running, strict=True):
            builder.store(_times_plus(builder, _load(builder, row, index), here, builder.load(place)), place)
        if adds:
            value = _load(builder, total, index)
            for row, factor in zip(adds, factors, strict=True):
                value = _times_plus(builder, _load(builder, row, index), factor, value)
            builder.store(value, _place(builder, total, index), align=4)
    sums = [_sum(builder, builder.load(place)) for place in running]
    return context.make_tuple(builder, _SUMS, sums)


@intrinsic
def dot_rows(typing_context: Any, rows: Any, n: Any, x: Any) -> Any:
    """``dot_rows(rows, n, x)``: the dot products of `ROWS` rows with x, float32[n] each, by address. [audio-thread]"""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rows, n, x = args
        return _pass(context, builder, rows, n, x, None, None, ())

    return _SUMS(types.int64, types.int64, types.int64), generate


@intrinsic
def add_and_dot_rows(
    typing_context: Any, added: Any, dotted: Any, n: Any, x: Any, total: Any, w0: Any, w1: Any, w2: Any, w3: Any
) -> Any:
    """``add_and_dot_rows(added, dotted, n, x, total, w0, w1, w2, w3)``, all by address. [audio-thread]

    Adds the `ROWS` rows at `added`, weighted, to `total`, and in the same pass returns the dot products of
    the rows at `dotted` with x: the rows just fetched are used while the next ones are on their way.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        added, dotted, n, x, total, *weights = args
        return _pass(context, builder, dotted, n, x, added, total, weights)

    return _SUMS(*[types.int64] * 5, *[types.float32] * ROWS), generate
