"""The papers' table: sparse NMF, discriminative NMF, deep NMF and the sigmoid network on one set of mixtures.

Each row is a run of its own, in its own folder, with its own scores; rows that are there already are not made again,
so a table that was stopped goes on. Then: multiplicative back-propagation against Adam on log W from the same start.
"""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from realtime.base.errors import UnfoldError
from realtime.base.wholefile import whole_file
from realtime.model import Model, load_model
from training.config import Config
from training.configfile import from_table
from training.data import Corpus
from training.export import card_of, write
from training.learners import Learner
from training.pairs import SNRS_DB
from training.plots import plot_methods, plot_table
from training.runs import same_run
from training.score import MEASURES, PAIRS_PER_SNR, engine, score
from training.train import nmf_learner, train

TRAINED = (4, 3, 2, 1, 0)  # in this order, since fewer trained layers go on from the activations below more
METHODS: dict[str, dict[str, Any]] = {
    "MBP, eta 1": {"method": "mbp", "step": "plain", "eta": 1.0},
    "MBP, eta 2^d": {"method": "mbp", "step": "depth", "eta": 1.0},
    "MBP, tight split, eta 0.3": {"method": "mbp", "step": "tight", "eta": 0.3},
    "MBP, tight split, backtracking": {"method": "mbp", "step": "backtracking", "eta": 1.0},
    "Adam on log W, 0.01": {"method": "adam", "learning_rate": 0.01},
    "Adam on log W, 0.03": {"method": "adam", "learning_rate": 0.03},
}


@dataclass(frozen=True)
class Table:
    """What is compared, on what, where it goes, and who is told."""

    nmf: Config  # K and C are varied
    dnn: Config | None
    corpus: Corpus
    dictionary: Model  # the sparse NMF that all start from
    folder: Path
    say: Callable[[str], None]
    layers: tuple[int, ...] = (25, 4)
    methods_trained: tuple[int, ...] = (3,)  # C for which methods are compared, with the least K
    pairs_per_snr: int = PAIRS_PER_SNR
    below: dict[int, dict[int, tuple[int, torch.Tensor]]] = field(default_factory=dict)  # by K: what its rows share

    def make(self, methods: bool = True) -> None:
        """Make all rows, then compare the methods; write table.csv, table.md, sdr.png and methods.png as they grow."""
        results = []
        for name, config in self.rows():
            self.say(f"{name} ...")
            results.append(self._row(name, config))
            means = [f"{title} {results[-1]['metrics'][key]['mean'][1]} dB" for key, title in MEASURES.items()]
            self.say(f"{name}: {', '.join(means)}")
            write_table(results, self.folder)
        if methods:
            self._methods()

    def rows(self) -> Iterator[tuple[str, Config]]:
        """Yield names and configurations: for each K the trained layers down to none, the DNN after the first K."""
        for i, k in enumerate(self.layers):
            for c in [c for c in TRAINED if c <= k + 1]:
                net = replace(self.nmf.network, layers=k, trained=c)
                name = f"k{k}-c{c}-r{net.speech_bases}"
                yield name, replace(self.nmf, name=name, network=net)
            if i == 0 and self.dnn is not None:
                yield "dnn", self.dnn

    def _row(self, name: str, config: Config) -> dict[str, Any]:
        """Train and score a row, or go on doing so, or return what was found before."""
        run = self.folder / name
        done, file = run / "result.json", run / f"{name}.safetensors"
        if done.exists():
            found: dict[str, Any] = json.loads(done.read_text())
            same_run(from_table(found["config"], str(done)), config, run)
            return found
        run.mkdir(parents=True, exist_ok=True)
        learner: Learner
        if config.network.kind == "nmf" and config.network.trained == 0:
            learner = nmf_learner(config, torch.from_numpy(self.dictionary.weights[0]))
        else:
            below = self.below.setdefault(config.network.layers, {})
            learner = train(config, self.corpus, run, self.dictionary, self._by_tenths(name), below)
        write(learner, config, card_of(learner, config, self.corpus, f"python -m training table ({name})"), file)
        result = {
            "name": name,
            "title": title(config),
            "kind": config.network.kind,
            "layers": config.network.layers,
            "trained": config.network.trained,
            "parameters": learner.n_weights,
            "multiplications": learner.multiplications,
            "metrics": score(engine(load_model(file)), self.corpus, self.pairs_per_snr),
            "config": asdict(config),
        }
        with whole_file(done) as part:
            part.write_text(json.dumps(result, indent=1))
        return result

    def _methods(self) -> None:
        """Train by every method from the same start on the same columns, and plot the loss."""
        runs, below = [], self.below.get(min(self.layers), {})
        for c in self.methods_trained:
            net = replace(self.nmf.network, layers=min(self.layers), trained=c)
            for name, changes in METHODS.items():
                config = replace(self.nmf, network=net, training=replace(self.nmf.training, **changes))
                run = self.folder / "methods" / "".join(x if x.isalnum() or x in ".^" else "-" for x in f"c{c} {name}")
                train(config, self.corpus, run, self.dictionary, self._by_tenths(f"C={c}, {name}"), below)
                runs.append((f"C={c}, {name}", run))
                plot_methods(runs, self.folder / "methods.png")

    def _by_tenths(self, name: str) -> Callable[[str, float], None]:
        told: set[tuple[str, int]] = set()

        def report(part: str, share: float) -> None:
            if (part, int(10 * share)) not in told:
                told.add((part, int(10 * share)))
                self.say(f"  {name}: {part} {share:.0%}")

        return report


def title(config: Config) -> str:
    """Return what a row is called."""
    net = config.network
    if net.kind == "mlp":
        return f"DNN, 2 x {net.hidden[0]}"
    kind = {0: "sparse NMF", 1: "discriminative NMF"}.get(net.trained, "deep NMF")
    return f"{kind}, K={net.layers}, C={net.trained}, R_l={net.speech_bases}"


def table_configs(nmf: Config, dnn: Config | None) -> tuple[Config, Config | None]:
    """Give the sigmoid network, if there is one, the mixtures of the deep NMF, but for how many pools there are.

    Raises
    ------
    UnfoldError
        If one is of another kind.
    """
    for config, kind in ((nmf, "nmf"), (dnn, "mlp")):
        if config is not None and config.network.kind != kind:
            raise UnfoldError(
                f"the configuration {config.name!r} is of kind {config.network.kind}; the table compares kind nmf, as "
                "in presets/train/paper.toml, with kind mlp, as in dnn.toml"
            )
    if dnn is None:
        return nmf, None
    mixtures = replace(nmf.mixtures, pools=dnn.mixtures.pools)
    return nmf, replace(dnn, mixtures=mixtures, augment=nmf.augment, seed=nmf.seed)


def write_table(results: list[dict[str, Any]], folder: Path) -> None:
    """Write table.csv, table.md and sdr.png of the rows made so far."""
    results = sorted(results, key=lambda r: (r["kind"] != "nmf", -r["layers"], r["trained"]))
    snrs = [*(str(snr) for snr in SNRS_DB), "mean"]
    cells = [(measure, snr) for measure in MEASURES for snr in snrs]
    head = ["system", "parameters", "MAC per column", *(f"{MEASURES[m]} at {s}" for m, s in cells)]
    before = results[0]["metrics"]
    lines: list[list[Any]] = [["mixture", 0, 0, *(before[m][s][0] for m, s in cells)]]
    for r in results:
        lines.append([r["title"], r["parameters"], r["multiplications"], *(r["metrics"][m][s][1] for m, s in cells)])
    with (folder / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([head, *lines])
    shown = [i for i, name in enumerate(head) if not name.startswith("SI-SDR at") or name.endswith("mean")]
    text = [
        f"{before['mixtures']} mixtures of held-out speakers and noise recordings; SDR (BSS-eval) and SI-SDR in dB by",
        "input SNR in dB. MAC: multiplications with addition.",
        "",
        "| " + " | ".join(head[i] for i in shown) + " |",
        "|---" * len(shown) + "|",
        *("| " + " | ".join(_text(line[i]) for i in shown) + " |" for line in lines),
    ]
    (folder / "table.md").write_text("\n".join([*text, ""]))
    plot_table(results, folder / "sdr.png")


def _text(value: str | int | float) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else value
