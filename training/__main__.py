"""Commands that train models: ``python -m training sparse --data DIR --out FILE``."""

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import Progress

from realtime.base.errors import UnfoldError
from realtime.model import Model, StftSettings, load_model, save_model
from training.data import Recording, active_level, read_audio, read_corpus
from training.evaluate import describe, page, plot, score_systems, write_csv
from training.metrics import missing_metrics
from training.pairs import development_pairs, folder_pairs
from training.score import score, table
from training.sparse import dictionary, magnitudes, stacked
from training.systems import PEERS, command_system, lined_up, peer_system, preset_system

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Train models for Unfold.")


@app.callback()
def main() -> None:
    """Train models for Unfold."""


def _columns(files: tuple[Recording, ...], context: int, n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return about n stacked columns, as many from every file, at one level, without the silent ones."""
    share, parts = max(1, n // len(files)), []
    for recording in files:
        samples = read_audio(recording)
        if samples is None or len(samples) < 1024:
            continue
        spectrum = magnitudes(samples / max(active_level(samples), 1e-9))
        energy = spectrum.sum(axis=0)
        heard = np.flatnonzero(energy > 0.03 * energy.max())
        if len(heard):
            parts.append(stacked(spectrum, context)[:, rng.choice(heard, min(share, len(heard)), replace=False)])
    return np.concatenate(parts, axis=1)


@app.command()
def sparse(
    data: Annotated[Path, typer.Option(help="Folder with manifest.csv, clean/ and noise/.")],
    out: Annotated[Path, typer.Option(help="Model file to write.")],
    speech_bases: Annotated[int, typer.Option(min=1)] = 100,
    noise_bases: Annotated[int, typer.Option(min=1)] = 100,
    context: Annotated[int, typer.Option(min=1, help="Columns a basis spans.")] = 4,
    layers: Annotated[int, typer.Option(min=1)] = 25,
    sparsity: Annotated[float, typer.Option(min=0.0, help="mu while the bases are learned.")] = 5.0,
    updates: Annotated[int, typer.Option(min=1)] = 100,
    columns: Annotated[int, typer.Option(min=100, help="Columns to learn from, per source.")] = 12000,
    seed: int = 0,
    licence: str = "see the training data",
) -> None:
    """Learn a speech and a noise dictionary by sparse NMF, and score them on held-out speakers and noises."""
    corpus = read_corpus(data, seed)
    rng = np.random.default_rng(seed)
    bases = []
    with Progress() as progress:
        for name, files, n_bases in (("speech", corpus.speech, speech_bases), ("noise", corpus.noise, noise_bases)):
            task = progress.add_task(f"{name} bases", total=1.0)
            v = _columns(files, context, columns, rng)
            if v.shape[1] < n_bases:
                raise UnfoldError(f"{v.shape[1]} columns of {name} for {n_bases} bases; give more recordings")
            learned = dictionary(
                v, n_bases, sparsity, updates, seed, lambda share, task=task: progress.update(task, completed=share)
            )
            bases.append(learned)
    w = np.concatenate(bases, axis=1)
    settings = {
        "speech_bases": speech_bases, "noise_bases": noise_bases, "context": context, "layers": layers,
        "sparsity": sparsity, "updates": updates, "columns": columns,
    }  # fmt: skip
    options = " ".join(f"--{k.replace('_', '-')} {v}" for k, v in settings.items())
    card = {
        "name": out.stem,
        "description": "Sparse NMF: one dictionary for speech, one for noise, the same in every layer.",
        "licence": licence,
        "data": f"{len(corpus.speech)} speech and {len(corpus.noise)} noise recordings of {data.name}/manifest.csv",
        "seed": seed,
        "config": settings,
        "made": date.today().isoformat(),
        "command": f"python -m training sparse --data DIR --out {out.name} {options} --seed {seed}",
    }
    model = Model(
        "nmf",
        StftSettings(),
        context,
        (("speech", speech_bases), ("noise", noise_bases)),
        (0,) * layers,
        (1,),
        (0.0,) * layers,
        (w, np.ascontiguousarray(w[-(StftSettings().n_fft // 2 + 1) :])),
        card,
    )
    save_model(out, model)
    card["metrics"] = score(load_model(out), corpus, seed)
    save_model(out, model)
    out.with_suffix(".md").write_text(_card_page(card))
    print(f"{out} written\n{table(card['metrics'])}")


@app.command()
def evaluate(
    preset: Annotated[list[str], typer.Option(help="Preset name or path; may be given again.")],
    pairs: Annotated[Path | None, typer.Option(help="Folder with clean/NAME and noisy/NAME.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with manifest.csv: its held-out recordings.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for results.md, results.csv and results.png.")] = Path("evaluation"),
    layers: Annotated[list[int] | None, typer.Option(help="Score the presets at this depth too.")] = None,
    peers: Annotated[str, typer.Option(help=f"Any of {', '.join(PEERS)}, with commas.")] = "",
    command: Annotated[list[str] | None, typer.Option(help="NAME='prog {in} {out}'; may be given again.")] = None,
    running: Annotated[bool, typer.Option(help="Score after 10 s of the same noise too.")] = False,
    mixtures: Annotated[int, typer.Option(min=1, help="Mixtures to make of --data.")] = 120,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that measure.")] = 1,
    seed: int = 0,
) -> None:
    """Score presets, peers and other programs on the same pairs, through the engine that ships."""
    for measure, package in missing_metrics().items():
        print(f"{measure} is left out: pip install {package.replace('_', '-')}", file=sys.stderr)
    if (pairs is None) == (data is None):
        raise UnfoldError("give either --pairs DIR or --data DIR: what shall be scored on")
    ours = [preset_system(name, depth) for name in preset for depth in [None, *(layers or [])]]
    others = [peer_system(name) for name in peers.split(",") if name]
    for text in command or []:
        name, _, line = text.partition("=")
        others.append(command_system(name, line))
    made = development_pairs(read_corpus(data, seed), seed, mixtures) if data else folder_pairs(pairs or Path())
    systems = ours + [lined_up(system, [pair.noisy for pair in made[:5]]) for system in others]
    with Progress() as progress:
        task = progress.add_task("scoring", total=len(made) * (1 + len(systems) * (1 + running)))
        scores = score_systems(systems, made, running, jobs, lambda n: progress.advance(task, n))
    source = f"held-out speakers and noises of {data.name}, seed {seed}" if data else f"from {pairs}"
    text = page(scores, systems, describe(len(made), running, source))
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.md").write_text(text)
    write_csv(scores, out / "results.csv")
    plot(scores, out / "results.png")
    print(text + f"\n{out / 'results.md'}, results.csv and results.png written")


def _card_page(card: dict) -> str:
    lines = [f"# {card['name']}", "", card["description"], ""]
    lines += [f"- **{key}**: {card[key]}" for key in ("data", "licence", "config", "seed", "made")]
    lines += ["", "Made by:", "", f"    {card['command']}", "", table(card["metrics"]), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        app()
    except UnfoldError as error:
        sys.exit(f"error: {error}")
