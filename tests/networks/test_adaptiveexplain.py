"""Oracle: `adaptive_oracle`, and the divergence as its definition says."""

import numpy as np

from realtime.networks.adaptiveexplain import explain_column
from tests.networks.adaptive_oracle import Oracle, random_weights
from tests.networks.test_adaptive import EXPONENT, N_BINS, N_LAYERS, N_SPEECH, SHARE, columns, made


def kl(v: np.ndarray, model: np.ndarray) -> float:
    model = model * v.sum() / model.sum()
    return float(sum(x * np.log(x / y) - x + y for x, y in zip(v, model, strict=True)) / v.sum())


def test_masks_fits_and_what_is_remembered_are_those_of_the_equations() -> None:
    weights = random_weights(12, followers="nnfs")
    net, oracle = made(weights), Oracle(weights, N_SPEECH, EXPONENT, SHARE)
    masks, fits = np.zeros((N_LAYERS + 1, N_BINS), np.float32), np.zeros(N_LAYERS + 1, np.float32)
    for column in columns(11, 40):
        explain_column.ctypes(net.address, column.ctypes.data, masks.ctypes.data, fits.ctypes.data)
        np.testing.assert_allclose(masks, oracle.column(column), atol=1e-5)
        v = (column.astype(float) + 1e-4) ** EXPONENT * weights.input
        np.testing.assert_allclose(fits, [kl(v, m) for m in (np.ones(N_BINS), *oracle.explained)], rtol=1e-3)
    np.testing.assert_allclose(net.keep["own"], oracle.own, rtol=1e-4, atol=1e-6)


def test_before_the_stream_begins_nothing_is_explained() -> None:
    net, silence = made(random_weights(13)), np.zeros(N_BINS, np.float32)
    masks, fits = np.zeros((N_LAYERS + 1, N_BINS), np.float32), np.full(N_LAYERS + 1, np.nan, np.float32)
    explain_column.ctypes(net.address, silence.ctypes.data, masks.ctypes.data, fits.ctypes.data)
    assert (masks == 1).all() and np.isfinite(fits).all() and not net.keep["own"].any()
