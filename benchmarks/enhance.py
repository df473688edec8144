"""`unfold enhance`: real-time factor of every preset on one core, and memory on a file of one hour."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy as np
import soundfile
from scipy.signal import resample_poly

from benchmarks.launch import measure
from realtime.cli.bench import seconds_for
from realtime.engine.preset import BUILT_IN, Preset, list_presets
from realtime.render import render_file

RATES = (16000, 44100, 48000)
SECONDS, HOUR_S, REPEATS = 60.0, 3600.0, 5
MOST_MIB, MOST_FACTOR = 200, 0.05
# Whatever the BLAS below numpy is called, it gets one thread.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


@contextmanager
def _one_core() -> Iterator[str]:
    """Keep this process and its children on one core where the system can; yield what that is called."""
    if not hasattr(os, "sched_setaffinity"):  # Linux has it
        yield "one thread"
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield "one thread on one core"
    finally:
        os.sched_setaffinity(0, before)


def _write(path: Path, rate: int, seconds: float) -> None:
    """Write the noisy clip again and again."""
    clip, clip_rate = soundfile.read(BUILT_IN / "demo.flac", dtype="float32")
    clip = resample_poly(clip, rate // 100, clip_rate // 100).astype(np.float32)
    left = int(seconds * rate)
    with soundfile.SoundFile(path, "w", rate, 1, "PCM_16") as file:
        while left > 0:
            file.write(clip[:left])
            left -= len(clip)


def _factor(preset: Preset, source: Path, target: Path) -> float:
    work: Callable[[], object] = lambda: render_file(source, target, preset.chain)  # noqa: E731
    return median(seconds_for(work) for _ in range(REPEATS)) / SECONDS


def _factors(folder: Path) -> list[str]:
    rows = []
    presets = list_presets()
    for rate in RATES:
        _write(folder / f"{rate}.wav", rate, SECONDS)
    for preset in presets:
        cells = [f"{_factor(preset, folder / f'{rate}.wav', folder / 'out.wav'):.4f}" for rate in RATES]
        rows.append(f"| {preset.name} | {' | '.join(cells)} |")
    return rows


def _hour(folder: Path) -> str:
    if sys.platform == "win32":
        return "Memory on a file of one hour: not measured; it needs a system with `getrusage`."
    source, target = folder / "hour.wav", folder / "hour-clean.wav"
    _write(source, RATES[-1], HOUR_S)
    command = [sys.executable, "-m", "realtime.cli.app", "enhance", "-o", str(target)]
    environ = os.environ | ONE_THREAD
    measure([*command, str(BUILT_IN / "demo.flac")], environ)  # a first start compiles, which takes memory of its own
    seconds, peak_mib = measure([*command, str(source)], environ)
    if soundfile.info(target).frames != soundfile.info(source).frames:
        raise AssertionError("the enhanced hour is not as long as the hour")
    return (
        f"One hour of 48 kHz mono by the command line, the default preset: {seconds:.0f} s from start to end, factor "
        f"**{seconds / HOUR_S:.4f}** (wanted: at most {MOST_FACTOR}), peak resident memory **{peak_mib:.0f} MiB** "
        f"(wanted: under {MOST_MIB})."
    )


def run() -> str:
    """Return the section for the page of results."""
    with tempfile.TemporaryDirectory() as name, _one_core() as limit:
        rows, hour = _factors(Path(name)), _hour(Path(name))
    return "\n".join(
        [
            "## Files",
            "",
            f"Real-time factor of `unfold enhance` (time it takes / time the sound lasts), {limit}: {SECONDS:g} s of",
            f"noisy speech, mono, read from and written to a WAV file, median of {REPEATS}.",
            "",
            f"| preset | {' | '.join(f'{rate / 1000:g} kHz' for rate in RATES)} |",
            f"|---|{'---|' * len(RATES)}",
            *rows,
            "",
            hour,
            "",
        ]
    )
