"""Fixtures that more than one folder of tests uses."""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.rig.jack_server import JackServer


@pytest.fixture
def jack(request: pytest.FixtureRequest) -> Iterator[JackServer]:
    """A running JACK server without hardware; indirect parameter (rate, period), 48000 Hz and 128 frames by default.

    Skips where jackd is not installed, except under CI, where that is a failure.
    """
    rate, period = getattr(request, "param", (48000, 128))
    if shutil.which("jackd") is None and not os.environ.get("CI"):
        pytest.skip("jackd is not installed; on Debian: apt install jackd2")
    with JackServer(rate, period) as server:
        yield server
