"""From a checkpoint, or from bases alone, to a model file with its card."""

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from realtime.base.errors import ModelError, UnfoldError
from realtime.model import Model, save_model
from realtime.modelfile import StftSettings
from training.adaptivelearner import AdaptiveLearner
from training.config import Config
from training.data import Corpus, credit
from training.dnmf import Network
from training.learners import Learner, MlpLearner
from training.mlp import to_dense_model
from training.score import table
from training.streamlearner import StreamLearner


def to_model(net: Network, context: int, card: dict[str, Any]) -> Model:
    """Return the model of a network.

    Raises
    ------
    ModelError
        If its divergence does not run live.
    """
    if net.beta != 1:
        raise ModelError(f"a network with beta = {net.beta} does not run live; train it with network.beta = 1")
    weights = tuple(np.ascontiguousarray(w.detach().cpu().numpy(), np.float32) for w in net.matrices)
    n_bases = weights[0].shape[1]
    sources = (("speech", net.n_speech), ("noise", n_bases - net.n_speech))
    return Model("nmf", StftSettings(), context, sources, net.layers, net.readouts, net.sparsity, weights, card)


def card_of(learner: Learner | StreamLearner, config: Config, corpus: Corpus, command: str) -> dict[str, Any]:
    """Return what a model's card tells but its scores."""
    return {
        "name": config.name,
        "description": config.description,
        "licence": config.licence,
        "data": f"{len(corpus.speech)} speech and {len(corpus.noise)} noise recordings",
        "sources": credit(corpus.speech + corpus.noise),
        "parameters": learner.n_weights,
        "multiplications per column": learner.multiplications,
        "seed": config.seed,
        "config": json.loads(json.dumps(asdict(config))),  # as it comes back from the file
        "made": date.today().isoformat(),
        "command": command,
    }


def write(learner: Learner | StreamLearner, config: Config, card: dict[str, Any], out: Path) -> None:
    """Write the model file of whatever was trained."""
    if isinstance(learner, AdaptiveLearner):
        save_model(out, learner.net.model(card))
    elif isinstance(learner, StreamLearner):
        raise UnfoldError(f"a network of kind {config.network.kind} does not run live; score its checkpoint: evaluate")
    elif isinstance(learner, MlpLearner):
        save_model(out, to_dense_model(learner.net, config.network.context, card))
    else:
        save_model(out, to_model(learner.net, config.network.context, card))


def card_page(card: dict[str, Any]) -> str:
    """Return a card as Markdown."""
    lines = [f"# {card['name']}", "", *([card["description"], ""] if card["description"] else [])]
    lines += [
        f"- **{key}**: {card[key]}"
        for key in ("data", "licence", "parameters", "multiplications per column", "seed", "made")
        if key in card
    ]
    if without := card["config"].get("without"):
        lines.append(f"- **left out**: recordings whose licence names {', '.join(without)}")
    lines += ["", "Made by:", "", f"    {card['command']}", "", "with the configuration", ""]
    for part, settings in card["config"].items():
        if isinstance(settings, dict):
            lines.append(f"- {part}: " + ", ".join(f"{key} {value}" for key, value in settings.items()))
    lines += ["", *([table(card["metrics"]), ""] if "metrics" in card else [])]
    lines += ["Learned from:", "", "| source | licence | recordings |", "|---|---|---|"]
    lines += [f"| {source} | {licence} | {n} |" for source, licence, n in card["sources"]]
    return "\n".join([*lines, ""])
