"""Oracles: a run that nobody interrupted, the real-time engine, numpy's fit, the transposed transform."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from realtime.adapt import as_heard, fit
from realtime.adaptivemodel import AdaptiveModel
from realtime.engine.chain import Chain
from realtime.learn import learn_noise
from realtime.model import load_model
from realtime.plugins.denoise import Denoise
from realtime.render import render
from tests.training.corpora import folders
from training.adaptive import AdaptiveNet
from training.adaptivelearner import AdaptiveLearner, Rooms, fit_rooms
from training.config import Config, CriterionConfig, NetworkConfig
from training.configfile import ConfigError, read_config
from training.criteria import EDGE, HOP, LEAST_KEPT, NOISE_FLOOR, loss, overlap_add, spectra, waveform
from training.data import read_folders
from training.runs import load_checkpoint, read_log
from training.scenes import chunk_of
from training.streamtrain import CHECKPOINT, kept_learner, train_streams

SETTINGS = """
name = "small"
[network]
kind = "adaptive"
layers = 2
speech_bases = 5
noise_bases = 4
room_bases = 2
noise_memory = [12.0, 80.0]
noise_floor = [60.0]
speech_memory = [3.0]
[dictionary]
updates = 5
columns = 300
[mixtures]
seconds = 1.2
[augment]
second_noise = 0.5
[streams]
streams = 4
chunk = 25
steps = 40
told = 0.3
[training]
method = "adam"
checkpoint_s = 0.0
"""
CPU = torch.device("cpu")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # sums are the same to the bit only in the same order
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = folders(tmp_path_factory.mktemp("corpus"))
    (made / "small.toml").write_text(SETTINGS)
    return made


@pytest.fixture(scope="module")
def trained(root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, AdaptiveLearner]:
    run = tmp_path_factory.mktemp("run")
    return run, in_process(root, run)


def config_of(root: Path, changes: tuple[str, ...] = ()) -> Config:
    return read_config(root / "small.toml", changes)


def in_process(root: Path, run: Path, changes: tuple[str, ...] = ()) -> AdaptiveLearner:
    config = config_of(root, changes)
    corpus = read_folders(root / "clean", root / "noise", None)
    return train_streams(config, corpus, run, lambda part, share: None, CPU, 0, 1)


def rows(run: Path) -> list[dict]:
    return [{key: row[key] for key in ("step", "loss", "development")} for row in read_log(run / "log.csv")]


def test_training_lowers_the_loss(root: Path, tmp_path: Path) -> None:
    """Without the waveform's part, which differs from mixture to mixture by more than forty steps can bring."""
    in_process(root, tmp_path, ("criterion.waveform=0.0",))
    losses = [row["loss"] for row in rows(tmp_path)]
    assert len(losses) == 40 and np.isfinite(losses).all()
    assert np.mean(losses[-8:]) < np.mean(losses[:8]) - 0.1


def test_a_killed_run_goes_on_to_the_same_curve_and_weights(root: Path, tmp_path: Path, trained) -> None:
    run = tmp_path / "killed"
    options = [
        f"--clean={root / 'clean'}",
        f"--noise={root / 'noise'}",
        f"--run={run}",
        f"--out={run / 'm.safetensors'}",
    ]
    command = [sys.executable, "-m", "training", "train", str(root / "small.toml"), *options, "--no-score"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    worker = subprocess.Popen(command, env=environment)
    deadline = time.monotonic() + 90
    while len(read_log(run / "log.csv")) < 7 and time.monotonic() < deadline and worker.poll() is None:
        time.sleep(0.002)
    worker.send_signal(signal.SIGKILL)
    assert worker.wait() == -signal.SIGKILL
    assert 0 < load_checkpoint(run / CHECKPOINT).step < 40
    learner = in_process(root, run)
    assert rows(run) == rows(trained[0])
    wanted = trained[1].net.state_dict()
    assert all(torch.equal(found, wanted[name]) for name, found in learner.net.state_dict().items())


def test_streams_of_two_processes_go_on_where_they_were(root: Path, tmp_path: Path) -> None:
    """A run of torchrun that is stopped, against one that is not."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "--"]
    options = [
        f"--clean={root / 'clean'}",
        f"--noise={root / 'noise'}",
        f"--out={tmp_path / 'm.safetensors'}",
        "--no-score",
    ]
    command = [*torchrun, "training", "train", str(root / "small.toml"), *options, "--set=streams.steps=60"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    subprocess.run([*command, f"--run={whole}"], check=True, env=environment, capture_output=True)
    worker = subprocess.Popen([*command, f"--run={stopped}"], env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 90
    while len(read_log(stopped / "log.csv")) < 5 and time.monotonic() < deadline and worker.poll() is None:
        time.sleep(0.002)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait() != 0
    found = load_checkpoint(stopped / CHECKPOINT)
    assert 0 < found.step < 60 and len(found.learner["streams"]) == 2
    subprocess.run([*command, f"--run={stopped}"], check=True, env=environment, capture_output=True)
    assert rows(stopped) == rows(whole)


def test_what_is_trained_is_what_runs_live(trained) -> None:
    """The engine, with the fits of its room, against the same chunks through torch."""
    learner = kept_learner(trained[1].config, trained[1].state(), CPU)
    chunk = 125 * HOP
    x = (0.1 * np.random.default_rng(0).standard_normal(4 * chunk)).astype(np.float32)
    x *= np.repeat(np.random.default_rng(1).uniform(0.1, 1, 40), chunk // 10).astype(np.float32)
    padded, masked = torch.from_numpy(np.pad(x, (EDGE, 0)))[None], []
    for i in range(4):
        part = padded[:, i * chunk : i * chunk + EDGE + chunk]
        masked.append(learner.enhanced(chunk_of(part, torch.tensor([i == 0]))))
    wanted = overlap_add(torch.cat(masked))[0].numpy()
    model = learner.net.model({})
    got = render(x, Chain([Denoise(model)], 16000))[: len(wanted)]
    assert np.abs(got - wanted).max() < 1e-5


def test_the_command_writes_a_model_and_its_card(root: Path, tmp_path: Path, trained) -> None:
    options = [f"--clean={root / 'clean'}", f"--noise={root / 'noise'}", f"--out={tmp_path / 'm.safetensors'}"]
    command = [sys.executable, "-m", "training", "export", str(trained[0] / CHECKPOINT), *options, "--no-score"]
    subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    model = load_model(tmp_path / "m.safetensors")
    assert isinstance(model, AdaptiveModel) and model.n_layers == 2 and model.card["name"] == "small"
    assert "room_bases 2" in (tmp_path / "m.md").read_text()


@pytest.mark.parametrize("most", [1.4, 1.9])
def test_powers_begin_at_one_and_stay_below_the_most(most: float) -> None:
    small = NetworkConfig(kind="adaptive", layers=2, most_power=most)
    net = AdaptiveNet(small, np.ones((257, 3), np.float32), np.ones((4, 257), np.float32), seed=0)
    for name in ("power", "own_power"):
        assert torch.allclose(net.weights()[name], torch.ones(()), atol=1e-6)
        getattr(net, name).data += 20
        assert torch.allclose(net.weights()[name], torch.full((), most), atol=1e-6)


def test_fits_of_many_rooms_are_those_of_the_worker() -> None:
    rng = np.random.default_rng(0)
    removed, bases = rng.random((3, 40, 20)).astype(np.float32), rng.random((3, 2, 20)).astype(np.float32) + 0.1
    bases /= bases.sum(axis=2, keepdims=True)
    counts = [40, 25, 1]
    for i, n in enumerate(counts):
        removed[i, : 40 - n] = 0
    found = fit_rooms(torch.from_numpy(removed), torch.tensor(counts, dtype=torch.float32), torch.from_numpy(bases))
    for i, n in enumerate(counts):
        for a, b in zip(found, fit(removed[i, 40 - n :], bases[i]), strict=True):
            np.testing.assert_allclose(a[i], b, rtol=1e-3, atol=1e-7)


def test_a_lesson_is_what_learn_noise_makes_of_it(trained) -> None:
    net = trained[1].net
    noise = (0.1 * np.random.default_rng(2).standard_normal(16000 * 2)).astype(np.float32)
    wanted = learn_noise(net.model({}), noise, 16000)
    assert isinstance(wanted, AdaptiveModel)
    rooms, w = Rooms.unheard(3, net.room), net.weights()
    columns = net.compressed(spectra(torch.from_numpy(noise)[None])[:, 0].abs(), w).detach()
    parts = rooms.learn(1, columns, net.room)
    np.testing.assert_allclose(rooms.bases[1], wanted.weights.room, rtol=2e-2, atol=1e-5)
    np.testing.assert_allclose(parts.sum(1), wanted.room_level, rtol=2e-3)
    assert torch.equal(rooms.bases[0], net.room) and rooms.counts.tolist() == [0, len(as_heard(parts)), 0]


def test_overlap_add_reconstructs_and_its_gradient_is_autograds() -> None:
    x = torch.randn(2, EDGE + 20 * HOP, generator=torch.Generator().manual_seed(0))
    frames = spectra(x)
    assert frames.shape == (20, 2, 257)
    whole = overlap_add(frames)
    torch.testing.assert_close(whole, x[:, EDGE:][:, : whole.shape[1]], rtol=0, atol=1e-5)
    mask = torch.rand(20, 2, 257, generator=torch.Generator().manual_seed(1)).requires_grad_()
    wish = torch.randn(whole.shape, generator=torch.Generator().manual_seed(2))
    (wanted,) = torch.autograd.grad((overlap_add(mask * frames) * wish).sum(), mask)
    (got,) = torch.autograd.grad((waveform(mask, frames) * wish).sum(), mask)
    torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("part", ["magnitude", "waveform"])
def test_the_right_mask_is_judged_best(part: str) -> None:
    """Of compressed magnitudes it is their ratio; of the waveform, whatever its level, nearly least squares."""
    generator = torch.Generator().manual_seed(3)
    speech, noise = 0.1 * torch.randn(2, 2, EDGE + 40 * HOP, generator=generator)
    x, s = spectra(speech + noise), spectra(speech)
    least_squares = (s * x.conj()).real / x.abs().square()
    right = {"magnitude": s.abs() / x.abs(), "waveform": least_squares}[part].clamp(1e-3, 10).log()
    criterion = CriterionConfig(**(dict.fromkeys(("magnitude", "phase", "waveform", "envelope"), 0.0) | {part: 1.0}))
    others = [0 * right, 0.7 * right] + [right - 0.5, right + 0.5] * (part == "magnitude")
    judged = [float(loss([(1.0, mask)], x, s, speech, torch.zeros(3, 2), criterion)[0]) for mask in (right, *others)]
    assert min(judged) == judged[0]


def test_the_waveform_is_judged_over_the_seconds_before_too() -> None:
    """Half the speech and nothing else is as good as all of it; noise of the past, of its power, makes it 0 dB."""
    speech = torch.randn(1, EDGE + 60 * HOP, generator=torch.Generator().manual_seed(4))
    x, criterion = spectra(speech), CriterionConfig(magnitude=0.0, phase=0.0, waveform=1.0, envelope=0.0)
    power = float(speech[:, EDGE : EDGE + 57 * HOP].square().mean())
    half, nothing = [(1.0, torch.full(x.shape, float(np.log(0.5))))], torch.zeros(3, 1)
    told, past = loss(half, x, x, speech, nothing, criterion)
    best = 10 * np.log10((0.25 + LEAST_KEPT) / NOISE_FLOOR)
    assert float(told) == pytest.approx(-best, abs=0.05)
    wanted = 0.75 * power * torch.tensor([[0.25], [1.0], [0.5]])
    torch.testing.assert_close(past, wanted, rtol=1e-3, atol=0)
    told, _ = loss(half, x, x, speech, torch.tensor([[0.25 * power], [0.0], [0.0]]), criterion)
    assert float(told) == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("training.method=mbp", "kind adaptive is trained by"),
        ("streams.chunk=26", "multiple of 5"),
        ("network.compression=1.5", "at most 1"),
        ("network.noise_memory=[0.0]", "more than 0"),
        ("mixtures.seconds=0.1", "less than a chunk"),
        ("network.most_power=1.0", "less than 1.1"),
        ("streams.go_on=1.5", "no share"),
        ("streams.products=float16", "float32, bfloat16"),
    ],
)
def test_settings_that_cannot_be_are_one_sentence(root: Path, change: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        config_of(root, (change,))
