"""The papers' table: sparse NMF, discriminative NMF, deep NMF and the sigmoid network on one set of mixtures.

Each row is a run of its own, in its own folder, with its own scores; rows that are there already are not made again,
so a table that was stopped goes on. Then: multiplicative back-propagation against Adam on log W from the same start.
"""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from realtime.model import Model, load_model
from training.config import Config
from training.data import Corpus
from training.export import card_of, parameters, scores, write
from training.learners import Learner, MlpLearner
from training.plots import plot_methods, plot_table
from training.score import SNRS_DB
from training.train import nmf_learner, train

Say = Callable[[str], None]

LAYERS = (25, 4)
TRAINED = (0, 1, 2, 3, 4)
METHODS: dict[str, dict[str, Any]] = {
    "MBP, eta 1": {"method": "mbp", "step": "plain"},
    "MBP, eta 2^d": {"method": "mbp", "step": "depth"},
    "MBP, tight split": {"method": "mbp", "step": "tight"},
    "MBP, tight split, backtracking": {"method": "mbp", "step": "backtracking"},
    "Adam on log W, 0.003": {"method": "adam", "learning_rate": 0.003},
    "Adam on log W, 0.01": {"method": "adam", "learning_rate": 0.01},
    "Adam on log W, 0.03": {"method": "adam", "learning_rate": 0.03},
}


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    config: Config

    @property
    def title(self) -> str:
        """What the line is called."""
        net = self.config.network
        if net.kind == "mlp":
            return "DNN, 2 x " + str(net.hidden[0])
        kind = {0: "sparse NMF", 1: "discriminative NMF"}.get(net.trained, "deep NMF")
        return f"{kind}, K={net.layers}, C={net.trained}, R_l={net.speech_bases}"


def rows(nmf: Config, dnn: Config | None, layers: tuple[int, ...] = LAYERS) -> Iterator[Row]:
    """Yield the lines: per K the trained layers from none on; the sigmoid network after the first K."""
    for i, k in enumerate(layers):
        for c in TRAINED:
            net = replace(nmf.network, layers=k, trained=c)
            name = f"k{k}-c{c}-r{net.speech_bases}"
            yield Row(name, replace(nmf, name=name, network=net))
        if i == 0 and dnn is not None:
            yield Row("dnn", dnn)


def make_row(row: Row, corpus: Corpus, dictionary: Model, folder: Path, say: Say) -> dict[str, Any]:
    """Train and score a line, or go on doing so, or return what was found before."""
    done = folder / row.name / "result.json"
    if done.exists():
        return json.loads(done.read_text())
    net = row.config.network
    run = folder / row.name
    run.mkdir(parents=True, exist_ok=True)
    if net.kind == "nmf" and net.trained == 0:
        learner: Learner = nmf_learner(row.config, torch.from_numpy(dictionary.weights[0]))
    else:
        learner = train(row.config, corpus, run, dictionary, _by_tenths(row.name, say))
    file = run / f"{row.name}.safetensors"
    card = card_of(row.config, corpus, f"python -m training table ({row.name})") | {"parameters": parameters(learner)}
    write(learner, row.config, card, file)
    result = {"name": row.name, "title": row.title, "kind": net.kind, "layers": net.layers, "trained": net.trained,
              "parameters": parameters(learner), "multiplications": multiplications(learner, row.config),
              "metrics": scores(learner, row.config, corpus, file)}  # fmt: skip
    done.write_text(json.dumps(result, indent=1))
    return result


def make_methods(
    nmf: Config, corpus: Corpus, dictionary: Model, folder: Path, trained: tuple[int, ...], say: Say
) -> list[tuple[str, Path]]:
    """Train by every method from the same start on the same columns; return the titles and folders of the runs."""
    found = []
    for c in trained:
        for title, changes in METHODS.items():
            config = replace(nmf, network=replace(nmf.network, trained=c), training=replace(nmf.training, **changes))
            name = f"c{c} " + title
            run = folder / "methods" / "".join(x if x.isalnum() or x in ".^" else "-" for x in name)
            train(config, corpus, run, dictionary, _by_tenths(name, say))
            found.append((f"C={c}, {title}", run))
            plot_methods(found, folder / "methods.png")
    return found


def multiplications(learner: Learner, config: Config) -> int:
    """Return the multiplications and additions that a column costs."""
    if isinstance(learner, MlpLearner):
        return sum(learner.net.weights[f"W{i}"].numel() for i in (1, 2, 3))
    net = learner.net  # type: ignore[attr-defined]
    return sum(2 * net.matrices[i].numel() for i in net.layers) + net.matrices[net.readouts[-1]].numel()


def write_table(results: list[dict[str, Any]], folder: Path) -> None:
    """Write table.csv, table.md and sdr.png of the lines made so far."""
    snrs = [str(snr) for snr in SNRS_DB] + ["mean"]
    with (folder / "table.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["system", "parameters", "MAC per column"] + [f"{m} at {s}" for m in ("sdr_db", "si_sdr_db")
                                                                       for s in snrs])  # fmt: skip
        first = results[0]["metrics"]
        before = [first[m][s][0] for m in ("sdr_db", "si_sdr_db") for s in snrs]
        writer.writerow(["mixture", 0, 0, *before])
        for r in results:
            after = [r["metrics"][m][s][1] for m in ("sdr_db", "si_sdr_db") for s in snrs]
            writer.writerow([r["title"], r["parameters"], r["multiplications"], *after])
    with (folder / "table.csv").open(newline="") as file:
        head, *lines = list(csv.reader(file))
    wanted = [0, 1, 2, *(3 + i for i in range(len(snrs))), len(head) - 1]
    names = ["system", "parameters", "MAC per column", *(f"SDR at {s} dB" if s != "mean" else "mean SDR" for s in snrs)]
    text = [f"| {' | '.join([*names, 'mean SI-SDR'])} |", "|---" * len(wanted) + "|"]
    text += ["| " + " | ".join(_shown(line[i]) for i in wanted) + " |" for line in lines]
    count = results[0]["metrics"]["mixtures"]
    note = f"{count} mixtures of held-out speakers and noise recordings; SDR of BSS-eval and SI-SDR in dB."
    (folder / "table.md").write_text("\n".join([note, "", *text, ""]))
    plot_table(results, folder / "sdr.png")


def make_table(
    nmf: Config, dnn: Config | None, corpus: Corpus, dictionary: Path, folder: Path, methods: tuple[int, ...], say: Say
) -> None:
    """Make all lines, then the methods, writing the table anew after each.

    Parameters
    ----------
    nmf, dnn : Config
        Of the deep NMF, whose K and C are varied, and of the sigmoid network.
    corpus : Corpus
    dictionary : Path
        Model file of the sparse NMF that all start from.
    folder : Path
        Of the table and its runs.
    methods : tuple of int
        The C for which the methods of training are compared, with the least K.
    say : callable
        Called with lines about what goes on.
    """
    start = load_model(dictionary)
    results = []
    for row in rows(nmf, dnn):
        say(f"{row.title} ...")
        results.append(make_row(row, corpus, start, folder, say))
        metrics = results[-1]["metrics"]
        say(f"{row.title}: SDR {metrics['sdr_db']['mean'][1]}, SI-SDR {metrics['si_sdr_db']['mean'][1]} dB")
        write_table(results, folder)
    shallow = replace(nmf, network=replace(nmf.network, layers=min(LAYERS)))
    make_methods(shallow, corpus, start, folder, methods, say)


def table_configs(nmf: Config, dnn: Config) -> tuple[Config, Config]:
    """Give the sigmoid network the mixtures of the deep NMF, but for how many there are."""
    mixtures = replace(nmf.mixtures, pools=dnn.mixtures.pools)
    return nmf, replace(dnn, mixtures=mixtures, augment=nmf.augment, seed=nmf.seed)


def _shown(text: str) -> str:
    number = text.lstrip("-").replace(".", "", 1)
    if not number.isdigit():
        return text
    return f"{float(text):.2f}" if "." in text else f"{int(text):,}"


def _by_tenths(name: str, say: Say) -> Callable[[str, float], None]:
    told: set[tuple[str, int]] = set()

    def report(part: str, share: float) -> None:
        if (part, int(10 * share)) not in told:
            told.add((part, int(10 * share)))
            say(f"  {name}: {part} {share:.0%}")

    return report
