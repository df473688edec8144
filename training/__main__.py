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
from training.data import Recording, active_level, credit, read_audio, read_corpus
from training.score import score, table
from training.sparse import dictionary, magnitudes, stacked

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
    return np.concatenate(parts or [np.zeros((0, 0), np.float32)], axis=1)


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
    licence: Annotated[str, typer.Option(help="Of the model.")] = "not said",
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
    options = " ".join(f"--{k.replace('_', '-')} {v}" for k, v in (settings | {"seed": seed}).items())
    card = {
        "name": out.stem,
        "description": "Sparse NMF: one dictionary for speech, one for noise, the same in every layer.",
        "licence": licence,
        "data": f"{len(corpus.speech)} speech and {len(corpus.noise)} noise recordings",
        "sources": credit(corpus.speech + corpus.noise),
        "seed": seed,
        "config": settings,
        "made": date.today().isoformat(),
        "command": f'python -m training sparse --data DIR --out {out.name} {options} --licence "{licence}"',
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


def _card_page(card: dict) -> str:
    lines = [f"# {card['name']}", "", card["description"], ""]
    lines += [f"- **{key}**: {card[key]}" for key in ("data", "licence", "config", "seed", "made")]
    lines += ["", "Made by:", "", f"    {card['command']}", "", table(card["metrics"]), ""]
    lines += ["Learned from:", "", "| source | licence | recordings |", "|---|---|---|"]
    lines += [f"| {source} | {licence} | {n} |" for source, licence, n in card["sources"]] + [""]
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        app()
    except UnfoldError as error:
        sys.exit(f"error: {error}")
