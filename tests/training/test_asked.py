"""Oracles: the words of a command, taken apart again by a shell, and one sentence before any work."""

import shlex
from pathlib import Path

import pytest

from realtime.base.errors import UnfoldError
from realtime.engine.preset import BUILT_IN
from training.asked import Folders, check_out, command_line
from training.config import Config, NetworkConfig

TINY = BUILT_IN / "train" / "tiny.toml"


def test_a_command_names_what_was_given_and_survives_a_shell() -> None:
    changes = ["network.hidden=[704, 704]", "name=my model"]
    line = command_line("train", TINY, Path("/tmp/m.safetensors"), Folders(clean=Path("/a"), noise=Path("/b")), changes)
    words = shlex.split(line)
    assert words[:5] == ["python", "-m", "training", "train", "presets/train/tiny.toml"]
    assert words[5:11] == ["--clean", "CLEAN", "--noise", "NOISE", "--out", "m.safetensors"]
    assert words[11:] == ["--set", changes[0], "--set", changes[1]]
    data = command_line("train", TINY, Path("m.safetensors"), Folders(data=Path("/a")), start=Path("/x/s.safetensors"))
    assert data.endswith("--data DIR --out m.safetensors --start s.safetensors")


def test_a_licence_is_claimed_for_our_own_recordings_only() -> None:
    theirs = Folders(clean=Path("a"), noise=Path("b"))
    assert Folders(data=Path("a")).configuration(TINY, None).licence == "CC BY 4.0"
    assert theirs.configuration(TINY, None).licence == Config.licence
    assert theirs.configuration(TINY, None).description == ""
    assert theirs.configuration(TINY, ["licence=CC0"]).licence == "CC0"


@pytest.mark.parametrize(
    ("config", "name", "said"),
    [
        (Config(), "m.md", r"let it end in \.safetensors"),
        (Config(), "folder.safetensors", "cannot be written"),
        (Config(network=NetworkConfig(beta=2.0)), "m.safetensors", "only 1 runs live"),
    ],
)
def test_what_cannot_be_written_is_said_before_the_work(tmp_path: Path, config: Config, name: str, said: str) -> None:
    (tmp_path / "folder.safetensors").mkdir()
    with pytest.raises(UnfoldError, match=said):
        check_out(config, tmp_path / name)


def test_a_place_that_can_be_written_is_made(tmp_path: Path) -> None:
    check_out(Config(), tmp_path / "new" / "m.safetensors")
    assert (tmp_path / "new").is_dir()
