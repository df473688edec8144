"""Oracles: what a run was begun with, changed in one thing, and files damaged by hand."""

from dataclasses import replace
from pathlib import Path

import pytest

from realtime.base.errors import UnfoldError
from realtime.engine.preset import BUILT_IN
from realtime.model import load_model
from training.config import Config
from training.data import Corpus, Recording
from training.runs import CHECKPOINT, Checkpoint, gone_on_from, load_checkpoint, origin, read_log, save_checkpoint

VOICES, NOISES = (Recording(Path("a/1.wav"), "a"),), (Recording(Path("b/2.wav"), "b"),)
CORPUS = Corpus(VOICES, NOISES, (), ())


def saved(run: Path, step: int = 5) -> dict[str, str]:
    begun = origin(CORPUS, None)
    save_checkpoint(run / CHECKPOINT, Checkpoint(Config(), begun, step, 1.0, 1.0, {}))
    return begun


def test_a_run_goes_on_from_what_it_was_begun_with(tmp_path: Path) -> None:
    assert gone_on_from(tmp_path, Config(), origin(CORPUS, None), 9) is None
    begun = saved(tmp_path)
    found = gone_on_from(tmp_path, Config(), begun, 9)
    assert found is not None and found.step == 5
    elsewhere = replace(CORPUS, speech=(Recording(Path("moved/1.wav"), "a"),))
    assert origin(elsewhere, None) == begun


def test_a_run_with_anything_else_does_not_go_on(tmp_path: Path) -> None:
    saved(tmp_path)
    more = origin(replace(CORPUS, noise=(*NOISES, Recording(Path("b/3.wav"), "b"))), None)
    start = origin(CORPUS, load_model(BUILT_IN / "models" / "tiny.safetensors"))
    assert origin(CORPUS, load_model(BUILT_IN / "models" / "sparse.safetensors")) != start
    for config, begun, said in (
        (replace(Config(), seed=1), origin(CORPUS, None), "seed 0, not 1"),
        (Config(), more, "another set of recordings"),
        (Config(), start, "another --start"),
    ):
        with pytest.raises(UnfoldError, match=said):
            gone_on_from(tmp_path, config, begun, 9)


def test_a_finished_run_says_that_nothing_is_left_to_do(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    begun = saved(tmp_path, step=9)
    gone_on_from(tmp_path, Config(), begun, 9)
    assert "is finished" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"broken", b"PK\x03\x04"])
def test_what_is_no_checkpoint_gets_a_sentence_of_our_own(tmp_path: Path, content: bytes) -> None:
    (tmp_path / CHECKPOINT).write_bytes(content)
    with pytest.raises(UnfoldError, match="is no checkpoint") as found:
        load_checkpoint(tmp_path / CHECKPOINT)
    assert "weights_only" not in str(found.value)  # torch advises to switch its safety off
    with pytest.raises(UnfoldError, match="there is no checkpoint"):
        load_checkpoint(tmp_path / "absent.pt")


def test_a_damaged_log_is_named(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("step,epoch,seconds,loss,development\nx,1,2,3,\n")
    with pytest.raises(UnfoldError, match=r"log\.csv is damaged"):
        read_log(tmp_path / "log.csv")
