"""The training loop of networks that remember: streams, chunks, checkpoints that resume to the same curve."""

import time
from collections.abc import Callable
from dataclasses import replace
from math import cos, isfinite, pi
from pathlib import Path
from typing import Any

import numpy as np
import torch

from realtime.adaptivemodel import AdaptiveModel
from training.adaptive import AdaptiveNet, initial_bases
from training.adaptivelearner import AdaptiveLearner
from training.adaptivestart import net_from
from training.config import AugmentConfig, Config
from training.control import Control, ControlLearner
from training.criteria import signal_to_noise_db
from training.data import Corpus
from training.runs import CHECKPOINT, Checkpoint, Log, checkpoint_wanted, gone_on_from, origin, save_checkpoint
from training.scenes import Chunk, Streams
from training.steps import as_the_first, from_all, same_on_all
from training.streamlearner import StreamLearner

Report = Callable[[str, float], None]

WARM_UP = 60  # steps
LAST_RATE = 0.04  # of the learning rate, at the end
DEVELOPMENT_CHUNKS = 6
DEVELOPMENTS = 50  # looks at held-out streams in a run


def fresh_learner(
    config: Config, corpus: Corpus, report: Report, device: torch.device, start: AdaptiveModel | None
) -> StreamLearner:
    """Return what a run begins with: a model, or bases of speech and of noise, unfolded; or the control, at random."""
    if start is not None:
        return AdaptiveLearner(config, net_from(start, config.network, config.seed).to(device))
    if config.network.kind == "control":
        return ControlLearner(config, Control(config.network, config.seed).to(device))
    bases, room = initial_bases(config, corpus, lambda share: report("dictionary", share))
    return AdaptiveLearner(config, AdaptiveNet(config.network, bases, room, config.seed).to(device))


def kept_learner(config: Config, state: dict[str, Any], device: torch.device) -> StreamLearner:
    """Return the learner of a checkpoint."""
    learner: StreamLearner
    if config.network.kind == "control":
        learner = ControlLearner(config, Control(config.network, config.seed).to(device))
    else:
        f, r = state["net"]["read"].shape[1:]
        net = AdaptiveNet(config.network, np.ones((f, r), np.float32), state["net"]["room"].numpy(), config.seed)
        learner = AdaptiveLearner(config, net.to(device))
    learner.load(state)
    return learner


def unheard(learner: StreamLearner) -> StreamLearner:
    """Return a learner of the same network that is in no stream yet."""
    if isinstance(learner, ControlLearner):
        return ControlLearner(learner.config, learner.net)
    assert isinstance(learner, AdaptiveLearner)
    return AdaptiveLearner(learner.config, learner.net)


def rate_at(step: int, steps: int) -> float:
    """Return the share of the learning rate: it rises at first, then falls along a cosine."""
    return min(1.0, (step + 1) / WARM_UP) * (LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + cos(pi * step / steps)))


def train_streams(
    config: Config,
    corpus: Corpus,
    run: Path,
    report: Report,
    device: torch.device,
    rank: int,
    world: int,
    start: AdaptiveModel | None = None,
) -> StreamLearner:
    """Train, or go on training, in a run's folder; return the learner at its end. As `training.train.train`."""
    torch.set_flush_denormal(True)  # activations fade into them, and they cost five times the work
    settings = config.streams
    heard = Streams(corpus, config.mixtures, config.augment, settings, config.seed, rank, world)
    begun = origin(corpus, start)
    found = gone_on_from(run, config, begun, settings.steps)
    if found is None:
        learner, step, seconds = fresh_learner(config, corpus, report, device, start), 0, 0.0
        same_on_all(learner)
    else:
        with checkpoint_wanted(run / CHECKPOINT):
            learner, step, seconds = kept_learner(config, found.learner, device), found.step, found.seconds
            if len(found.learner["streams"]) == world:  # else all streams begin anew
                heard.load(found.learner["streams"][rank]["places"])
                learner.remember(found.learner["streams"][rank])
    log, since, saved = Log(run, step) if rank == 0 else None, time.monotonic() - seconds, time.monotonic()

    def save() -> None:
        streams = from_all(learner.memory() | {"places": heard.state()})
        if rank == 0:
            state = learner.state() | {"streams": streams}
            save_checkpoint(run / CHECKPOINT, Checkpoint(config, begun, step, time.monotonic() - since, 1.0, state))

    if step == 0:
        save()
    held_out = held_out_chunks(config, corpus) if rank == 0 else []
    look_every = max(1, settings.steps // DEVELOPMENTS)
    while step < settings.steps:
        told = learner.step(heard.next_chunk().to(device), step, rate_at(step, settings.steps))
        step += 1
        looks = step % look_every == 0 or step == settings.steps
        snr_db = development(learner, held_out, device) if looks and rank == 0 else None
        if log:
            log.row(step, step / settings.steps, time.monotonic() - since, told, snr_db)
        due = step == settings.steps or time.monotonic() - saved >= config.training.checkpoint_s
        if as_the_first(due):
            save()
            saved = time.monotonic()
        report("training", step / settings.steps)
    if log:
        log.close()
    return learner


def held_out_chunks(config: Config, corpus: Corpus) -> list[Chunk]:
    """Return the chunks of held-out speakers and noises on which progress is measured."""
    untold = replace(config.streams, told=0.0)
    streams = Streams(corpus, config.mixtures, AugmentConfig(), untold, config.seed, development=True)
    return [streams.next_chunk() for _ in range(DEVELOPMENT_CHUNKS)]


def development(learner: StreamLearner, chunks: list[Chunk], device: torch.device) -> float:
    """Return the mean SNR in dB over held-out streams, heard from silence on; NaN if it is none."""
    other = unheard(learner)
    heard = (chunk.to(device) for chunk in chunks)
    found = [signal_to_noise_db(other.enhanced(chunk), chunk.speech) for chunk in heard]
    found = [snr_db for snr_db in found if isfinite(snr_db)]
    return float(np.mean(found)) if found else float("nan")
