"""Oracle: numpy's functions in float64."""

import numpy as np
import pytest

from realtime.base.functions import exp, log
from realtime.base.intrinsics import floats
from realtime.base.safety import realtime


@realtime("void(int64, int64, int64)")
def logs(source: int, target: int, n: int) -> None:
    x, y = floats(source, n), floats(target, n)
    for i in range(n):
        y[i] = log(x[i])


@realtime("void(int64, int64, int64)")
def exps(source: int, target: int, n: int) -> None:
    x, y = floats(source, n), floats(target, n)
    for i in range(n):
        y[i] = exp(x[i])


def over(function, x: np.ndarray) -> np.ndarray:
    x, y = x.astype(np.float32), np.empty(len(x), np.float32)
    function(x.ctypes.data, y.ctypes.data, len(x))
    return y


@pytest.mark.parametrize("n", [1, 7, 100_000])  # loop remainders, and whole registers
def test_log_is_that_of_numpy_from_the_least_float_to_the_largest(n: int) -> None:
    x = np.exp(np.random.default_rng(n).uniform(-87, 88, n)).astype(np.float32)
    np.testing.assert_allclose(over(logs, x), np.log(x.astype(float)), rtol=2e-7, atol=1e-7)


def test_log_near_one_keeps_its_relative_error() -> None:
    x = (1 + np.random.default_rng(0).uniform(-1e-3, 1e-3, 10_000)).astype(np.float32)
    np.testing.assert_allclose(over(logs, x), np.log(x.astype(float)), rtol=1e-6, atol=0)
    assert over(logs, np.ones(3))[0] == 0


@pytest.mark.parametrize("n", [1, 7, 100_000])
def test_exp_is_that_of_numpy(n: int) -> None:
    x = np.random.default_rng(n).uniform(-87, 87, n).astype(np.float32)
    np.testing.assert_allclose(over(exps, x), np.exp(x.astype(float)), rtol=3e-7)


def test_beyond_their_ranges_they_stay_finite() -> None:
    assert over(exps, np.zeros(1))[0] == 1
    ends = over(exps, np.array([-1e30, -88, 88, 1e30]))
    np.testing.assert_allclose(ends, np.exp([-87.0, -87, 87, 87]), rtol=1e-6)
    assert np.isfinite(over(logs, np.zeros(1))).all() and over(logs, np.zeros(1))[0] < -80
