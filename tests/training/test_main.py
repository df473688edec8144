"""`python -m training sparse` on a small corpus. Oracles: the model and its card, and the same model for one seed."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from realtime.model import load_model
from training.__main__ import main

RATE = 16000
CONFIG = """
name = "a"
licence = "CC BY 4.0"
network = { context = 2, layers = 3, speech_bases = 6, noise_bases = 4 }
dictionary = { updates = 8, columns = 400 }
"""


def train(data: Path, out: Path) -> subprocess.CompletedProcess[str]:
    config = out.with_name("a.toml")
    config.write_text(CONFIG)
    command = [sys.executable, "-m", "training", "sparse", str(config), "--data", str(data), "--out", str(out)]
    environ = os.environ | {"OMP_NUM_THREADS": "1"}  # see conftest.py
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Harmonic sounds as speech, filtered noise as noise; one file that is no audio."""
    folder, rng = tmp_path_factory.mktemp("corpus"), np.random.default_rng(0)
    t = np.arange(2 * RATE) / RATE
    rows = ["file,speaker_or_kind,source_repo,licence"]
    for kind in ("clean", "noise"):
        (folder / kind).mkdir()
    for i in range(5):
        voice = sum(np.sin(2 * np.pi * (110 + 20 * i) * k * t) / k for k in range(1, 20))
        soundfile.write(folder / f"clean/{i}.wav", 0.05 * voice * (np.sin(6 * t) > 0), RATE)
        hiss = np.convolve(rng.normal(0, 0.1, 2 * RATE), rng.normal(0, 1, 8), "same")
        soundfile.write(folder / f"noise/{i}.flac", 0.1 * hiss, RATE)
        rows += [f"clean/{i}.wav,speaker {i},a voice,CC0", f"noise/{i}.flac,hiss,a hiss,CC BY 4.0"]
    (folder / "clean/text.wav").write_text("no audio")
    rows.append("clean/text.wav,speaker 0,a text,CC0")
    (folder / "manifest.csv").write_text("\n".join(rows))
    return folder


def test_a_model_and_its_card_are_written(corpus: Path, tmp_path: Path) -> None:
    run = train(corpus, tmp_path / "a.safetensors")
    assert run.returncode == 0, run.stderr
    model = load_model(tmp_path / "a.safetensors")
    assert (model.n_layers, model.n_bases, model.context) == (3, 10, 2)
    assert model.card["metrics"]["mixtures"] == 120
    page = (tmp_path / "a.md").read_text()
    for said in ("CC BY 4.0", "| a hiss | CC BY 4.0 |", "speech_bases 6", "| mean |", "- **seed**: 0"):
        assert said in page
    again = train(corpus, tmp_path / "b.safetensors")
    assert again.returncode == 0
    for one, other in zip(model.weights, load_model(tmp_path / "b.safetensors").weights, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        (None, "manifest.csv cannot be read"),
        ("file\nclean/a.wav", "it needs columns file and speaker_or_kind"),
        ("file,speaker_or_kind\nclean/a.wav,a\nnoise/b.wav,b", "hold 1 speakers and 1 noise recordings"),
        (
            "file,speaker_or_kind\nclean/a.wav,a\nclean/b.wav,b\nnoise/c.wav,c\nnoise/d.wav,d",
            "none of 1 recordings can be used",
        ),
    ],
)
def test_what_cannot_be_learned_from_is_one_sentence(tmp_path: Path, manifest: str | None, sentence: str) -> None:
    if manifest is not None:
        (tmp_path / "manifest.csv").write_text(manifest)
    run = train(tmp_path, tmp_path / "a.safetensors")
    assert run.returncode == 1 and sentence in run.stderr and "Traceback" not in run.stderr
    assert not (tmp_path / "a.safetensors").exists()


@pytest.mark.parametrize("command", ["sparse", "train", "export"])
def test_a_score_that_cannot_be_taken_is_said_before_the_work(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.asked.missing_metrics", lambda: {"SDR": "fast_bss_eval"})
    monkeypatch.setattr(sys, "argv", ["training", command, str(tmp_path / "absent"), f"--out={tmp_path / 'm'}"])
    with pytest.raises(SystemExit) as left:
        main()
    assert "pip install fast-bss-eval, or add --no-score" in str(left.value.code)
