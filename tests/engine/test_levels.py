"""Levels read while they are counted. Oracle: a sound whose RMS and peaks are known at any time."""

import threading

import numpy as np
import pytest

from realtime.base.units import gain_to_db
from realtime.engine.callback import process_block
from realtime.engine.chain import Chain
from realtime.host import Host
from realtime.plugins.gain import Gain

BLOCK, HALF = 64, 0.5


def test_no_reading_is_torn_and_no_peak_is_lost() -> None:
    """Every block has the same energy; now and then one of them has its peak at 0.505, 0.51 ... of full scale."""
    host, done, found = Host(Chain([Gain()], 48000), timed=False), threading.Event(), []
    peaks = HALF + 0.005 * np.arange(1, 41)

    def play() -> None:
        steady, y = np.full(BLOCK, HALF, np.float32), np.empty(BLOCK, np.float32)
        for level in peaks:
            x = steady.copy()
            x[0] = level
            x[1] = np.sqrt(2 * HALF**2 - level**2)
            for i in range(400):
                block = x if i == 200 else steady
                process_block.ctypes(block.ctypes.data, y.ctypes.data, BLOCK, None, 0, host.state.address)
            before = len(found)
            while len(found) < before + 2:  # so that each is read before the next
                process_block.ctypes(steady.ctypes.data, y.ctypes.data, BLOCK, None, 0, host.state.address)
        done.set()

    player = threading.Thread(target=play)
    player.start()
    while not done.is_set():
        found.append(host.status())
    player.join()
    heard = [s for s in found if s.rms_in > -100]
    assert len(heard) > 40
    for status in heard:
        assert status.rms_in == pytest.approx(gain_to_db(HALF), abs=1e-4)
        assert status.rms_out == pytest.approx(status.rms_in, abs=1e-4)
    read = {round(10 ** (s.peak_in / 20), 3) for s in found if s.peak_in > -100}
    assert read == {HALF, *np.round(peaks, 3).tolist()}
