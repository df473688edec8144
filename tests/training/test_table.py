"""Oracles: a whole small table, its rows recomputed from their files, and a second call that trains nothing."""

import csv
import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from realtime.base.errors import UnfoldError
from realtime.model import load_model
from tests.training.corpora import folders
from tests.training.test_train import SETTINGS
from training.__main__ import app
from training.configfile import from_table
from training.data import read_folders
from training.export import card_of, write
from training.score import engine, score
from training.sparse import learn
from training.table import METHODS, Table, table_configs
from training.train import nmf_learner

LESS = {"mixtures": {"columns": 300, "pools": 1}, "training": {"epochs": 1}}  # than a run of its own
SMALL = tomllib.loads(SETTINGS)
TABLE = SMALL | {part: SMALL[part] | changes for part, changes in LESS.items()}
NMF = from_table(TABLE)
DNN = from_table(
    {
        "network": {"kind": "mlp", "context": 2, "hidden": [8, 8]},
        "mixtures": TABLE["mixtures"],
        "training": TABLE["training"] | {"method": "adam", "learning_rate": 0.001},
    }
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Table:
    root = folders(tmp_path_factory.mktemp("corpus"))
    corpus = read_folders(root / "clean", root / "noise", None)
    base = replace(NMF, network=replace(NMF.network, trained=0))
    learner = nmf_learner(base, torch.from_numpy(learn(base, corpus)))
    write(learner, base, card_of(learner, base, corpus, ""), root / "d.safetensors")
    nmf, dnn = table_configs(NMF, DNN)
    said: list[str] = []
    table = Table(nmf, dnn, corpus, load_model(root / "d.safetensors"), root, said.append, (2, 1), (2,), 1)
    table.make()
    return table


def test_rows_are_those_of_the_papers(made: Table) -> None:
    with (made.folder / "table.csv").open(newline="") as file:
        head, mixture, *lines = list(csv.reader(file))
    names = ["sparse", "discriminative", "deep", "deep", "sparse", "discriminative", "deep", "DNN"]
    assert [line[0].split()[0].rstrip(",") for line in lines] == names and mixture[0] == "mixture"
    weights = [7 * 257 * (2 + 1), 7 * 257 * (2 + 1), 7 * 257 * (2 + 2), 7 * 257 * 3]  # C = 3: no tied layer is left
    assert [int(line[1]) for line in lines[:4]] == weights
    assert head[3] == "SDR at -5" and len(head) == 3 + 2 * 6
    shown = (made.folder / "table.md").read_text()
    assert all(line[0] in shown for line in lines)
    for picture in ("sdr.png", "methods.png"):
        assert (made.folder / picture).read_bytes().startswith(b"\x89PNG")
    assert len(list((made.folder / "methods").iterdir())) == len(METHODS)


def test_a_row_is_what_its_model_scores(made: Table) -> None:
    found = json.loads((made.folder / "k2-c2-r4" / "result.json").read_text())
    model = load_model(made.folder / "k2-c2-r4" / "k2-c2-r4.safetensors")
    assert score(engine(model), made.corpus, 1) == found["metrics"]
    assert found["multiplications"] == 7 * 257 * (2 * 2 + 2 * 1 + 1)


def test_a_second_call_trains_nothing(made: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (made.folder / "table.csv").read_text()
    monkeypatch.setattr("training.learners.NmfLearner.step", None)
    monkeypatch.setattr("training.learners.MlpLearner.step", None)
    made.make()
    assert (made.folder / "table.csv").read_text() == before


def test_the_command_makes_the_rows_it_is_asked_for(made: Table, tmp_path: Path) -> None:
    """K = 1 alone, without the sigmoid network and without comparing methods: sparse, discriminative, deep."""
    (tmp_path / "small.toml").write_text(SETTINGS)
    folder = tmp_path / "table"
    options = [f"--clean={made.folder / 'clean'}", f"--noise={made.folder / 'noise'}", f"--folder={folder}"]
    options += [f"--set={part}.{key}={value}" for part, changes in LESS.items() for key, value in changes.items()]
    command = ["table", str(tmp_path / "small.toml"), *options, "--layers=1", "--no-methods"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    rows = [line.split(",")[0] for line in (folder / "table.csv").read_text().splitlines()[1:]]
    assert rows == ["mixture", '"sparse NMF', '"discriminative NMF', '"deep NMF']
    assert not (folder / "methods").exists()


def test_rows_of_other_settings_are_not_taken_for_these(made: Table) -> None:
    other = replace(made, nmf=replace(made.nmf, seed=1))
    with pytest.raises(UnfoldError, match="seed 0, not 1"):
        other.make()


def test_only_what_the_papers_compare_is_a_row() -> None:
    with pytest.raises(UnfoldError, match="is of kind mlp"):
        table_configs(DNN, None)
    with pytest.raises(UnfoldError, match="is of kind nmf"):
        table_configs(NMF, NMF)
