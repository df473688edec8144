"""The device's round trip, measured: a quiet burst of noise goes out and is looked for in what comes in.

The host makes a `Probe` and sends its address; the callback adds the burst to the output and keeps the raw input on the
same frame clock; the host correlates the two. The two kernels on the audio thread, the rest on the main thread.
"""

import numpy as np
from numba import carray
from numpy.typing import NDArray

from realtime.base.intrinsics import as_pointer, floats
from realtime.base.memory import State, aligned
from realtime.base.safety import realtime

Floats = NDArray[np.float32]

SETTLE_S = 0.5
"""Wait before the burst: servers and Bluetooth links lose or repeat sound while a stream starts."""
BURST_S = 0.35
LONGEST_S = 1.0
"""Longest round trip that can be found; Bluetooth headsets need 0.2 to 0.4 s."""
LEVEL = 0.02
"""-34 dBFS: quiet beside speech, yet the correlation over BURST_S lifts it by 42 dB at 48 kHz."""
CLEAR = 12.0
"""A peak so many standard deviations high is an echo: speech without one stays below 7 (tests/engine/test_probe.py)."""

PROBE = np.dtype(
    [
        ("place", np.int64),  # frames since the burst began; negative before
        ("n_burst", np.int64),
        ("burst", np.int64),  # address of float32[n_burst]
        ("n_echo", np.int64),
        ("echo", np.int64),  # address of float32[n_echo]: the input since the burst began
    ],
    align=True,
)


@realtime("void(int64, int64, int64)")
def keep_echo(probe: int, x: int, n: int) -> None:
    """Keep n frames of raw input, float32[n] at `x`. [audio-thread]"""
    p = carray(as_pointer(probe), (1,), PROBE)[0]
    source, echo = floats(x, n), floats(p.echo, p.n_echo)
    for i in range(max(0, -p.place), min(n, p.n_echo - p.place)):
        echo[p.place + i] = source[i]


@realtime("int64(int64, int64, int64)")
def add_burst(probe: int, y: int, n: int) -> bool:
    """Add the burst to n frames of output, float32[n] at `y`; return 1 once the echo is all there. [audio-thread]

    Comes after `keep_echo` for the same frames.
    """
    p = carray(as_pointer(probe), (1,), PROBE)[0]
    target, burst = floats(y, n), floats(p.burst, p.n_burst)
    for i in range(max(0, -p.place), min(n, p.n_burst - p.place)):
        target[i] += burst[p.place + i]
    p.place += n
    return p.place >= p.n_echo


def noise_burst(sample_rate: float) -> Floats:
    """Return white noise of two values, float32[n], the same every time. [thread-safe]

    Of all signals of one peak level these have the most energy, and their autocorrelation is one sharp peak.
    """
    signs = np.random.default_rng(0).choice((-LEVEL, LEVEL), round(BURST_S * sample_rate))
    return signs.astype(np.float32)


def find_echo(burst: Floats, echo: Floats) -> int | None:
    """Return after how many frames a burst comes back, or None if it does not. [thread-safe]

    The peak of the cross-correlation; of several near the largest the first, for reflections and feedback come later.

    Parameters
    ----------
    burst : float32[n_burst]
        What was played.
    echo : float32[n_echo]
        What was heard from its first frame on, n_echo >= n_burst.
    """
    size = 1 << (len(echo) + len(burst)).bit_length()
    spectrum = np.fft.rfft(echo, size) * np.fft.rfft(burst, size).conj()
    strength = np.abs(np.fft.irfft(spectrum, size)[: len(echo) - len(burst) + 1])
    deviation = np.median(strength) / 0.6745  # of a normal distribution, and deaf to a few peaks
    if strength.max() <= CLEAR * deviation:
        return None
    place = int(np.argmax(strength >= strength.max() / 2))
    while place + 1 < len(strength) and strength[place + 1] > strength[place]:
        place += 1
    return place


class Probe:
    """One measurement: its burst, room for its echo, and the record that the callback gets. Main thread.

    Parameters
    ----------
    sample_rate : float
        Hz.
    """

    def __init__(self, sample_rate: float) -> None:
        self._burst = noise_burst(sample_rate)
        self._echo = aligned(len(self._burst) + round(LONGEST_S * sample_rate))
        self.state = State(
            PROBE,
            place=-round(SETTLE_S * sample_rate),
            n_burst=len(self._burst),
            burst=self._burst,
            n_echo=len(self._echo),
            echo=self._echo,
        )

    def round_trip(self) -> int | None:
        """Return the frames from output to input, or None if nothing came back; only after PROBED. [main-thread]"""
        return find_echo(self._burst, self._echo)
