"""Freed memory that glibc's allocator keeps. Oracle: what the kernel counts as this process's resident memory."""

import platform

import numpy as np
import pytest

from gui.heap import give_back
from tests.gui.live_window import resident_bytes


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")
def test_what_was_let_go_is_no_longer_resident() -> None:
    blocks = [np.ones(8000) for _ in range(1600)]  # too small for mappings of their own
    blocks[:-1] = []  # the last one holds the others' pages below it
    kept = resident_bytes()
    give_back()
    assert resident_bytes() < kept - 0.8 * 1599 * 64000
