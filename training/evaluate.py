"""Score systems on the same pairs in the same run: what ships is what is scored.

Writes a Markdown page, a CSV row for every system and pair, and a plot. Two conditions: *cold*, the mixture alone, and
*running*, preceded by other people's speech in the same noise, which every system hears and none is scored on.
"""

import csv
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from realtime.base.errors import UnfoldError
from training.metrics import METRICS, RATE, measure
from training.pairs import LEAD_S, Pair
from training.systems import System


@dataclass(frozen=True)
class Score:
    """One system on one pair; ``values`` by `METRICS`."""

    system: str
    condition: str
    group: str
    noise: str
    values: dict[str, float]
    realtime_factor: float


INPUT = "input"


def check_names(systems: Sequence[System]) -> None:
    """Refuse systems that could not be told apart in the results.

    Raises
    ------
    UnfoldError
        One sentence.
    """
    counts = Counter([INPUT, *(system.name for system in systems)])
    for name, n in counts.items():
        if n > 1:
            raise UnfoldError(f"{n} of what is scored are called {name!r}; name each once, and none {INPUT!r}")


def score_systems(
    systems: Sequence[System], pairs: Sequence[Pair], running: bool, jobs: int, report: Callable[[int], None]
) -> list[Score]:
    """Return the scores of every system on every pair; the input itself comes first.

    Parameters
    ----------
    systems : sequence of System
        Lined up.
    pairs : sequence of Pair
        What they are scored on.
    running : bool
        Score the running condition beside the cold one.
    jobs : int
        Processes that measure; the systems themselves run one after the other, so that their speed means something.
    report : callable
        Called with 1 after each scored signal.
    """
    conditions = ("cold", "running") if running else ("cold",)
    waiting = []
    with ProcessPoolExecutor(jobs) as pool:

        def submit(system: str, condition: str, pair: Pair, estimate: np.ndarray, factor: float) -> None:
            future = pool.submit(measure, pair.clean, estimate)
            future.add_done_callback(lambda _: report(1))
            waiting.append((system, condition, pair, future, factor))

        for pair in pairs:
            submit(INPUT, "cold", pair, pair.noisy, 0.0)
            for condition in conditions:
                lead = pair.lead if condition == "running" else pair.lead[:0]
                heard = np.concatenate([lead, pair.noisy])
                for system in systems:
                    began = time.perf_counter()
                    estimate = system.enhance(heard)[len(lead) :]
                    factor = (time.perf_counter() - began) * RATE / len(heard)
                    submit(system.name, condition, pair, estimate, factor)
        return [Score(s, c, p.group, p.noise, f.result(), factor) for s, c, p, f, factor in waiting]


def _mean(scores: Sequence[Score], metric: str) -> float:
    found = [s.values[metric] for s in scores if not np.isnan(s.values[metric])]
    return float(np.mean(found)) if found else float("nan")


def _names(scores: Sequence[Score]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((s.system, s.condition) for s in scores))


def _size(n: int | None, unit: float, ending: str) -> str:
    return "" if n is None else f"{n / unit:.3g}{ending}"


def page(scores: Sequence[Score], systems: Sequence[System], about: str) -> str:
    """Return the results as Markdown: all measures, then SI-SDR by input SNR and by noise."""
    by_name = {s.name: s for s in systems}
    lines = ["# Evaluation", "", about, "", "## Means", ""]
    lines += [f"| system | condition | {' | '.join(METRICS)} | parameters | MAC/column | real-time factor |"]
    lines += ["|---|---|" + "---|" * (len(METRICS) + 3)]
    for name, condition in _names(scores):
        mine = [s for s in scores if (s.system, s.condition) == (name, condition)]
        cells = [f"{_mean(mine, metric):.{2 if 'SDR' in metric else 3}f}" for metric in METRICS]
        system = by_name.get(name)
        sizes = (
            [_size(system.n_parameters, 1e3, " k"), _size(system.macs_per_column, 1e6, " M")] if system else ["", ""]
        )
        factor = "" if system is None else f"{np.median([s.realtime_factor for s in mine]):.4f}"
        lines.append(f"| {name} | {condition} | {' | '.join(cells)} | {sizes[0]} | {sizes[1]} | {factor} |")
    for title, key in (("input SNR, dB", "group"), ("noise", "noise")):
        parts = sorted(
            {getattr(s, key) for s in scores} - {""}, key=lambda v: (len(v), v) if key == "noise" else float(v)
        )
        if not parts:
            continue
        lines += ["", f"## SI-SDR, dB, by {title}", "", f"| system | condition | {' | '.join(parts)} |"]
        lines += ["|---|---|" + "---|" * len(parts)]
        for name, condition in _names(scores):
            mine = [s for s in scores if (s.system, s.condition) == (name, condition)]
            cells = [f"{_mean([s for s in mine if getattr(s, key) == part], 'SI-SDR'):.2f}" for part in parts]
            lines.append(f"| {name} | {condition} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def write_csv(scores: Sequence[Score], path: Path) -> None:
    """Write a row for every system, condition and pair."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["system", "condition", "input SNR", "noise", *METRICS, "real-time factor"])
        for s in scores:
            values = [f"{s.values[m]:.4f}" for m in METRICS]
            writer.writerow([s.system, s.condition, s.group, s.noise, *values, f"{s.realtime_factor:.5f}"])


def plot(scores: Sequence[Score], path: Path) -> None:
    """Draw the means of every measure by input SNR, one line for every system and condition."""
    from matplotlib.figure import Figure

    groups = sorted({s.group for s in scores} - {""}, key=float) or [""]
    figure = Figure(figsize=(15, 3.6), layout="constrained")
    for axes, metric in zip(figure.subplots(1, len(METRICS)), METRICS, strict=True):
        for name, condition in _names(scores):
            mine = [s for s in scores if (s.system, s.condition) == (name, condition)]
            values = [_mean([s for s in mine if s.group == group], metric) for group in groups]
            label = name if name == INPUT else f"{name}, {condition}"
            axes.plot(groups, values, "o-" if condition == "cold" else "s--", label=label, markersize=4)
        axes.set(title=metric, xlabel="input SNR, dB")
        axes.grid(alpha=0.3)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=6, frameon=False)
    figure.savefig(path, dpi=120)


def describe(n: int, running: bool, source: str) -> str:
    """Return the sentence that says what was scored."""
    also = f", and again after {LEAD_S} s of other speakers in the same noise (running)" if running else ""
    return f"{n} pairs, {source}, scored at 16 kHz{also}. Means over all pairs; the real-time factor is a median."
