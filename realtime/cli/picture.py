"""A picture of two recordings, before and after, as spectrograms on one colour scale. Main thread."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

WINDOW_S = 0.032  # the engine's own
TOP_HZ = 10_000  # speech has nothing to show above
RANGE_DB = 55.0


def _levels(samples: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """Return dBFS, float64[n_bins, n_columns]: a sine of amplitude 1 shows as 0."""
    size = round(WINDOW_S * rate)
    starts = np.arange(0, max(1, len(samples)), size // 4)
    frames = np.pad(samples, size // 2 + size)[starts[:, None] + size + np.arange(size)]  # centred on `starts`
    amplitudes = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)).T / (size / 4)
    return np.asarray(20 * np.log10(amplitudes[: 1 + round(TOP_HZ * WINDOW_S)] + 1e-7))


def save_spectrograms(before: Path, after: Path) -> Path:
    """Write a PNG beside the second file and return its path. [main-thread]

    Parameters
    ----------
    before, after : Path
        Audio files of one channel, lined up with each other.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    sounds = [soundfile.read(path, dtype="float32") for path in (before, after)]
    levels = [_levels(samples, rate) for samples, rate in sounds]
    top = float(np.ceil(np.percentile(levels[0], 99.9)))
    figure, axes = pyplot.subplots(2, 1, figsize=(11, 7), sharex=True, sharey=True, layout="constrained")
    titles = (f"Before: {before.name}", f"After: {after.name}")
    for axis, (samples, rate), level, title in zip(axes, sounds, levels, titles, strict=True):
        extent = (0.0, max(len(samples), 1) / rate, 0.0, (len(level) - 1) / WINDOW_S / 1000)
        image = axis.imshow(
            level, origin="lower", aspect="auto", extent=extent, vmin=top - RANGE_DB, vmax=top, cmap="inferno"
        )
        axis.set_title(title, loc="left")
        axis.set_ylabel("frequency, kHz")
    axes[-1].set_xlabel("time, s")
    figure.colorbar(image, ax=axes, label="level of a bin, dBFS", extend="both", pad=0.01)
    target = after.with_name(after.stem.removesuffix("wet") + "spectrograms.png")
    figure.savefig(target, dpi=120)
    pyplot.close(figure)
    return target
