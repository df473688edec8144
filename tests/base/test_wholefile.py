"""Oracles: what lies in the folder afterwards, and the rights that the system gives a new file."""

import os
from pathlib import Path

import pytest

from realtime.base.wholefile import try_folder, whole_file


def test_the_target_appears_at_the_end_with_the_rights_of_any_new_file(tmp_path: Path) -> None:
    target = tmp_path / "x.wav"
    (tmp_path / "other").touch()
    with whole_file(target) as part:
        part.write_text("sound")
        assert not target.exists() and part.parent == tmp_path and part.suffix == ".part"
    assert target.read_text() == "sound" and target.stat().st_mode == (tmp_path / "other").stat().st_mode
    assert len(os.listdir(tmp_path)) == 2


def test_what_is_not_finished_leaves_nothing_and_keeps_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "x.wav"
    target.write_text("earlier")
    with pytest.raises(KeyboardInterrupt), whole_file(target) as part:
        part.write_text("half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == [target] and target.read_text() == "earlier"


def test_two_at_once_are_not_in_each_others_way(tmp_path: Path) -> None:
    target = tmp_path / ("long" * 60 + ".wav")
    with whole_file(target) as one, whole_file(target) as two:
        one.write_text("one")
        two.write_text("two")
    assert list(tmp_path.iterdir()) == [target] and target.read_text() == "one"


def test_a_folder_is_made_and_tried(tmp_path: Path) -> None:
    try_folder(tmp_path / "new" / "x.toml")
    assert list((tmp_path / "new").iterdir()) == []
    (tmp_path / "file").touch()
    for target in (tmp_path / "file" / "x.toml", tmp_path / "newer" / (300 * "x")):
        with pytest.raises(OSError):
            try_folder(target)
