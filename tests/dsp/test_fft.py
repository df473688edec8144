"""Oracle: numpy.fft in float64."""

import numpy as np
import pytest

from realtime.dsp.fft import irfft, plan, rfft


@pytest.mark.parametrize("n", [8, 256, 352, 512, 704, 768, 1024, 1408, 1536, 2816, 3072, 2 * 13 * 5 * 3])
def test_transform_equals_numpy_and_inverts(n: int) -> None:
    p = plan(n)
    x = np.random.default_rng(n).standard_normal(n).astype(np.float32)
    re, im, back = np.empty(n // 2 + 1, np.float32), np.empty(n // 2 + 1, np.float32), np.empty(n, np.float32)
    rfft(p.address, x.ctypes.data, re.ctypes.data, im.ctypes.data)
    wanted = np.fft.rfft(x.astype(np.float64))
    assert np.abs(re + 1j * im - wanted).max() < 2e-6 * np.abs(wanted).max()
    irfft(p.address, re.ctypes.data, im.ctypes.data, back.ctypes.data)
    assert np.abs(back - x).max() < 1e-6 * np.abs(x).max()


@pytest.mark.parametrize("n", [7, 2 * 17])
def test_size_without_small_factors_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="the size must be even"):
        plan(n)
