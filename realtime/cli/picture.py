"""A picture of two recordings, before and after, as spectrograms. Main thread."""

from pathlib import Path

import numpy as np
import soundfile


def save_spectrograms(before: Path, after: Path) -> Path:
    """Write a PNG beside the second file and return its path. [main-thread]"""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 1, figsize=(10, 6), sharex=True, sharey=True, layout="constrained")
    for axis, path, title in zip(axes, (before, after), ("before", "after"), strict=True):
        samples, rate = soundfile.read(path, dtype="float32")
        size = round(0.032 * rate)
        starts = np.arange(0, max(1, len(samples) - size), size // 4)
        frames = np.pad(samples, (0, size))[starts[:, None] + np.arange(size)] * np.hanning(size)
        level = 20 * np.log10(np.abs(np.fft.rfft(frames, axis=1)).T / (size / 4) + 1e-6)
        extent = (0.0, len(samples) / rate, 0.0, rate / 2000)
        axis.imshow(level, origin="lower", aspect="auto", extent=extent, vmin=-100, vmax=-20, cmap="magma")
        axis.set(title=title, ylabel="kHz", ylim=(0, min(12, rate / 2000)))
    axes[-1].set_xlabel("s")
    figure.colorbar(axes[0].images[0], ax=axes, label="dBFS")
    target = after.with_name(after.stem.removesuffix("wet") + "spectrograms.png")
    figure.savefig(target, dpi=110)
    pyplot.close(figure)
    return target
