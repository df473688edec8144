"""Oracles: a deque of the same capacity, and rows that carry their own number through two real threads."""

import threading
from collections import deque

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.base.ring import (
    CAPACITY,
    READ,
    REFUSED,
    WRITTEN,
    Ring,
    ring_available,
    ring_publish,
    ring_release,
    ring_space,
)

N_ROWS = 300_000
WIDTH = 3


@numba.njit(nogil=True)
def write_numbered(header, rows, n, waits):
    """Write rows (i, 2 i, -i) for i < n in bursts of 1 to 13; a full ring is waited for, or the row refused."""
    i = 0
    while i < n:
        burst = min(1 + i % 13, n - i, ring_space(header))
        for j in range(burst):
            row = rows[(header[WRITTEN] + j) % header[CAPACITY]]
            row[0], row[1], row[2] = i + j, 2 * (i + j), -(i + j)
        ring_publish(header, burst)
        if burst == 0 and not waits:
            header[REFUSED] += 1
            burst = 1
        i += burst


@numba.njit(nogil=True)
def read_numbered(header, rows, n):
    """Read n rows and return how many were not the one that was due."""
    wrong, i = 0, 0
    while i < n:
        ready = min(ring_available(header), n - i)
        for j in range(ready):
            row = rows[(header[READ] + j) % header[CAPACITY]]
            wrong += row[0] != i + j or row[1] != 2 * (i + j) or row[2] != -(i + j)
        ring_release(header, ready)
        i += ready
    return wrong


@pytest.mark.parametrize(("asked", "given_"), [(1, 1), (2, 2), (3, 4), (64, 64), (65, 128), (192_000, 1 << 18)])
def test_capacity_is_the_next_power_of_two(asked: int, given_: int) -> None:
    assert Ring(asked).capacity == given_


@given(
    capacity=st.integers(1, 20),
    width=st.integers(1, 3),
    steps=st.lists(st.tuples(st.booleans(), st.integers(0, 25))),
    start=st.integers(0, 1 << 40),
)
def test_behaves_as_a_bounded_queue(capacity, width, steps, start) -> None:
    ring = Ring(capacity, np.int64, width)
    ring.header[[WRITTEN, READ]] = start
    queue: deque[int] = deque()
    sent = 0
    for writes, n in steps:
        if writes:
            rows = np.arange(sent, sent + n)[:, None] * np.arange(1, width + 1)
            fits = min(n, ring.capacity - len(queue))
            assert ring.write(rows) == fits
            queue.extend(range(sent, sent + fits))
            sent += fits
        else:
            got = ring.read(n)
            wanted = [queue.popleft() for _ in range(min(n, len(queue)))]
            assert np.array_equal(got, np.array(wanted, np.int64)[:, None] * np.arange(1, width + 1))
    assert ring.read()[:, 0].tolist() == list(queue)


def test_rows_read_are_a_copy() -> None:
    ring = Ring(2)
    ring.write(np.ones((2, 1), np.float32))
    rows = ring.read()
    ring.write(np.zeros((2, 1), np.float32))
    assert rows.all()


def test_structured_rows_keep_their_fields() -> None:
    kind = np.dtype([("kind", np.int64), ("value", np.float64)], align=True)
    ring = Ring(4, kind)
    row = np.zeros((1, 1), kind)
    row["kind"], row["value"] = 7, 0.5
    for _ in range(9):
        ring.write(row)
        assert ring.read()[0, 0].tolist() == (7, 0.5)


@pytest.mark.parametrize("waits", [True, False])
def test_compiled_writer_against_python_reader(waits: bool) -> None:
    ring = Ring(64, np.int64, WIDTH)
    write_numbered(ring.header, ring.rows, 0, waits)  # compiled before the threads run
    writer = threading.Thread(target=write_numbered, args=(ring.header, ring.rows, N_ROWS, waits), daemon=True)
    writer.start()
    parts = []
    while writer.is_alive():
        parts.append(ring.read())
    parts.append(ring.read())
    got = np.concatenate(parts)
    assert np.array_equal(got[:, 1], 2 * got[:, 0]) and np.array_equal(got[:, 2], -got[:, 0])
    assert (np.diff(got[:, 0]) > 0).all()
    assert len(got) + ring.refused == N_ROWS
    assert (ring.refused == 0) is waits


def test_python_writer_against_compiled_reader() -> None:
    ring = Ring(64, np.int64, WIDTH)
    read_numbered(ring.header, ring.rows, 0)
    wrong: list[int] = []
    reader = threading.Thread(
        target=lambda: wrong.append(read_numbered(ring.header, ring.rows, N_ROWS)), name="reader", daemon=True
    )
    reader.start()
    rows = np.arange(N_ROWS)[:, None] * np.array([1, 2, -1])
    sent = 0
    while sent < N_ROWS:
        sent += ring.write(rows[sent : sent + 1 + sent % 13])
    reader.join(timeout=60)
    assert wrong == [0]
