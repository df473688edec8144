"""Oracles: numpy.fft of the same frames, sums of shifted windows, and the latency as an exact delay.

That a unit mask reconstructs through the whole engine, at every rate and block size, stands in plugins/test_denoise.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.dsp.fft import factorise
from realtime.dsp.stft import LATENCIES_MS, analyse, column_ready, exchange, stft, synthesise, window_size, windows

RATES = (8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 192000)


def parts(rate: int, latency_ms: int) -> tuple[int, int, int]:
    """Return n_fft, hop and n_synthesis as the denoiser chooses them."""
    n_fft = window_size(rate)
    n_synthesis = n_fft * latency_ms // 32
    return n_fft, min(n_fft // 4, n_synthesis // 2), n_synthesis


def stream(t, x: np.ndarray, sizes, change=lambda t: None) -> np.ndarray:
    """Pass x through in blocks of the given sizes, again and again, with `change` between analysis and synthesis."""
    y, start, i = np.full(len(x), np.nan, np.float32), 0, 0
    while start < len(x):
        end = min(len(x), start + sizes[i % len(sizes)])
        while start < end:
            start += exchange(t.address, x[start:end], y[start:end])
            if column_ready(t.address):
                analyse(t.address)
                change(t)
                synthesise(t.address)
        i += 1
    return y


@pytest.mark.parametrize("rate", RATES)
def test_window_is_32_ms_to_within_two_per_cent(rate: int) -> None:
    n_fft = window_size(rate)
    assert n_fft == pytest.approx(0.032 * rate, rel=0.02)
    assert n_fft % 16 == 0 and factorise(n_fft // 2) is not None


@pytest.mark.parametrize(("rate", "wanted"), [(8000, 256), (16000, 512), (32000, 1024), (48000, 1536), (96000, 3072)])
def test_window_is_exactly_32_ms_where_that_is_whole(rate: int, wanted: int) -> None:
    assert window_size(rate) == wanted


@pytest.mark.parametrize("latency_ms", LATENCIES_MS)
@pytest.mark.parametrize("rate", RATES)
def test_products_of_the_windows_add_up_to_one(rate: int, latency_ms: int) -> None:
    n_fft, hop, n_synthesis = parts(rate, latency_ms)
    analysis, synthesis = windows(n_fft, n_synthesis, hop)
    product = analysis[-n_synthesis:].astype(float) * synthesis
    np.testing.assert_allclose(product.reshape(-1, hop).sum(axis=0), 1, atol=1e-6)
    assert analysis.min() >= 0 and analysis.max() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("latency_ms", LATENCIES_MS)
@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_columns_are_the_spectra_of_the_windowed_frames(rate: int, latency_ms: int) -> None:
    n_fft, hop, n_synthesis = parts(rate, latency_ms)
    t = stft(n_fft, hop, n_synthesis)
    x = np.random.default_rng(0).standard_normal(3 * n_fft).astype(np.float32)
    columns = []
    stream(t, x, [hop], lambda t: columns.append(t.keep["re"] + 1j * t.keep["im"]))
    window = windows(n_fft, n_synthesis, hop)[0]
    behind = np.concatenate([np.zeros(n_fft - hop), x])
    frames = [behind[i : i + n_fft] * window for i in range(0, len(x) - hop + 1, hop)]
    wanted = np.fft.rfft(frames, axis=1)
    np.testing.assert_allclose(columns, wanted, atol=3e-6 * np.abs(wanted).max())


@settings(max_examples=20, deadline=None)
@given(
    rate=st.sampled_from([8000, 16000, 44100, 48000]),
    latency_ms=st.sampled_from(LATENCIES_MS),
    sizes=st.lists(st.integers(1, 8192), min_size=1, max_size=5),
    seed=st.integers(0, 1000),
)
def test_untouched_columns_give_the_input_after_exactly_the_latency(rate, latency_ms, sizes, seed) -> None:
    n_fft, hop, n_synthesis = parts(rate, latency_ms)
    x = np.random.default_rng(seed).uniform(-1, 1, 2 * n_fft + 7).astype(np.float32)
    y = stream(stft(n_fft, hop, n_synthesis), x, sizes)
    np.testing.assert_allclose(y, np.concatenate([np.zeros(n_synthesis), x])[: len(x)], atol=1e-6)


@pytest.mark.parametrize("latency_ms", LATENCIES_MS)
def test_an_impulse_comes_out_once_where_it_should(latency_ms: int) -> None:
    n_fft, hop, n_synthesis = parts(48000, latency_ms)
    x = np.zeros(3 * n_fft, np.float32)
    x[1000] = 1
    y = stream(stft(n_fft, hop, n_synthesis), x, [480])
    assert np.argmax(y) == 1000 + n_synthesis
    assert np.abs(np.delete(y, 1000 + n_synthesis)).max() < 1e-6


def test_what_cannot_reconstruct_is_refused() -> None:
    for n_fft, hop, n_synthesis in ((512, 128, 1024), (512, 100, 512), (512, 128, 128)):
        with pytest.raises(ValueError, match="does not divide"):
            stft(n_fft, hop, n_synthesis)
