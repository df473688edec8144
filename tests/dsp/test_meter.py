"""Oracle: numpy in float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from realtime.dsp.meter import energy, peak, within

samples = arrays(np.float32, st.integers(0, 100), elements=st.floats(-1e6, 1e6, width=32))


@given(samples)
def test_peak_and_energy_equal_numpy(x: np.ndarray) -> None:
    assert peak(x) == np.abs(x).max(initial=0)
    assert energy(x) == pytest.approx(np.square(x.astype(float)).sum(), rel=1e-12, abs=1e-300)


@given(samples, st.floats(0, 1e6, width=32))
def test_within_is_a_bound_on_the_peak(x: np.ndarray, limit: float) -> None:
    assert within(x, limit) == bool((np.abs(x) <= np.float32(limit)).all())


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 8, 16])
def test_what_is_no_number_is_never_within(bad: float, place: int) -> None:
    x = np.zeros(17, np.float32)
    assert within(x, 1.0)
    x[place] = bad
    assert not within(x, np.finfo(np.float32).max)
