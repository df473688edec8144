"""Oracles: textbook values and the round trip."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.base.units import SILENCE_DB, db_to_gain, gain_to_db


@pytest.mark.parametrize(("db", "gain"), [(0, 1), (20, 10), (-20, 0.1), (-120, 1e-6), (6.0206, 2), (-math.inf, 0)])
def test_known_values(db: float, gain: float) -> None:
    assert db_to_gain(db) == pytest.approx(gain, rel=1e-5, abs=1e-12)


@given(st.floats(SILENCE_DB + 0.01, 200))
def test_round_trip(db: float) -> None:
    assert gain_to_db(db_to_gain(db)) == pytest.approx(db, abs=1e-9)


@pytest.mark.parametrize("gain", [0.0, -0.0, 1e-11, 5e-324, math.nan])
def test_what_is_no_level_is_shown_as_silence(gain: float) -> None:
    assert gain_to_db(gain) == SILENCE_DB
