"""Oracle: the input behind zeros, bit for bit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from realtime.dsp.delayline import delay_block, delay_line

blocks = st.lists(st.integers(0, 300), max_size=12)


@given(delay=st.integers(0, 500), sizes=blocks, in_place=st.booleans(), seed=st.integers(0, 1000))
def test_output_is_the_input_behind_that_many_zeros(delay, sizes, in_place, seed) -> None:
    line = delay_line(delay)
    x = np.random.default_rng(seed).standard_normal(sum(sizes)).astype(np.float32)
    got, start = [np.zeros(0, np.float32)], 0
    for size in sizes:
        block = x[start : start + size].copy()
        target = block if in_place else np.full(size, np.nan, np.float32)
        delay_block(line.address, block, target)
        got.append(target)
        start += size
    assert np.array_equal(np.concatenate(got), np.concatenate([np.zeros(delay, np.float32), x])[: len(x)])


def test_bad_numbers_pass_through_and_leave() -> None:
    line = delay_line(3)
    x = np.array([np.nan, np.inf, 1, 2, 3, 4, 5], np.float32)
    y = np.empty_like(x)
    delay_block(line.address, x, y)
    assert np.array_equal(y, [0, 0, 0, np.nan, np.inf, 1, 2], equal_nan=True)
