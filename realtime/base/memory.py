"""Memory that the audio thread reads by address: one record of numbers and the arrays it points to.

Python allocates and owns it; compiled code gets `State.address` and reads fields by name. Main thread.
"""

import ctypes
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALIGNMENT = 64
"""Bytes: a cache line, and the widest vector register."""


def aligned(shape: int | tuple[int, ...], dtype: Any = np.float32) -> NDArray[Any]:
    """Return a zeroed array that starts on a cache line. [main-thread]

    Parameters
    ----------
    shape : int or tuple of int
        Its shape.
    dtype : numpy dtype
        Its element type.
    """
    kind = np.dtype(dtype)
    n_bytes = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
    raw = np.zeros(n_bytes + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + n_bytes].view(kind).reshape(shape)


class State:
    """One record of the given dtype; array fields hold addresses, and the arrays are kept alive here."""

    def __init__(self, dtype: np.dtype[Any], **fields: Any) -> None:
        self.record = aligned(1, dtype)
        self.keep: dict[str, Any] = {}
        for name, value in fields.items():
            self.put(name, value)

    def put(self, name: str, value: Any) -> None:
        """Set a field to a number, or to the address of an array or of another state. [main-thread]"""
        if isinstance(value, np.ndarray):
            self.keep[name] = value
            value = value.ctypes.data
        elif isinstance(value, State):
            self.keep[name] = value
            value = value.address
        self.record[name][0] = value

    def __getitem__(self, name: str) -> Any:
        return self.record[name][0]

    @property
    def address(self) -> int:
        """Return where the record is. [thread-safe]"""
        return int(self.record.ctypes.data)


def clock_address() -> int:
    """Return the address of the monotonic clock that `now_ns` calls. [main-thread]"""
    if sys.platform == "win32":
        function = ctypes.windll.kernel32.QueryPerformanceCounter
    else:
        function = ctypes.CDLL(None).clock_gettime
    return int(ctypes.cast(function, ctypes.c_void_p).value or 0)


def sleep_address() -> int:
    """Return the address of the sleep that `sleep_ns` calls. [main-thread]"""
    if sys.platform == "win32":
        function = ctypes.windll.kernel32.Sleep
    else:
        function = ctypes.CDLL(None).nanosleep
    return int(ctypes.cast(function, ctypes.c_void_p).value or 0)
