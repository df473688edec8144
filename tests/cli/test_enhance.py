"""Oracles: the input itself at an amount of 0, the engine's output for the same samples, and what is on disk after."""

import os
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from realtime.base.errors import ModelError
from realtime.engine.preset import load_preset
from realtime.render import render, render_file
from tests.cli.conftest import hear_interrupts

RATE = 16000


def noise(n: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.25, 0.25, (n, channels)).astype(np.float32)


def write(path: Path, n: int = 4000, channels: int = 1, rate: int = RATE, subtype: str | None = "FLOAT") -> Path:
    soundfile.write(path, noise(n, channels, seed=n), rate, subtype)
    return path


def read(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


FORMATS = [
    ("wav", "PCM_U8", 0), ("wav", "PCM_16", 0), ("wav", "PCM_24", 0), ("wav", "PCM_32", 2**-24), ("wav", "FLOAT", 0),
    ("wav", "DOUBLE", 0), ("wav", "ULAW", 2**-15), ("wav", "IMA_ADPCM", 2**-15), ("flac", "PCM_16", 0),
    ("flac", "PCM_24", 0), ("aiff", "PCM_16", 0), ("w64", "FLOAT", 0), ("caf", "FLOAT", 0), ("ogg", "VORBIS", 2**-15),
    ("ogg", "OPUS", 2**-15), ("mp3", "MPEG_LAYER_III", 2**-15),
]  # fmt: skip


@pytest.mark.parametrize(("suffix", "subtype", "tolerance"), FORMATS, ids=lambda v: str(v))
def test_amount_zero_gives_any_format_back(unfold, small, tmp_path, suffix, subtype, tolerance) -> None:
    source = write(tmp_path / f"x.{suffix}", 20_000, 2, RATE, subtype)
    assert unfold("enhance", source, "-o", tmp_path / "y.wav", "--preset", small, "--amount", 0).status == 0
    x, y = read(source), read(tmp_path / "y.wav")
    assert x.shape == y.shape and soundfile.info(tmp_path / "y.wav").samplerate == RATE
    np.testing.assert_allclose(y, x, atol=tolerance)


@pytest.mark.parametrize("latency_ms", [32, 4])
@pytest.mark.parametrize("rate", [8000, 11025, 44100, 96000])
@pytest.mark.parametrize(("n", "channels"), [(0, 1), (1, 2), (5001, 3), (40_000, 1), (17, 6)])
def test_amount_zero_is_bit_exact_at_any_length_rate_and_channel_count(
    unfold, small, tmp_path, n, channels, rate, latency_ms
) -> None:
    source, target = write(tmp_path / "x.wav", n, channels, rate), tmp_path / "y.wav"
    options = ("--preset", small, "--amount", 0, "--latency-ms", latency_ms)
    assert unfold("enhance", source, "-o", target, *options).status == 0
    assert np.array_equal(read(target), read(source)) and soundfile.info(target).samplerate == rate


@pytest.mark.parametrize("rate", [16000, 48000])
def test_every_channel_is_what_the_engine_gives(unfold, small, tmp_path, rate) -> None:
    source, target = write(tmp_path / "x.wav", 40_000, 3, rate), tmp_path / "y.wav"
    assert unfold("enhance", source, "-o", target, "--preset", small, "--layers", 2).status == 0
    x = read(source)
    wanted = [render(np.ascontiguousarray(c), load_preset(str(small)).chain(rate, layers=2)) for c in x.T]
    assert np.array_equal(read(target), np.stack(wanted, axis=1))
    assert np.abs(read(target) - x).max() > 0.01


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3", "aiff", "WAV"])
def test_the_suffix_names_the_format(unfold, small, tmp_path, suffix) -> None:
    source, target = write(tmp_path / "x.wav", 20_000, 2), tmp_path / f"y.{suffix}"
    assert unfold("enhance", source, "-o", target, "--preset", small, "--amount", 0).status == 0
    info = soundfile.info(target)
    assert info.format == suffix.upper() and (info.frames, info.channels, info.samplerate) == (20_000, 2, RATE)


def test_amount_twelve_never_removes_more_than_twelve_decibels(unfold, tmp_path) -> None:
    """With equal windows a mask of at least g everywhere keeps at least g of any signal's norm."""
    source = write(tmp_path / "x.wav", 2 * RATE)
    norms = {}
    for amount in (12, 100):
        target = tmp_path / f"{amount}.wav"
        assert unfold("enhance", source, "-o", target, "--amount", amount).status == 0
        norms[amount] = np.linalg.norm(read(target)[1000:-1000])
    least = 10 ** (-12 / 20) * np.linalg.norm(read(source)[1000:-1000])
    assert norms[100] < norms[12] and norms[12] >= 0.99 * least


def test_several_files_go_into_a_folder_alike_with_any_number_of_jobs(unfold, small, tmp_path) -> None:
    sources = [
        write(tmp_path / f"{i}.{kind}", 3000 * i, 1, RATE, None) for i, kind in ((1, "wav"), (2, "flac"), (3, "ogg"))
    ]
    for jobs in (1, 2):
        result = unfold("enhance", *sources, "-o", tmp_path / "made" / str(jobs), "--preset", small, "--jobs", jobs)
        assert result.status == 0
        names = [str(tmp_path / "made" / str(jobs) / f"{i}.wav") for i in (1, 2, 3)]
        assert result.out.split() == names
    for i in (1, 2, 3):
        one, two = (read(tmp_path / "made" / str(jobs) / f"{i}.wav") for jobs in (1, 2))
        assert np.array_equal(one, two) and len(one) == 3000 * i


def test_without_a_name_the_result_lies_beside_its_input(unfold, small, tmp_path) -> None:
    source = write(tmp_path / "voice.flac", subtype=None)
    assert unfold("enhance", source, "--preset", small).out == f"{tmp_path / 'voice-clean.wav'}\n"
    assert len(read(tmp_path / "voice-clean.wav")) == 4000


def test_one_bad_file_does_not_stop_the_others(unfold, small, tmp_path) -> None:
    (tmp_path / "bad.wav").write_text("no sound")
    good = write(tmp_path / "good.wav")
    result = unfold("enhance", tmp_path / "bad.wav", good, "-o", tmp_path / "out", "--preset", small)
    assert result.is_one_sentence() and "bad.wav cannot be read as audio" in result.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["good.wav"]


@pytest.mark.parametrize("way", ["same", "folder", "link", "hard link", "other input"])
def test_an_input_is_never_overwritten(unfold, small, tmp_path, way) -> None:
    source, other = write(tmp_path / "x.wav"), write(tmp_path / "y.wav", 5000)
    (tmp_path / "link.wav").symlink_to(source)
    os.link(source, tmp_path / "hard.wav")
    inputs, output = {
        "same": ([source], source),
        "folder": ([source], tmp_path),
        "link": ([source], tmp_path / "link.wav"),
        "hard link": ([source], tmp_path / "hard.wav"),
        "other input": ([other.rename(tmp_path / "x.flac"), source], tmp_path),
    }[way]
    before = source.read_bytes()
    result = unfold("enhance", *inputs, "-o", output, "--preset", small)
    assert result.is_one_sentence() and source.read_bytes() == before


def damaged(folder: Path, what: str) -> Path:
    """Write a file that is bad in one way and return its path."""
    path = folder / "x.wav"
    if what == "missing":
        return path
    if what == "folder":
        path.mkdir()
    elif what == "text":
        path.write_text("Dear Sir or Madam, " * 100)
    elif what == "empty":
        path.write_bytes(b"")
    elif what == "truncated flac":
        whole = write(folder / "whole.flac", 100_000, subtype=None)
        path = folder / "x.flac"
        path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    elif what == "raw":
        path = folder / "x.raw"
        path.write_bytes(bytes(1000))
    else:
        x = noise(50_000)
        x[30_000] = float(what)
        soundfile.write(path, x, RATE, "FLOAT")
    return path


@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("missing", "there is no file"),
        ("folder", "there is no file"),
        ("text", "cannot be read as audio"),
        ("empty", "cannot be read as audio"),
        ("raw", "cannot be read as audio"),
        ("truncated flac", "is damaged after"),
        ("nan", "holds samples that are no numbers, or beyond +120 dBFS, after 1."),
        ("-inf", "holds samples that are no numbers"),
        ("1e30", "holds samples that are no numbers"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(unfold, small, tmp_path, what, sentence, existing) -> None:
    source, target = damaged(tmp_path, what), tmp_path / "out" / "y.wav"
    target.parent.mkdir()
    if existing:
        target.write_text("an earlier result")
    result = unfold("enhance", source, "-o", target, "--preset", small)
    assert result.is_one_sentence() and sentence in result.err and str(source) in result.err
    assert [path.name for path in target.parent.iterdir()] == ["y.wav"] * existing
    assert not existing or target.read_text() == "an earlier result"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-o", "no/such/y.wav"], "is not a file in a folder that is there"),
        (["-o", "x.wav/y.wav"], "is not a file in a folder that is there"),
        (["-o", "x.wav/folder"], "cannot be made a folder"),
        (["-o", "/dev/null"], "cannot be made a folder"),
        (["-o", "y.xyz"], "names no audio format"),
        (["-o", "y.raw"], "names no audio format"),
        (["-o", "y.sd2"], "names no audio format"),
        (["-o", "y.wve"], "names no audio format"),
        (["-o", "x.wav/"], "cannot be made a folder"),
        (["-o", "y.toml"], "names no audio format"),
        (["-o", "y.wav", "--preset", "nothing"], "there is no preset 'nothing'; there are: "),
        (["-o", "y.wav", "--preset", "none.toml"], "none.toml cannot be read"),
        (["-o", "y.wav", "--preset", "corrupt.toml"], "corrupt.safetensors is"),
        (["-o", "y.wav", "--preset", "default", "--layers", "26"], "layers is 26 for preset 'default'; 0 to "),
        (["x2.wav", "-o", "y.wav"], "2 files cannot all become y.wav"),
        (["x.wav", "-o", "."], "two inputs have the same name"),
    ],
)
def test_bad_arguments_are_one_sentence_and_leave_nothing(unfold, tmp_path, monkeypatch, arguments, sentence) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("x.wav"))
    write(Path("x2.wav"))
    Path("corrupt.toml").write_text('[[chain]]\nplugin = "denoise"\nmodel = "corrupt.safetensors"\n')
    Path("corrupt.safetensors").write_bytes(bytes(1000))
    before = sorted(Path().iterdir())
    result = unfold("enhance", "x.wav", *arguments)
    assert result.is_one_sentence() and sentence in result.err
    assert sorted(Path().iterdir()) == before


@pytest.mark.parametrize(
    "option", [["--amount", "101"], ["--layers", "-1"], ["--latency-ms", "5"], ["--jobs", "0"], []]
)
def test_wrong_usage_is_told_and_exits_with_2(unfold, tmp_path, option) -> None:
    inputs = [write(tmp_path / "x.wav")] if option else []
    result = unfold("enhance", *inputs, *option)
    assert result.status == 2 and "Usage: unfold enhance" in result.err and "Traceback" not in result.err


def test_a_file_that_looks_unfinished_is_an_input_like_any_other(unfold, small, tmp_path) -> None:
    source, target = write(tmp_path / "talk.wav").rename(tmp_path / "talk.wav.part"), tmp_path / "talk.wav"
    before = source.read_bytes()
    assert unfold("enhance", source, "-o", target, "--preset", small, "--amount", 0).status == 0
    assert source.read_bytes() == before and np.array_equal(read(target), read(source))


def test_a_format_that_cannot_hold_the_sound_leaves_nothing(unfold, small, tmp_path) -> None:
    source, target = write(tmp_path / "x.wav", 4000, 2, 96000), tmp_path / "y.mp3"
    result = unfold("enhance", source, "-o", target, "--preset", small)
    assert result.is_one_sentence() and f"{target} cannot be written: MP3 cannot hold 2 channel(s)" in result.err
    assert list(tmp_path.iterdir()) == [source]


def test_a_plugin_that_fails_leaves_no_file_that_only_looks_cleaned(unfold, tmp_path) -> None:
    stage = '[[chain]]\nplugin = "gain"\n[chain.parameters]\ngain = 24\n'
    (tmp_path / "loud.toml").write_text(34 * stage)
    source = write(tmp_path / "x.wav", 20_000)
    result = unfold("enhance", source, "-o", tmp_path / "y.wav", "--preset", tmp_path / "loud.toml")
    assert result.is_one_sentence() and f"{source} was not cleaned: a plugin failed" in result.err
    assert not (tmp_path / "y.wav").exists()


@pytest.mark.parametrize("name", ["takes.2024/", "takes.2024"])
def test_a_folder_may_have_a_dot_in_its_name(unfold, small, tmp_path, name) -> None:
    sources = [write(tmp_path / "1.wav"), write(tmp_path / "2.wav", 5000)]
    inputs = sources[:1] if name.endswith("/") else sources
    assert unfold("enhance", *inputs, "-o", f"{tmp_path}/{name}", "--preset", small).status == 0
    made = sorted(path.name for path in (tmp_path / "takes.2024").iterdir())
    assert made == [path.name for path in inputs]


@pytest.mark.parametrize("error", [MemoryError(), ModelError("a fault"), OSError(5, "Input/output error")])
def test_no_kind_of_error_stops_the_other_files(unfold, small, tmp_path, monkeypatch, error) -> None:
    def fail_for_one(source: Path, *arguments: object) -> None:
        if source.name == "bad.wav":
            raise error
        render_file(source, *arguments)

    monkeypatch.setattr("realtime.cli.enhance.render_file", fail_for_one)
    result = unfold(
        "enhance", write(tmp_path / "bad.wav"), write(tmp_path / "x.wav"), "-o", tmp_path / "out", "--preset", small
    )
    assert result.is_one_sentence() and [path.name for path in (tmp_path / "out").iterdir()] == ["x.wav"]


@pytest.mark.parametrize("suffix", ["flac", "mp3"])
def test_no_sound_at_all_cannot_be_compressed(unfold, small, tmp_path, suffix) -> None:
    source = write(tmp_path / "x.wav", 0)
    result = unfold("enhance", source, "-o", tmp_path / f"y.{suffix}", "--preset", small)
    assert result.is_one_sentence() and "is empty" in result.err
    assert list(tmp_path.iterdir()) == [source]


def test_memory_does_not_grow_with_the_length(small, tmp_path) -> None:
    peaks = []
    for i, n in enumerate((200_000, 2_000_000)):
        source = write(tmp_path / f"{i}.wav", n)
        tracemalloc.start()
        render_file(source, tmp_path / "y.wav", load_preset(str(small)).chain)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 500_000


def test_verbose_adds_the_traceback(unfold_process, tmp_path) -> None:
    plain = unfold_process("enhance", tmp_path / "none.wav")
    verbose = unfold_process("--verbose", "enhance", tmp_path / "none.wav")
    assert plain.is_one_sentence() and plain.status == verbose.status == 1
    assert "Traceback" in verbose.err and "there is no file" in verbose.err


@pytest.mark.skipif(os.name != "posix", reason="a limit on the size of files stands for the full disk")
def test_a_full_disk_is_one_sentence_and_leaves_nothing(unfold_process, small, tmp_path) -> None:
    import resource

    source = write(tmp_path / "x.wav", 600_000)
    result = unfold_process(
        "enhance", source, "-o", tmp_path / "y.wav", "--preset", small,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)),
    )  # fmt: skip
    assert result.is_one_sentence() and "y.wav cannot be written" in result.err and "free some space" in result.err
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", None)])
def test_an_interrupt_stops_within_a_block_and_leaves_nothing(small, tmp_path, number) -> None:
    source = tmp_path / "hours.wav"
    with soundfile.SoundFile(source, "w", 48000, 1, "PCM_16") as file:
        file.write(np.zeros(1))
        file.seek(1_000_000_000)  # a hole: it takes no room on disk
        file.write(np.zeros(1))
    command = [sys.executable, "-m", "realtime.cli.app", "enhance", source, "-o", tmp_path / "y.wav", "--preset", small]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes, preexec_fn=hear_interrupts) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("*.part")) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number and out == "" and "Traceback" not in err
    assert list(tmp_path.iterdir()) == [source]
