"""Oracles: torch's own GRU over the whole signal at once, a run that nobody interrupted, the model's refusals."""

from pathlib import Path

import numpy as np
import pytest
import torch

from realtime.base.errors import UnfoldError
from tests.training.corpora import folders
from tests.training.test_adaptive import SETTINGS
from training.config import Config
from training.configfile import read_config
from training.control import Control, ControlLearner
from training.criteria import EDGE, HOP, overlap_add, spectra
from training.data import read_folders
from training.export import write
from training.runs import load_checkpoint, read_log
from training.scenes import chunk_of
from training.streamlearner import MOST_LOST, enhancer
from training.streamtrain import CHECKPOINT, train_streams
from training.systems import checkpoint_system

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    path = tmp_path_factory.mktemp("control") / "control.toml"
    path.write_text(SETTINGS.replace('"adaptive"', '"control"').replace("layers = 2", "hidden = [12, 8]"))
    return read_config(path, ("training.learning_rate=0.003",))


@pytest.fixture(scope="module")
def run(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = folders(tmp_path_factory.mktemp("corpus"))
    corpus = read_folders(root / "clean", root / "noise", None)
    (root / "run").mkdir()
    train_streams(config, corpus, root / "run", lambda part, share: None, CPU, 0, 1)
    return root / "run"


def test_training_lowers_the_loss_and_a_run_goes_on_from_its_checkpoint(config: Config, run: Path) -> None:
    losses = [row["loss"] for row in read_log(run / "log.csv")]
    assert len(losses) == 40 and np.mean(losses[-8:]) < np.mean(losses[:8]) - 0.1
    found = load_checkpoint(run / CHECKPOINT).learner
    learner = ControlLearner(config, Control(config.network, 1))
    learner.load(found)
    learner.remember(found["streams"][0])
    again = learner.memory()
    assert all(torch.equal(a, b) for a, b in zip(again["state"], found["streams"][0]["state"], strict=True))
    assert all(torch.equal(p, found["net"][name]) for name, p in learner.net.state_dict().items())


def test_chunks_are_one_signal_and_streams_that_begin_anew_forget(config: Config) -> None:
    net = Control(config.network, 0)
    x = (0.1 * np.random.default_rng(0).standard_normal(3 * 25 * HOP + 100)).astype(np.float32)
    enhance = enhancer(ControlLearner(config, net))
    first, again = enhance(x), enhance(x)
    assert np.array_equal(first, again) and first.shape == x.shape
    trained = ControlLearner(config, net)
    others = chunk_of(torch.zeros(3, EDGE + 25 * HOP), torch.ones(3, dtype=torch.bool))
    trained.enhanced(others)  # it has been in other streams
    assert np.array_equal(enhancer(trained)(x), first)
    padded = torch.from_numpy(np.pad(x, (EDGE, 4 * 25 * HOP - len(x))))
    frames = spectra(padded[None])
    with torch.no_grad():
        wanted = overlap_add(torch.exp(net(frames.abs(), net.begin(1))[0]) * frames)[0].numpy()
    np.testing.assert_allclose(first, wanted[: len(x)], atol=1e-5)


def test_a_checkpoint_is_a_system_and_no_model_file(config: Config, run: Path, tmp_path: Path) -> None:
    system = checkpoint_system(run / CHECKPOINT)
    n_weights = sum(p.numel() for p in Control(config.network, 0).parameters())
    assert system.n_parameters == n_weights == ControlLearner(config, Control(config.network, 0)).n_weights
    x = np.random.default_rng(1).standard_normal(5000).astype(np.float32)
    assert system.enhance(x).shape == x.shape and np.abs(system.enhance(x)).max() < np.abs(x).max()
    with pytest.raises(UnfoldError, match="does not run live"):
        write(ControlLearner(config, Control(config.network, 0)), config, {}, tmp_path / "m")


def test_gradients_that_stay_without_a_number_end_the_run(config: Config) -> None:
    learner = ControlLearner(config, Control(config.network, 0))
    loud = chunk_of(torch.full((1, EDGE + 25 * HOP), torch.nan), torch.ones(1, dtype=torch.bool))
    before = [p.clone() for p in learner.net.parameters()]
    for n in range(MOST_LOST - 1):
        learner.step(loud, n, 1.0)
    assert all(torch.equal(a, b) for a, b in zip(before, learner.net.parameters(), strict=True))
    with pytest.raises(UnfoldError, match="no finite gradient"):
        learner.step(loud, MOST_LOST, 1.0)
