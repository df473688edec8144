"""Oracles: numpy's view of the same memory, the standard library's clock, IEEE denormals, and libffi for calls."""

import ctypes
import time

import numba
import numpy as np
import pytest

from realtime.base.intrinsics import (
    as_integer,
    as_pointer,
    call_callback,
    call_run,
    denormals_off,
    denormals_restore,
    exchange,
    floats,
    integers,
    load_acquire,
    now_ns,
    sleep_ns,
    store_release,
)
from realtime.base.memory import clock_address, sleep_address


@numba.njit
def double_floats(address, n):
    x = floats(address, n)
    for i in range(n):
        x[i] *= np.float32(2)


@numba.njit
def sum_integers(address, n):
    total = 0
    for value in integers(address, n):
        total += value
    return total


@numba.njit
def there_and_back(address):
    return as_integer(as_pointer(address))


@numba.njit
def move(array, source, target):
    store_release(array, target, load_acquire(array, source) + 1)


@numba.njit
def replaced(array, index, value):
    return exchange(array, index, value)


@numba.njit
def two_readings(clock, sleep, duration):
    began = now_ns(clock)
    sleep_ns(sleep, duration)
    return began, now_ns(clock)


@numba.njit
def switch_off():
    return denormals_off()


@numba.njit
def switch_back(word):
    denormals_restore(word)


@numba.njit
def product(x, y):
    return x * y


@numba.njit
def run_at(run, state, source, target, n):
    return call_run(run, state, source, target, n)


@numba.njit
def callback_at(callback, n, user):
    return call_callback(callback, n, user)


def test_arrays_by_address_are_the_memory_itself() -> None:
    x = np.arange(10, dtype=np.float32)
    double_floats(x.ctypes.data + 4, 8)
    assert x.tolist() == [0, *range(2, 18, 2), 9]
    assert sum_integers(np.array([1 << 40, -3, 5]).ctypes.data, 3) == (1 << 40) + 2


@pytest.mark.parametrize("address", [0, 1, 2**31, 2**47 - 1])
def test_an_address_survives_the_way_through_a_pointer(address: int) -> None:
    assert there_and_back(address) == address


def test_atomics_move_values_between_elements() -> None:
    array = np.array([41, 0, 0])
    move(array, 0, 2)
    assert array.tolist() == [41, 0, 42]


def test_an_exchange_returns_what_was_there() -> None:
    array = np.array([1, 2, 3])
    assert replaced(array, 1, 7) == 2 and array.tolist() == [1, 7, 3]


def test_clock_is_the_monotonic_one_and_sleep_lasts() -> None:
    before = time.monotonic_ns()
    began, ended = two_readings(clock_address(), sleep_address(), 2_000_000)
    after = time.monotonic_ns()
    assert before <= began <= ended - 2_000_000 <= after - 2_000_000


def test_denormals_are_flushed_until_restored() -> None:
    tiny = np.float32(1e-30), np.float32(1e-12)
    before = product(*tiny)  # each function is compiled before the switch: the compiler needs its denormals
    switch_back(switch_off())
    word = switch_off()
    meanwhile = product(*tiny)
    switch_back(word)
    assert 0 < before < 1.2e-38 and product(*tiny) == before
    assert meanwhile == 0


def test_a_c_function_is_called_by_address() -> None:
    kind = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32)
    seen = []
    function = kind(lambda *arguments: seen.append(arguments) or -5)
    assert run_at(ctypes.cast(function, ctypes.c_void_p).value, 11, 22, 33, 44) == -5
    assert seen == [(11, 22, 33, 44)]


def test_a_stream_callback_is_called_by_address() -> None:
    kind = ctypes.CFUNCTYPE(
        ctypes.c_int32,
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_ulong,
        ctypes.c_void_p,
        ctypes.c_ulong,
        ctypes.c_void_p,
    )
    seen = []
    function = kind(lambda *arguments: seen.append(arguments) or 1)
    assert callback_at(ctypes.cast(function, ctypes.c_void_p).value, 480, 99) == 1
    assert seen == [(None, None, 480, None, 0, 99)]
