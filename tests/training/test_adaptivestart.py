"""Runs that begin at a trained model. Oracles: the model's own weights; a command that learns next to nothing."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from realtime.adaptivemodel import AdaptiveModel
from realtime.base.errors import UnfoldError
from realtime.engine.preset import BUILT_IN
from realtime.model import load_model, save_model
from realtime.networks import adaptive
from tests.training.corpora import folders
from tests.training.test_adaptive import SETTINGS
from training.__main__ import app
from training.adaptive import AdaptiveNet
from training.adaptivestart import net_from
from training.config import NetworkConfig
from training.configfile import read_config

NET = NetworkConfig(kind="adaptive", layers=2, speech_bases=5, noise_bases=4, room_bases=2, noise_memory=(12.0, 80.0),
                    noise_floor=(60.0,), speech_memory=(3.0,))  # fmt: skip


@pytest.fixture(scope="module")
def model() -> AdaptiveModel:
    """Return a network with every parameter moved from where it begins."""
    rng = np.random.default_rng(3)
    net = AdaptiveNet(NET, rng.random((257, 9), np.float32), rng.random((2, 257), np.float32), seed=1)
    for parameter in net.parameters():
        parameter.data += 0.5 * torch.from_numpy(rng.standard_normal(parameter.shape, np.float32))
    return net.model({})


@pytest.mark.parametrize("name", ["default", "tiny"])
def test_what_ships_can_be_gone_on_from_with_its_own_configuration(name: str) -> None:
    model = load_model(BUILT_IN / "models" / f"{name}.safetensors")
    assert isinstance(model, AdaptiveModel)
    config = read_config(BUILT_IN / "train" / f"{name}.toml")
    assert np.allclose(net_from(model, config.network, 0).weights()["W"].detach().numpy(), model.weights.W, rtol=1e-4)


@pytest.mark.parametrize("most_power", [1.4, 1.9])
def test_a_network_of_the_same_size_has_the_models_weights(model: AdaptiveModel, most_power: float) -> None:
    weights = net_from(model, replace(NET, most_power=most_power), seed=2).weights()
    for field in fields(adaptive.Weights):
        found, wanted = weights[field.name].detach().numpy(), getattr(model.weights, field.name)
        assert np.allclose(found, wanted, rtol=1e-4, atol=1e-7), field.name


def test_layers_that_are_added_are_halves_of_the_last(model: AdaptiveModel) -> None:
    deeper = net_from(model, replace(NET, layers=5), seed=2).model({}).weights
    of, parts = [0, 0, 1, 1, 1], np.array([2, 2, 3, 3, 3], np.float32)[:, None]
    for name in ("W", "read", "gain", "leak", "first", "slope", "follow", "own_gain", "own_mix", "own_read"):
        assert np.allclose(getattr(deeper, name), getattr(model.weights, name)[of], rtol=1e-4, atol=1e-7), name
    for name in ("power", "own_power"):
        wanted = np.clip(getattr(model.weights, name)[of] / parts, 0.3, None)  # the least that a power can be
        assert np.allclose(getattr(deeper, name), wanted, rtol=1e-3), name
    assert np.allclose(deeper.transition, model.weights.transition, rtol=1e-4)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"speech_bases": 6}, "speech_bases = 5, the configuration 6"),
        ({"room_bases": 0}, "room_bases = 2, the configuration 0"),
        ({"compression": 0.5}, "compression = 0.67, the configuration 0.5"),
        ({"layers": 1}, "2 layers, the configuration 1"),
        ({"most_power": 1.1}, "network.most_power is 1.1"),
        ({"noise_memory": (12.0,)}, "other bases of its own stream"),
        ({"noise_memory": (12.0, 81.0)}, "other bases of its own stream"),
        ({"noise_memory": (12.0,), "noise_floor": (80.0, 60.0)}, "other bases of its own stream"),
    ],
)
def test_another_network_is_one_sentence(model: AdaptiveModel, changes: dict, said: str) -> None:
    with pytest.raises(UnfoldError, match=said):
        net_from(model, replace(NET, **changes), seed=0)


def test_the_command_goes_on_from_a_model(model: AdaptiveModel, tmp_path: Path) -> None:
    root = folders(tmp_path / "corpus")
    (root / "small.toml").write_text(SETTINGS)
    save_model(tmp_path / "start.safetensors", model)
    command = ["train", root / "small.toml", f"--clean={root / 'clean'}", f"--noise={root / 'noise'}", "--no-score"]
    out = tmp_path / "m.safetensors"
    command += [f"--start={tmp_path / 'start.safetensors'}", f"--run={tmp_path / 'run'}", f"--out={out}"]
    command += ["--set=streams.steps=2", "--set=training.learning_rate=1e-12"]
    done = CliRunner().invoke(app, [str(c) for c in command], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    made = load_model(out)
    assert isinstance(made, AdaptiveModel) and "--start start.safetensors" in made.card["command"]
    for field in fields(adaptive.Weights):
        found, wanted = getattr(made.weights, field.name), getattr(model.weights, field.name)
        assert np.allclose(found, wanted, rtol=1e-3, atol=1e-7), field.name
