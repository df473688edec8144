"""Pictures of training: SDR over depth, loss over time and epochs."""

from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.pairs import SNRS_DB
from training.runs import read_log


def plot_table(results: list[dict[str, Any]], path: Path) -> None:
    """Plot mean SDR over trained layers, one line per K, and SDR over input SNR."""
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    depth, snr = figure.subplots(1, 2)
    nmf, others = [r for r in results if r["kind"] == "nmf"], [r for r in results if r["kind"] != "nmf"]
    for k in sorted({r["layers"] for r in nmf}):
        line = sorted((r["trained"], r["metrics"]["sdr_db"]["mean"][1]) for r in nmf if r["layers"] == k)
        depth.plot(*zip(*line, strict=True), marker="o", label=f"deep NMF, K={k}")
    for r in others:
        depth.axhline(r["metrics"]["sdr_db"]["mean"][1], color="grey", linestyle="--", label=r["title"])
    depth.set(xlabel="trained layers C", ylabel="mean SDR, dB", title="What each trained layer adds")
    names = [str(s) for s in SNRS_DB]
    for r in results:
        gain = [r["metrics"]["sdr_db"][s][1] - r["metrics"]["sdr_db"][s][0] for s in names]
        style = ".-" if r["kind"] == "nmf" else ".--k"
        snr.plot(SNRS_DB, gain, style, label=r["title"])
    snr.set(xlabel="input SNR, dB", ylabel="gain in SDR, dB", title="Where it helps")
    for axes in (depth, snr):
        axes.grid(alpha=0.3)
    depth.legend(fontsize=6, loc="lower right")
    snr.legend(fontsize=6, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)  # beside the lines, not on them
    depth.xaxis.get_major_locator().set_params(integer=True)
    figure.savefig(path, dpi=120)


def plot_methods(runs: list[tuple[str, Path]], path: Path) -> None:
    """Plot the loss on held-out mixtures of runs from the same start, over epochs and over time."""
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, 2, sharey=True)
    for title, run in runs:
        rows = [row for row in read_log(run / "log.csv") if row["development"] is not None]
        style = "--" if "Adam" in title else "-"
        for axes, key in zip(panels, ("epoch", "seconds"), strict=True):
            axes.plot([row[key] for row in rows], [row["development"] for row in rows], style, label=title)
    panels[0].set(xlabel="epochs", ylabel="held-out loss, of that of the mixture", title="Loss over epochs")
    panels[1].set(xlabel="seconds", title="Loss over time")
    panels[1].legend(fontsize=6)
    for axes in panels:
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)
