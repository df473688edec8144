"""Logarithm and exponential that loops can run over whole vector registers, which those of libm keep them from.

The exponent of the float is split off by its bits; what is left is a polynomial through Chebyshev points, fitted when
this file is imported. Relative error below 3e-7. Audio thread.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.polynomial import Chebyshev, Polynomial

from realtime.base.safety import realtime

Coefficients = tuple[np.float32, ...]


def _fitted(function: Callable[[Any], Any], low: float, high: float, degree: int) -> Coefficients:
    fitted = Chebyshev.interpolate(function, degree, domain=[low, high]).convert(kind=Polynomial, domain=[-1, 1])
    return tuple(np.float32(c) for c in fitted.coef)


def _log_rest(f: Any) -> Any:
    """Return (log(1 + f) - f) / f^2: smooth at zero, where its series stands in."""
    near = np.abs(f) < 1e-3
    g = np.where(near, 1e-3, f)
    return np.where(near, -1 / 2 + f / 3 - f**2 / 4, (np.log1p(g) - g) / g**2)


def _exp_rest(f: Any) -> Any:
    """Return (exp(f) - 1 - f) / f^2, likewise."""
    near = np.abs(f) < 1e-3
    g = np.where(near, 1e-3, f)
    return np.where(near, 1 / 2 + f / 6 + f**2 / 24, (np.expm1(g) - g) / g**2)


LOG = _fitted(_log_rest, 2 / 3 - 1, 4 / 3 - 1, 8)
EXP = _fitted(_exp_rest, -0.35, 0.35, 4)
TWO_THIRDS = 0x3F2AAAAB
"""The bits of 2/3: significands lie between it and 4/3."""
LN2_HIGH, LOG2_E = np.float32(0.693359375), np.float32(1 / np.log(2))
LN2_LOW = np.float32(np.log(2) - 0.693359375)  # LN2_HIGH has few digits: whole multiples of it are exact
MOST, HALF, ONE = np.float32(87), np.float32(0.5), np.float32(1)


@intrinsic
def _bits(typing_context: Any, x: Any) -> Any:
    """Return the bits of a float32 as int32. [audio-thread]"""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(32))

    return types.int32(types.float32), generate


@intrinsic
def _float(typing_context: Any, bits: Any) -> Any:
    """Return the float32 of these bits. [audio-thread]"""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.FloatType())

    return types.float32(types.int32), generate


@realtime("float32(float32)")
def log(x: np.float32) -> np.float32:
    """Natural logarithm of a finite x > 0; of zero some -88. [audio-thread]"""
    bits = _bits(x)
    exponent = np.int32((bits - TWO_THIRDS) >> 23)
    f = _float(np.int32(bits - (exponent << 23))) - ONE
    rest = LOG[8]
    for c in LOG[7::-1]:
        rest = rest * f + c
    e = np.float32(exponent)
    return (rest * f * f + e * LN2_LOW) + f + e * LN2_HIGH


@realtime("float32(float32)")
def exp(x: np.float32) -> np.float32:
    """Exponential; beyond +-87 that of the bound, so it never is zero or infinite. [audio-thread]"""
    y = min(max(x, -MOST), MOST)
    n = np.floor(y * LOG2_E + HALF)
    f = (y - n * LN2_HIGH) - n * LN2_LOW
    rest = EXP[4]
    for c in EXP[3::-1]:
        rest = rest * f + c
    return (ONE + (f + rest * f * f)) * _float(np.int32((np.int32(n) + 127) << 23))
