"""Oracle: the rule that whatever the system refuses is one sentence, and the exit status 1."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from realtime.base import safety
from realtime.cli import app

LONG = 300 * "x"


@pytest.mark.parametrize(
    "arguments",
    [
        ["enhance", f"{LONG}.wav"],
        ["enhance", "x.wav", "-o", f"{LONG}/y.wav"],
        ["live", "-i", "demo", "--preset", LONG],
        ["live", "-i", LONG],
        ["learn", "noise", "x.wav", "-o", LONG],
    ],
)
def test_a_name_that_is_too_long_is_one_sentence(unfold, tmp_path, monkeypatch, arguments) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("realtime.engine.preset.platformdirs.user_config_path", lambda name: tmp_path / name)
    Path("x.wav").touch()
    result = unfold(*arguments)
    assert result.is_one_sentence() and result.status == 1 and "File name too long" in result.err


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "not enough memory"),
        (PermissionError(13, "Permission denied", "/x/y"), "/x/y was refused by the system (Permission denied)"),
        (RuntimeError("Symlink loop from '/x'"), "Symlink loop from '/x'; give the path"),
    ],
)
def test_what_the_system_refuses_is_one_sentence(unfold, monkeypatch, error, sentence) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(app, "_run", fail)
    result = unfold("presets")
    assert result.is_one_sentence() and result.status == 1 and sentence in result.err
    with pytest.raises(type(error)):
        unfold("presets", "--verbose")


def test_a_fault_of_the_program_is_shown_whole(unfold, monkeypatch) -> None:
    def fail() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(app, "_run", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        unfold("presets")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_under_stdout_is_one_sentence() -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "realtime.cli.app", "presets"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: what was to be written was refused by the system (No space left on device)")


@pytest.mark.skipif(os.name != "posix", reason="needs pipes as POSIX has them")
def test_a_reader_that_has_read_enough_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "realtime.cli.app", "presets"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writing)
    assert done.returncode == 1 and done.stderr == ""


@pytest.mark.parametrize("kept", [0, 200])
def test_a_damaged_cache_is_one_sentence_with_the_line_to_type(unfold_process, tmp_path, monkeypatch, kept) -> None:
    monkeypatch.setenv("UNFOLD_CACHE_DIR", str(tmp_path))
    here = safety.cache_folder()
    monkeypatch.delenv("UNFOLD_CACHE_DIR")
    shutil.copytree(safety.cache_folder(), here)
    for path in here.rglob("*.nbc"):
        path.write_bytes(path.read_bytes()[:kept])
    result = unfold_process("live", "-i", "demo", env=os.environ | {"UNFOLD_CACHE_DIR": str(tmp_path)})
    assert result.is_one_sentence() and result.status == 1
    assert "the cache of compiled kernels cannot be used" in result.err and f"type: rm -r {here.parent}" in result.err


def test_a_locale_of_few_letters_is_enough(unfold_process, small, tmp_path) -> None:
    (tmp_path / "unfold" / "presets").mkdir(parents=True)
    (tmp_path / "unfold" / "presets" / "room 🎤.toml").write_text('[[chain]]\nplugin = "gain"\n')
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    environ = os.environ | ascii_only | {"XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)}
    environ["UNFOLD_CACHE_DIR"] = str(safety.cache_folder().parents[1])
    result = unfold_process("presets", env=environ)
    assert result.status == 0 and "default" in result.out and "Traceback" not in result.err
