"""Oracles: a run that nobody interrupted, the kernel's loader, two processes against each other."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from realtime.base.errors import UnfoldError
from realtime.engine.preset import BUILT_IN
from realtime.model import load_model
from tests.training.corpora import folders
from training.__main__ import app, main
from training.configfile import read_config
from training.data import read_folders
from training.runs import load_checkpoint, read_log
from training.train import train

OUT = "--out={root}/x.safetensors"
SETTINGS = """
name = "small"
[network]
context = 2
layers = 2
trained = 2
speech_bases = 4
noise_bases = 3
[dictionary]
updates = 5
columns = 300
[mixtures]
seconds = 0.5
columns = 600
columns_per_mixture = 30
pools = 2
[augment]
second_noise = 0.5
[training]
epochs = 15
batch = 100
checkpoint_s = 0.0
"""
KINDS = {
    "mbp": [],
    "adam": ["training.method=adam"],
    "depth": ["training.step=depth"],
    "anytime": ["network.anytime=true", "network.trained=3"],
    "mlp": ["network.kind=mlp", "training.method=adam", "network.hidden=[8, 8]"],
}


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


def command(root: Path, run: Path, changes: list[str]) -> list[str]:
    options = [
        f"--clean={root / 'clean'}",
        f"--noise={root / 'noise'}",
        f"--run={run}",
        f"--out={run / 'm.safetensors'}",
    ]
    return ["train", str(root / "small.toml"), *options, "--no-score", *(f"--set={change}" for change in changes)]


def in_process(root: Path, run: Path, changes: list[str]) -> list[dict]:
    config = read_config(root / "small.toml", changes)
    corpus = read_folders(root / "clean", root / "noise", None)
    train(config, corpus, run, None, lambda part, share: None)
    return [{key: row[key] for key in ("step", "loss", "development")} for row in read_log(run / "log.csv")]


def environment() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_run_goes_on_to_the_same_curve_and_weights(root: Path, tmp_path: Path, kind: str) -> None:
    whole = in_process(root, tmp_path / "whole", KINDS[kind])
    assert len(whole) == 15 * 6 + 1 and all(np.isfinite(row["loss"]) for row in whole)

    run = tmp_path / "killed"
    worker = subprocess.Popen([sys.executable, "-m", "training", *command(root, run, KINDS[kind])], env=environment())
    deadline = time.monotonic() + 90
    while len(read_log(run / "log.csv")) < 10 and time.monotonic() < deadline and worker.poll() is None:
        time.sleep(0.002)
    worker.send_signal(signal.SIGKILL)
    assert worker.wait() == -signal.SIGKILL
    assert 0 < load_checkpoint(run / "checkpoint.pt").step < 15 * 6

    assert in_process(root, run, KINDS[kind]) == whole
    states = [load_checkpoint(folder / "checkpoint.pt").learner for folder in (tmp_path / "whole", run)]
    key = "weights" if kind == "mlp" else "matrices"
    parts = [list(s[key].values()) if kind == "mlp" else s[key] for s in states]
    assert all(torch.equal(a, b) for a, b in zip(*parts, strict=True))


def test_another_configuration_does_not_go_on(root: Path, tmp_path: Path) -> None:
    in_process(root, tmp_path, ["training.epochs=2"])
    with pytest.raises(UnfoldError, match=r"training\.epochs 2, not 3"):
        in_process(root, tmp_path, ["training.epochs=3"])
    with pytest.raises(UnfoldError, match="nothing to train"):
        in_process(root, tmp_path / "other", ["network.trained=0"])
    (tmp_path / "checkpoint.pt").write_bytes(b"broken")
    with pytest.raises(UnfoldError, match="no checkpoint"):
        in_process(root, tmp_path, ["training.epochs=2"])


def test_the_same_seed_gives_the_same_model_and_another_does_not(root: Path, tmp_path: Path) -> None:
    runs = [in_process(root, tmp_path / name, ["training.epochs=2", seed]) for name, seed in
            (("a", "seed=0"), ("b", "seed=0"), ("c", "seed=1"))]  # fmt: skip
    assert runs[0] == runs[1] != runs[2]


def test_sparse_train_and_export_write_models_that_load(root: Path, tmp_path: Path) -> None:
    data = [f"--clean={root / 'clean'}", f"--noise={root / 'noise'}"]
    config, fast = str(root / "small.toml"), ["--set=training.epochs=2"]
    run = CliRunner()

    def call(*arguments: str) -> str:
        done = run.invoke(app, [str(a) for a in arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    output = call("sparse", config, *data, f"--out={tmp_path / 's.safetensors'}")
    assert "| 15 |" in output and "SI-SDR out" in output
    sparse = load_model(tmp_path / "s.safetensors")
    assert sparse.layers == (0, 0) and sparse.weights[0].shape == (514, 7)
    assert sparse.card["metrics"]["mixtures"] == 120 and "| mean |" in (tmp_path / "s.md").read_text()

    trained = [f"--run={tmp_path / 'run'}", f"--out={tmp_path / 't.safetensors'}", "--no-score"]
    call("train", config, *data, *fast, *trained, f"--start={tmp_path / 's.safetensors'}")
    model = load_model(tmp_path / "t.safetensors")
    assert model.layers == (0, 1) and [w.shape for w in model.weights] == [(514, 7), (257, 7), (257, 7)]
    assert np.array_equal(model.weights[0], sparse.weights[0])  # the tied layer is the dictionary
    assert not np.array_equal(model.weights[1], sparse.weights[0][-257:])
    assert model.card["config"]["training"]["epochs"] == 2 and model.card["parameters"] == 7 * 257 * 4

    call("export", tmp_path / "run" / "checkpoint.pt", *data, "--no-score", f"--out={tmp_path / 'e.safetensors'}")
    again = load_model(tmp_path / "e.safetensors")
    assert all(np.array_equal(a, b) for a, b in zip(again.weights, model.weights, strict=True))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sparse", "{root}/absent.toml", OUT], "absent.toml cannot be read"),
        (["sparse", "{root}/small.toml", OUT], "--data"),
        (
            ["train", "{root}/small.toml", OUT, "--data={root}/clean"],
            "manifest.csv cannot be read",
        ),
        (
            [
                "train",
                "{root}/small.toml",
                OUT,
                "--clean={root}/clean",
                "--noise={root}/noise",
                f"--start={BUILT_IN / 'models' / 'dnn.safetensors'}",
            ],
            "cannot go on from a model of kind 'mlp'",
        ),
        (
            [
                "train",
                "{root}/small.toml",
                OUT,
                "--run={root}/x",
                "--clean={root}/clean",
                "--noise={root}/noise",
                f"--start={BUILT_IN / 'models' / 'anytime.safetensors'}",
            ],
            "trained matrices, which would be lost",
        ),
        (["sparse", f"{BUILT_IN / 'train' / 'tiny.toml'}", "--data={root}", "--out=x"], "is of kind adaptive"),
        (["train", "{root}/small.toml", "--data={root}", "--out={root}/small.toml/x.safetensors"], "give another path"),
        (
            [
                "export",
                "{root}/small.toml",
                OUT,
                "--clean={root}/clean",
                "--noise={root}/noise",
            ],
            "no checkpoint",
        ),
    ],
)
def test_faults_get_one_sentence_and_a_status(
    root: Path, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["training", *(a.format(root=root) for a in arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    sentence = str(left.value.code)  # a text as status: printed on stderr, and 1 for the shell
    assert sentence.startswith("error: ") and "\n" not in sentence and said in sentence


@pytest.mark.parametrize("kind", ["mbp", "mlp"])
def test_two_processes_of_torchrun_train_one_model(root: Path, tmp_path: Path, kind: str) -> None:
    changes = [*KINDS[kind], "training.epochs=3"]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    torchrun += ["-m", "--", "training"]
    done = subprocess.run(
        [*torchrun, *command(root, tmp_path, changes)], env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    rows = read_log(tmp_path / "log.csv")
    alone = in_process(root, tmp_path / "alone", changes)
    assert len(rows) == len(alone) and rows[-1]["loss"] == pytest.approx(alone[-1]["loss"], rel=0.5)
    assert rows[1]["loss"] == pytest.approx(alone[1]["loss"], rel=0.2)  # the same columns, drawn in another order


def test_tensorboard_gets_the_same_figures(root: Path, tmp_path: Path) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    rows = in_process(root, tmp_path, ["training.epochs=2"])
    found = events.EventAccumulator(str(tmp_path / "tensorboard"))
    found.Reload()
    losses = {e.step: e.value for e in found.Scalars("loss/training")}
    assert losses == pytest.approx({row["step"]: row["loss"] for row in rows}, rel=1e-6)
