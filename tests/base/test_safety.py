"""Oracles: the optimised IR, and Numba's own allocation counts."""

import os
import subprocess
import sys

import numpy as np
import pytest
from numba.core.runtime import _nrt_python, rtsys

import realtime.devices.virtual
import realtime.plugins.delay
import realtime.plugins.denoise
import realtime.plugins.gain  # noqa: F401
from realtime.base import safety
from realtime.base.safety import REGISTRY, audit
from realtime.engine.callback import process_block
from realtime.engine.chain import Chain
from realtime.host import Host
from realtime.plugins.denoise import Denoise
from realtime.plugins.gain import Gain
from tests.test_adaptivemodel import make_adaptive_model
from tests.test_densemodel import make_dense_model
from tests.test_model import make_model


@pytest.mark.parametrize("compiled", REGISTRY, ids=lambda c: c.name)
def test_audio_functions_allocate_raise_and_call_nothing(compiled) -> None:
    assert audit(compiled.function, compiled.signature, compiled.is_callback) == []


def allocates(n):
    return np.zeros(n)[0]


def raises(n):
    if n > 3:
        raise ValueError("n")
    return n


def prints(n):
    print(n)
    return n


@pytest.mark.parametrize(
    ("culprit", "signature", "finding"),
    [
        (allocates, "float64(int64)", "NRT_MemInfo_alloc"),
        (raises, "int64(int64)", "exception"),
        (prints, "int64(int64)", "Py"),
    ],
)
def test_planted_culprits_are_found(culprit, signature, finding) -> None:
    assert any(finding in found for found in audit(culprit, signature))


@pytest.mark.parametrize("make", [make_model, make_dense_model, make_adaptive_model])
def test_ten_thousand_blocks_allocate_nothing(make) -> None:
    host = Host(Chain([Denoise(make()), Gain()], 48000), timed=False)
    x = (0.01 * np.random.default_rng(0).standard_normal(480)).astype(np.float32)
    y = np.empty_like(x)
    block = x.ctypes.data, y.ctypes.data, len(x), None, 0, host.state.address
    process_block.ctypes(*block)
    _nrt_python.memsys_enable_stats()
    before = rtsys.get_allocation_stats()
    for _ in range(10_000):
        process_block.ctypes(*block)
    assert rtsys.get_allocation_stats() == before
    assert host.status().blocks == 10_001


def test_stale_kernels_are_never_served(tmp_path) -> None:
    """The cache folder changes with the sources."""
    code = "from realtime.base import safety; print(safety.cache_folder())"
    folders = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout for _ in range(2)}
    assert len(folders) == 1


def test_kernels_are_counted_in_any_locale() -> None:
    """The sources hold letters that are not ASCII."""
    code = "from realtime.base import safety; print(safety.n_declared())"
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | ascii_only, capture_output=True, text=True)
    assert int(done.stdout) == safety.n_declared()
