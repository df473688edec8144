"""A lock-free ring with one writer and one reader: how the audio thread and the others exchange rows.

The header holds two counters that only grow, on cache lines of their own: rows published by the writer and
rows released by the reader. A full ring refuses and counts; nobody ever waits. Either side may be compiled.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from realtime.base.intrinsics import load_acquire, store_release
from realtime.base.memory import aligned
from realtime.base.safety import realtime

WRITTEN, READ, CAPACITY, REFUSED = 0, 16, 32, 48  # int64 indices, 128 bytes apart
HEADER_SIZE = 64


@realtime("int64(int64[::1])")
def ring_space(header: NDArray[np.int64]) -> int:
    """Return how many rows may be written. Writer only. [audio-thread]"""
    return header[CAPACITY] - (header[WRITTEN] - load_acquire(header, READ))


@realtime("int64(int64[::1])")
def ring_available(header: NDArray[np.int64]) -> int:
    """Return how many rows may be read. Reader only. [audio-thread]"""
    return load_acquire(header, WRITTEN) - header[READ]


@realtime("void(int64[::1], int64)")
def ring_publish(header: NDArray[np.int64], n: int) -> None:
    """Hand n written rows to the reader. [audio-thread]"""
    store_release(header, WRITTEN, header[WRITTEN] + n)


@realtime("void(int64[::1], int64)")
def ring_release(header: NDArray[np.int64], n: int) -> None:
    """Hand n read rows back to the writer. [audio-thread]"""
    store_release(header, READ, header[READ] + n)


class Ring:
    """A ring of rows of any dtype, owned by Python.

    Parameters
    ----------
    capacity : int
        Rows; rounded up to a power of two.
    dtype : numpy dtype
        Of one element; structured for messages.
    width : int
        Elements per row; 1 for messages.
    """

    def __init__(self, capacity: int, dtype: Any = np.float32, width: int = 1) -> None:
        self.capacity = 1 << (capacity - 1).bit_length()
        self.header = aligned(HEADER_SIZE, np.int64)
        self.header[CAPACITY] = self.capacity
        self.rows = aligned((self.capacity, width), dtype)

    @property
    def refused(self) -> int:
        """Return how many rows its compiled writer gave up because the ring was full. [thread-safe]"""
        return int(self.header[REFUSED])

    @property
    def is_empty(self) -> bool:
        """Return whether the reader has released all that was written. [thread-safe]"""
        return bool(self.header[READ] == self.header[WRITTEN])

    def write(self, rows: NDArray[Any]) -> int:
        """Write as many of the rows (n, width) as fit; return how many. [thread-safe]"""
        n = min(len(rows), int(ring_space(self.header)))
        place = (int(self.header[WRITTEN]) + np.arange(n)) % self.capacity
        self.rows[place] = rows[:n]
        ring_publish(self.header, n)
        return n

    def read(self, at_most: int | None = None) -> NDArray[Any]:
        """Return a copy of the waiting rows (n, width), oldest first. [thread-safe]"""
        n = int(ring_available(self.header))
        n = n if at_most is None else min(n, at_most)
        place = (int(self.header[READ]) + np.arange(n)) % self.capacity
        rows = self.rows[place]
        ring_release(self.header, n)
        return rows
