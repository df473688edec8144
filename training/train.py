"""The training loop: dictionary, unfolding, epochs over pools of columns, checkpoints that resume to the same curve.

Under torchrun every process draws its own share of the mixtures; streams and gradients are summed over processes, so
all hold the same weights. The first process writes.
"""

import os
import time
from collections.abc import Callable
from math import cos, isfinite, pi
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import distributed

from realtime.adaptivemodel import AdaptiveModel
from realtime.base.errors import UnfoldError
from realtime.model import AnyModel, Model
from realtime.modelfile import StftSettings
from training.config import STREAMED, AugmentConfig, Config, MixturesConfig
from training.data import Corpus
from training.dnmf import deep
from training.learners import Learner, MlpLearner, NmfLearner
from training.mixtures import Mixer, Pool, pool
from training.mlp import NAMES, Mlp, random_mlp
from training.runs import CHECKPOINT, Checkpoint, Log, checkpoint_wanted, gone_on_from, origin, save_checkpoint
from training.sparse import learn
from training.steps import add_over_processes, same_on_all
from training.streamlearner import StreamLearner
from training.streamtrain import kept_learner, train_streams

N_BINS = StftSettings().n_fft // 2 + 1
DEVELOPMENT_MIXTURES = 100
STARTS: dict[str, type] = {"nmf": Model, "adaptive": AdaptiveModel}  # of which kinds a model can be gone on from
Report = Callable[[str, float], None]


def processes() -> tuple[int, int]:
    """Return this process's number and how many torchrun started; join them if it did."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world > 1 and not distributed.is_initialized():
        if torch.cuda.is_available():
            torch.cuda.set_device(device())
        distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return (distributed.get_rank(), world) if world > 1 else (0, 1)


def leave() -> None:
    """Leave the group that `processes` joined: one that is still open when Python ends can abort the process."""
    if distributed.is_available() and distributed.is_initialized():
        distributed.barrier()
        distributed.destroy_process_group()


def device() -> torch.device:
    """Return where to train: this process's GPU if there is one."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")


class Pools:
    """The pools of a run, drawn one after the other: this process's share of each."""

    def __init__(self, config: Config, corpus: Corpus, rank: int, world: int) -> None:
        self.config, self.rank, self.world = config, rank, world
        self._mixer = Mixer(corpus, config.mixtures, config.augment, config.seed)
        self._held_out = Mixer(corpus, config.mixtures, AugmentConfig(), config.seed, development=True)
        self._drawn: tuple[int, Pool] | None = None
        self.per_process = max(1, config.mixtures.columns // (config.mixtures.columns_per_mixture * world))

    @property
    def columns(self) -> int:
        """Columns of this process's share of a pool."""
        return self.per_process * self.config.mixtures.columns_per_mixture

    def training(self, i: int) -> Pool:
        """Return this process's columns of pool i."""
        if self._drawn is None or self._drawn[0] != i:
            self._drawn = None  # before the next is drawn
            first = i * self.per_process * self.world + self.rank
            numbers = range(first, first + self.per_process * self.world, self.world)
            self._drawn = i, self._pool(self._mixer, numbers)
        return self._drawn[1]

    def development(self) -> Pool:
        """Return the columns of held-out speakers and noises on which progress is measured."""
        return self._pool(self._held_out, range(DEVELOPMENT_MIXTURES))

    def _pool(self, mixer: Mixer, numbers: range) -> Pool:
        made: MixturesConfig = self.config.mixtures
        return pool(mixer, numbers, self.config.network.context, made.columns_per_mixture).to(device())


def new_learner(config: Config, corpus: Corpus, first: Pool, start: Model | None, report: Report) -> Learner:
    """Return what a run begins with: a dictionary, given or learned, unfolded; or a random sigmoid network."""
    net = config.network
    if net.kind == "mlp":
        return MlpLearner(config, random_mlp(first.stack * first.level[:, None], net.hidden, N_BINS, config.seed))
    if start is None:
        w = learn(config, corpus, lambda share: report("dictionary", share))
    else:
        w = _dictionary(start)
        wanted = (N_BINS * net.context, net.speech_bases + net.noise_bases, net.speech_bases)
        if (*w.shape, start.sources[0][1]) != wanted:
            raise UnfoldError(
                f"the start has a dictionary of {w.shape[0]} x {w.shape[1]}, {start.sources[0][1]} of speech; the "
                f"configuration wants {wanted[0]} x {wanted[1]}, {wanted[2]} of speech"
            )
    return nmf_learner(config, torch.from_numpy(w).to(device()))


def _dictionary(start: Model) -> NDArray[np.float32]:
    """Return the dictionary of a model that is nothing else: trained layers cannot be unfolded anew."""
    w = start.weights[0]
    if any(start.layers) or not all(np.array_equal(start.weights[i], w[-N_BINS:]) for i in start.readouts):
        raise UnfoldError(
            "the start is a deep NMF with trained matrices, which would be lost; give a dictionary alone, as the "
            "command 'sparse' writes it and the preset 'sparse' holds it"
        )
    return w


def nmf_learner(config: Config, w: torch.Tensor) -> NmfLearner:
    """Return a dictionary unfolded as configured."""
    net = config.network
    rows = N_BINS * net.trained_context
    return NmfLearner(
        config,
        deep(w, N_BINS, net.layers, net.trained, net.speech_bases, trained_rows=rows, anytime=net.anytime,
             sparsity=net.sparsity, beta=net.beta),
    )  # fmt: skip


def any_learner(config: Config, state: dict[str, Any]) -> Learner | StreamLearner:
    """Return the learner of a checkpoint, of whatever kind."""
    return kept_learner(config, state, device()) if config.network.kind in STREAMED else old_learner(config, state)


def old_learner(config: Config, state: dict[str, Any]) -> Learner:
    """Return the learner of a checkpoint of columns that remember nothing."""
    learner: Learner
    if config.network.kind == "mlp":
        learner = MlpLearner(config, Mlp({name: state["weights"][name].to(device()).clone() for name in NAMES}))
    else:
        rows, bases = N_BINS * config.network.context, config.network.speech_bases + config.network.noise_bases
        learner = nmf_learner(config, torch.ones(rows, bases, device=device()))
    learner.load(state)
    return learner


def train_any(
    config: Config, corpus: Corpus, run: Path, start: AnyModel | None, report: Report
) -> Learner | StreamLearner:
    """As `train`, for a network of any kind."""
    kind = config.network.kind
    if start is not None and not isinstance(start, STARTS.get(kind, ())):
        raise UnfoldError(
            f"training of kind {kind!r} cannot go on from a model of kind {start.kind!r}; leave out --start"
        )
    if kind in STREAMED:
        rank, world = processes()
        run.mkdir(parents=True, exist_ok=True)
        return train_streams(config, corpus, run, report, device(), rank, world, start)
    return train(config, corpus, run, start, report)


def train(
    config: Config,
    corpus: Corpus,
    run: Path,
    start: Model | None,
    report: Report,
    below: dict[int, tuple[int, torch.Tensor]] | None = None,
) -> Learner:
    """Train, or go on training, in a run's folder; return the learner at its end.

    Parameters
    ----------
    config : Config
    corpus : Corpus
    run : Path
        Folder of the log and the checkpoint; where there is a checkpoint the run goes on from it.
    start : Model or None
        Whose dictionary to unfold; None to learn one.
    report : callable
        Called with the part of the work and the share of it done.
    below : dict or None
        What runs on the same pools with the same dictionary share; see `NmfLearner`.
    """
    if config.network.kind == "nmf" and config.network.trained == 0:
        raise UnfoldError("network.trained is 0, so there is nothing to train; use 'sparse', or train 1 layer or more")
    rank, world = processes()
    run.mkdir(parents=True, exist_ok=True)
    training, pools = config.training, Pools(config, corpus, rank, world)
    report("mixtures", 0.0)
    development = pools.development()
    held_out_unit = development.untouched
    per_epoch = max(1, pools.columns * world // training.batch)
    n_steps = per_epoch * training.epochs
    begun = origin(corpus, start)
    found = gone_on_from(run, config, begun, n_steps)
    if found is None:
        learner, unit = _begun(config, corpus, pools, start, report)
        step, seconds = 0, 0.0
    else:
        with checkpoint_wanted(run / CHECKPOINT):
            learner = old_learner(config, found.learner)
        step, seconds, unit = found.step, found.seconds, found.unit
    if below is not None and isinstance(learner, NmfLearner):
        learner.below = below
    log = Log(run, step) if rank == 0 else None
    since, saved = time.monotonic() - seconds, time.monotonic()

    def save() -> None:
        if rank == 0:
            now = Checkpoint(config, begun, step, time.monotonic() - since, unit, learner.state())
            save_checkpoint(run / CHECKPOINT, now)

    if log and step == 0:
        save()
        log.row(0, 0.0, 0.0, 1.0, learner.loss(development) / held_out_unit)
    entered = -1
    while step < n_steps:
        epoch = step // per_epoch
        wanted = epoch * config.mixtures.pools // training.epochs
        if wanted != entered:
            learner.enter(pools.training(wanted), wanted)
            entered = wanted
        order = np.random.default_rng((config.seed, epoch, rank)).permutation(pools.columns)
        batch = torch.from_numpy(order[step % per_epoch :: per_epoch]).to(device())
        rate = 0.5 + 0.5 * cos(pi * step / n_steps) if training.decay else 1.0
        loss = learner.step(batch, rate) / unit
        if not isfinite(loss):
            raise UnfoldError(f"the loss is {loss} at step {step + 1}; lower training.eta or training.learning_rate")
        step += 1
        last_of_epoch = step % per_epoch == 0
        held_out = learner.loss(development) / held_out_unit if last_of_epoch and rank == 0 else None
        if log:
            log.row(step, step / per_epoch, time.monotonic() - since, loss, held_out)
        if step == n_steps or time.monotonic() - saved >= training.checkpoint_s:
            save()
            saved = time.monotonic()
        report("training", step / n_steps)
    if log:
        log.close()
    return learner


def _begun(config: Config, corpus: Corpus, pools: Pools, start: Model | None, report: Report) -> tuple[Learner, float]:
    """Return what a run begins with, the same in all processes, and the unit of its loss."""
    first = pools.training(0)
    learner = new_learner(config, corpus, first, start, report)
    same_on_all(learner)
    total = torch.tensor([first.untouched, 1.0], device=device())
    add_over_processes([total])
    return learner, float(total[0] / total[1])
