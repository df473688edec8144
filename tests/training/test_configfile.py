"""Oracles: the shipped configurations, and one sentence that names the setting for every fault."""

from dataclasses import asdict
from pathlib import Path

import pytest

from training.config import Config
from training.configfile import ConfigError, from_table, read_config

PRESETS = sorted((Path(__file__).parents[2] / "presets" / "train").glob("*.toml"))


@pytest.mark.parametrize("path", PRESETS, ids=lambda p: p.stem)
def test_shipped_configurations_are_valid(path: Path) -> None:
    assert read_config(path).name == path.stem


def test_an_empty_file_is_the_default(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("")
    assert read_config(tmp_path / "a.toml") == Config()
    assert from_table(asdict(Config())) == Config()


def test_changes_are_made(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("seed = 1\n[training]\nepochs = 5\n")
    changes = [
        "training.epochs=7",
        "network.trained = 1",
        "name=mine",
        'training.step="plain"',
        "mixtures.snr_db=[0, 5]",
    ]
    config = read_config(tmp_path / "a.toml", changes)
    assert (config.seed, config.training.epochs, config.network.trained, config.name) == (1, 7, 1, "mine")
    assert config.training.step == "plain" and config.mixtures.snr_db == (0.0, 5.0)


ADAPTIVE = "[training]\nmethod = 'adam'\n[network]\nkind = 'adaptive'\n"
BAD = {
    "no such table": ("[netwrok]\n", "netwrok"),
    "no such setting": ("[network]\nlayer = 3\n", "network.layer"),
    "text for a number": ('[training]\nepochs = "ten"\n', "training.epochs"),
    "a bool for a number": ("[training]\nepochs = true\n", "training.epochs"),
    "a fraction for a count": ("[training]\nepochs = 1.5\n", "training.epochs"),
    "a number for a table": ("training = 3\n", "training"),
    "a range of three": ("[mixtures]\nsnr_db = [0, 1, 2]\n", "mixtures.snr_db"),
    "a range upside down": ("[mixtures]\nsnr_db = [5, 0]\n", "mixtures.snr_db"),
    "no such kind": ('[network]\nkind = "cnn"\n', "network.kind"),
    "no layers": ("[network]\nlayers = 0\n", "network.layers"),
    "more trained than there are": ("[network]\nlayers = 2\ntrained = 4\n", "network.trained"),
    "a context in between": ("[network]\ncontext = 9\ntrained_context = 4\n", "network.trained_context"),
    "a probability of two": ("[augment]\nclip = 2\n", "augment.clip"),
    "a sigmoid network by MBP": ('[network]\nkind = "mlp"\n', "training.method"),
    "no number": ("[training]\neta = nan\n", "training.eta"),
    "no step": ("[training]\neta = 0\n", "training.eta"),
    "three hidden layers": ("[network]\nhidden = [5, 5, 5]\n", "network.hidden"),
    "no TOML": ("[network", "cannot be read"),
    "one end of a range": ("[mixtures]\nsnr_db = [1]\n", "a list of 2, each a finite number"),
    "levels without end": ("[mixtures]\nlevel_db = [-1e9, 0]\n", "mixtures.level_db"),
    "scenes without end": ("[mixtures]\nseconds = 1e300\n", "mixtures.seconds"),
    "more layers than run": ("[network]\nlayers = 1001\n", "more than 1000"),
    "more than all of the room": (ADAPTIVE + "room_share = 2\n", "network.room_share"),
    "nothing of its own": (
        ADAPTIVE + "room_bases = 0\nnoise_memory = []\nnoise_floor = []\nspeech_memory = []\n",
        "room_bases or a memory",
    ),
    "epochs of streams": (ADAPTIVE.replace("[training]", "[training]\nepochs = 3"), "training.epochs means nothing"),
    "pools that none uses": ("[mixtures]\npools = 3\n[training]\nepochs = 2\n", "mixtures.pools"),
    "a seed beyond all": ("seed = 99999999999999999999\n", "seed"),
}


@pytest.mark.parametrize("fault", BAD)
def test_faults_get_one_sentence(tmp_path: Path, fault: str) -> None:
    text, named = BAD[fault]
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(ConfigError, match=named.replace(".", r"\.")) as found:
        read_config(tmp_path / "a.toml")
    assert "a.toml" in str(found.value) and "\n" not in str(found.value)


@pytest.mark.parametrize(
    "change", ["training.epochs", "training.epochs=", "seed.x=1", "seed.x.y=1", "training.nonsense=1"]
)
def test_changes_that_change_nothing_are_refused(tmp_path: Path, change: str) -> None:
    (tmp_path / "a.toml").write_text("seed = 0\n")
    with pytest.raises(ConfigError):
        read_config(tmp_path / "a.toml", [change])
