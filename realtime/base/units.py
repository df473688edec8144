"""Decibels, milliseconds and the one floor epsilon. Pure functions, any thread."""

import math

import numpy as np

FLOOR = 1e-9
"""The one floor: model spectra and denominators never fall below it (Hershey et al. 2014 reference code)."""

LARGEST_SAMPLE = np.float32(1e6)
"""+120 dBFS: no sound is that loud, and its square still fits a float32."""

RATES = 1000, 768_000
"""Sample rates that are possible, Hz, from and to: beyond, a window has no samples, or memory no room for it."""

SILENCE_DB = -200.0
"""What a gain of zero is shown as, in dB."""


def db_to_gain(db: float) -> float:
    """Return the amplitude ratio of a level. [thread-safe]

    Parameters
    ----------
    db : float
        Level in dB; any finite value.

    Returns
    -------
    float
        ``10 ** (db / 20)``.
    """
    return float(10.0 ** (db / 20.0))


def gain_to_db(gain: float) -> float:
    """Return the level in dB of an amplitude ratio, at least `SILENCE_DB`. [thread-safe]

    Parameters
    ----------
    gain : float
        Amplitude ratio >= 0.

    Returns
    -------
    float
        ``20 log10(gain)``, in dB.
    """
    return 20.0 * math.log10(gain) if gain > 1e-10 else SILENCE_DB
