"""Oracles: the command lines' own parsers, the loaders, and pyproject.toml: what the texts promise is there."""

import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest
import typer.main

import realtime
from realtime.cli.commands import app
from realtime.engine.preset import BUILT_IN, load_preset
from realtime.model import load_model

ROOT = Path(realtime.__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((BUILT_IN / "models").glob("*.md"))]
MODELS = sorted((BUILT_IN / "models").glob("*.safetensors"))
LINE = re.compile(r"(?:^    |`)(?:\w+=\S+ )*((?:unfold|python -m [\w.]+|make)(?: [^`#\n]*)?)(?=$|`|#)", re.MULTILINE)


def command_lines() -> list[tuple[str, str]]:
    """Return (page, line) for every command that a reader could type."""
    found = []
    for page in PAGES:
        for line in LINE.findall(page.read_text("utf-8")):
            found.append((page.name, line.strip()))
    return found


def parse(command: click.Command, words: list[str]) -> None:
    """Let the command's own parser read the words, without running it."""
    context = command.make_context(command.name, list(words), resilient_parsing=False)
    if isinstance(command, click.Group) and (rest := [*context.protected_args, *context.args]):
        name, inner, words = command.resolve_command(context, rest)
        assert inner is not None, f"there is no command {name}"
        parse(inner, words)


def test_there_are_command_lines_to_check() -> None:
    lines = {line for _, line in command_lines()}
    assert {"unfold devices", "make run"} <= lines and len(lines) > 10


@pytest.mark.parametrize(("page", "line"), sorted(set(command_lines())))
def test_every_command_line_in_the_texts_is_understood(page: str, line: str) -> None:
    words = shlex.split(line)
    if words[0] == "make":
        targets = re.findall(r"^([\w.-][\w .-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert set(words[1:]) <= {name for target in targets for name in target.split()}
    elif words[0] == "unfold":
        parse(typer.main.get_command(app), words[1:])
    elif words[2] == "training":
        pytest.importorskip("torch")
        from training.__main__ import app as training

        parse(typer.main.get_command(training), words[3:])
    else:
        folder = ROOT / words[2].replace(".", "/")
        assert folder.with_suffix(".py").is_file() or (folder / "__main__.py").is_file()


def test_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == realtime.__version__
    assert project["scripts"]["unfold"] == "realtime.cli.app:main"


@pytest.mark.parametrize("path", sorted(BUILT_IN.glob("*.toml")), ids=lambda path: path.stem)
def test_every_preset_loads_and_has_its_description(path: Path) -> None:
    preset = load_preset(str(path))
    assert preset.description.endswith(".") and preset.chain(48000).latency == 1536
    assert tomllib.loads(path.read_text("utf-8"))["name"] == path.stem


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_every_model_says_how_it_was_made_and_its_card_says_the_same(path: Path) -> None:
    card, page = load_model(path).card, path.with_suffix(".md").read_text("utf-8")
    assert card["name"] == path.stem and page.startswith(f"# {path.stem}\n")
    for entry in ("description", "licence", "data", "seed", "command"):
        assert str(card[entry]) in page, entry
    for part, settings in card["config"].items():
        told = [f"{key} {value}" for key, value in settings.items()] if isinstance(settings, dict) else []
        assert all(setting in page for setting in told), part
    assert all(f"| {source} | {licence} | {n} |" in page for source, licence, n in card["sources"])
    assert card["metrics"] and "SI-SDR" in page
    assert path.stat().st_size < 32 << 20


def test_links_between_the_texts_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
