"""Oracles: the addresses themselves, and ctypes reading what lies there."""

import ctypes

import numpy as np
import pytest

from realtime.base.memory import ALIGNMENT, State, aligned

RECORD = np.dtype([("count", np.int64), ("gain", np.float32), ("samples", np.int64), ("inner", np.int64)], align=True)


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.uint8, RECORD])
@pytest.mark.parametrize("shape", [1, 17, (3, 5)])
def test_aligned_is_zero_contiguous_and_starts_on_a_cache_line(shape, dtype) -> None:
    arrays = [aligned(shape, dtype) for _ in range(20)]
    for array in arrays:
        assert array.shape == np.empty(shape).shape and array.dtype == dtype
        assert array.flags.c_contiguous and array.flags.writeable
        assert array.ctypes.data % ALIGNMENT == 0
        assert not array.view(np.uint8).any()


def test_state_holds_numbers_and_addresses_and_keeps_their_owners() -> None:
    inner = State(RECORD, count=3)
    state = State(RECORD, count=7, gain=0.25, samples=np.arange(4, dtype=np.float32), inner=inner)
    assert (state["count"], state["gain"], state["inner"]) == (7, 0.25, inner.address)
    place = ctypes.cast(int(state["samples"]), ctypes.POINTER(ctypes.c_float * 4)).contents
    assert list(place) == [0, 1, 2, 3]
    assert ctypes.c_int64.from_address(state.address).value == 7
    del inner
    assert ctypes.c_int64.from_address(int(state["inner"])).value == 3


def test_state_refuses_an_unknown_field() -> None:
    with pytest.raises(ValueError, match="no field"):
        State(RECORD, nothing=1)
