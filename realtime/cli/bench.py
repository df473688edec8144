"""``unfold bench``: how fast every preset runs on this machine, in a few seconds. Main thread, one core.

A column's work is a constant (transform, mask, overlap-add) plus one cost per layer. Both come from running the
engine over noise at full depth and at none. The largest share of a block that a column can take decides which
depth a block size allows.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from statistics import median

import numpy as np

from realtime.adaptivemodel import AdaptiveModel
from realtime.base.errors import UnfoldError
from realtime.cli.machine import Machine
from realtime.densemodel import DenseModel
from realtime.engine.chain import Chain
from realtime.engine.preset import Preset, list_presets
from realtime.model import AnyModel, Model
from realtime.plugins.denoise import Denoise
from realtime.render import BLOCK, Stream

RATES = (48000, 16000)
BLOCKS = (64, 128, 480)
SAFE_LOAD = 0.5
AUDIO_S = 3.0
REPEATS = 5


@dataclass(frozen=True)
class Speed:
    """How fast one preset runs at one rate. Times in us; loads and factors are shares of real time.

    `layer_us` and what follows are None for a chain without the denoiser.
    """

    preset: str
    sample_rate: int
    real_time_factor: float
    n_layers: int | None = None
    n_bases: int | None = None  # these two of kind "nmf" alone
    n_rows: int | None = None
    n_weights: int | None = None  # of a layer, in the mean
    hop_ms: float | None = None
    column_us: float | None = None
    column_load: float | None = None
    layer_us: float | None = None
    gflop_per_s: float | None = None
    gbyte_per_s: float | None = None
    depth_at_half_load: dict[int, int] | None = None


def seconds_for(work: Callable[[], object]) -> float:
    """Return how long one call took. [main-thread]"""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def deepest(block_s: float, columns: int, constant_s: float, layer_s: float, load: float = SAFE_LOAD) -> int:
    """Return how many layers fit into a share of a block that holds so many columns. [thread-safe]

    Parameters
    ----------
    block_s : float
        Duration of the block, s.
    columns : int
        Most columns that fall due in one block.
    constant_s, layer_s : float
        Work of a column without layers, and of one layer, s.
    load : float
        Share of the block to spend, 0 to 1.
    """
    return max(0, int((load * block_s / columns - constant_s) / layer_s))


def layer_sizes(model: AnyModel) -> list[int]:
    """Return how many weights each layer reads; a dense network counts as one. [thread-safe]"""
    if isinstance(model, DenseModel):
        return [model.macs_at(1)]
    if isinstance(model, AdaptiveModel):
        return [w.size for w in model.weights.W]
    return [model.weights[i].size for i in model.layers]


def measure_presets(bad: list[UnfoldError]) -> list[Speed]:
    """Run every preset at every rate; what is wrong with those that cannot run is added to `bad`. [main-thread]"""
    speeds = []
    for preset in list_presets(bad):
        try:
            speeds += [_measure(preset, rate) for rate in RATES]
        except UnfoldError as error:
            bad.append(error)
    return speeds


def _process(stream: Stream, x: np.ndarray) -> None:
    for start in range(0, len(x), BLOCK):
        stream.process(x[start : start + BLOCK])


def _denoiser(chain: Chain) -> tuple[Denoise, np.ndarray] | None:
    """Return the denoiser of a chain and the float32[1] place of its depth."""
    found = [plugin for plugin in chain.plugins if isinstance(plugin, Denoise)]
    return (found[0], chain.parameter("denoise", "layers")[1]) if found else None


def _measure(preset: Preset, rate: int) -> Speed:
    chain = preset.chain(rate)
    stream = Stream(chain)
    x = np.random.default_rng(0).normal(0, 0.1, int(AUDIO_S * rate)).astype(np.float32)
    _process(stream, x)
    denoiser = _denoiser(chain)
    if denoiser is None:
        return Speed(
            preset.name, rate, median(seconds_for(lambda: _process(stream, x)) for _ in range(REPEATS)) / AUDIO_S
        )
    plugin, depth = denoiser
    n_layers, model = int(depth[0]), plugin.model
    full, none = [], []
    for _ in range(REPEATS):
        depth[0] = n_layers
        full.append(seconds_for(lambda: _process(stream, x)))
        depth[0] = 0
        none.append(seconds_for(lambda: _process(stream, x)))
    hop_s = model.stft.hop / model.stft.sample_rate
    n_columns = AUDIO_S / hop_s
    column_s, constant_s = median(full) / n_columns, median(none) / n_columns
    sizes = layer_sizes(model)[:n_layers]
    n_weights, operations = sum(sizes), 2 if isinstance(model, DenseModel) else 4
    layer_s = max(column_s - constant_s, 1e-9) / max(1, n_layers)
    per_second = 1e-9 * n_weights / max(1, n_layers) / layer_s
    return Speed(
        preset=preset.name,
        sample_rate=rate,
        real_time_factor=median(full) / AUDIO_S,
        n_layers=n_layers,
        n_bases=model.n_bases if isinstance(model, Model) else None,
        n_rows=max(sizes, default=0) // model.n_bases if isinstance(model, Model) else None,
        n_weights=n_weights // max(1, n_layers),
        hop_ms=1e3 * hop_s,
        column_us=1e6 * column_s,
        column_load=column_s / hop_s,
        layer_us=1e6 * layer_s,
        gflop_per_s=operations * per_second,
        gbyte_per_s=4 * per_second,
        depth_at_half_load={
            block: deepest(block / rate, ceil(block / rate / hop_s), constant_s, layer_s) for block in BLOCKS
        },
    )


def print_speeds(machine: Machine, speeds: list[Speed]) -> None:
    """Print the figures for a reader. [main-thread]"""
    print(f"{machine}\none thread, median of {REPEATS} runs over {AUDIO_S:g} s of noise")
    for s in speeds:
        print(f"\n{s.preset} at {s.sample_rate / 1000:g} kHz: real-time factor {s.real_time_factor:.4f}")
        if s.depth_at_half_load is None:
            continue
        print(
            f"  column  {s.column_us:.0f} us of every {s.hop_ms:g} ms, load {s.column_load:.1%}\n"
            f"  layer   {s.layer_us:.2f} us for {f'{s.n_rows} x {s.n_bases}' if s.n_bases else s.n_weights} weights "
            f"({s.gflop_per_s:.0f} GFLOP/s, {s.gbyte_per_s:.0f} GB/s); this preset runs {s.n_layers}"
        )
        depths = ", ".join(f"{depth} in blocks of {block}" for block, depth in s.depth_at_half_load.items())
        print(f"  depth   at {SAFE_LOAD:.0%} load in the worst block: {depths}")
