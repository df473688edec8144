"""Commands: ``python -m training sparse|train|export|table|evaluate|lessons``; ``--help`` tells the options of each."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.progress import Progress

from realtime.base.errors import UnfoldError
from realtime.engine.preset import BUILT_IN
from realtime.model import Model, load_model
from training.asked import Folders, check_out, check_scored, command_line
from training.config import Config
from training.configfile import from_table, read_config
from training.control import ControlLearner
from training.data import Corpus, read_corpus
from training.evaluate import check_names, describe, page, plot, score_systems, write_csv
from training.export import card_of, card_page, write
from training.learners import Learner
from training.lessons import PER_NOISE, compare, cost, lessons
from training.metrics import missing_metrics
from training.pairs import development_pairs, folder_pairs
from training.runs import checkpoint_wanted, load_checkpoint, same_run
from training.score import SEED, engine, score, table
from training.sparse import learn
from training.streamlearner import StreamLearner, enhancer
from training.systems import PEERS, checkpoint_system, command_system, lined_up, peer_system, preset_system
from training.table import Table, table_configs
from training.train import any_learner, leave, nmf_learner, processes
from training.train import train_any as run_training

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Train models for Unfold.")

CONFIGS = BUILT_IN / "train"

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file, as in presets/train.")]
Data = Annotated[Path | None, typer.Option(help="Folder with manifest.csv, clean/, noise/ and rir/.")]
Clean = Annotated[Path | None, typer.Option(help="Instead: any folder of clean speech, a sub-folder per speaker.")]
Noise = Annotated[Path | None, typer.Option(help="Any folder of noise.")]
Rir = Annotated[Path | None, typer.Option(help="Any folder of room impulse responses.")]
Out = Annotated[Path, typer.Option(help="Model file to write, NAME.safetensors; its card goes beside it.")]
Changes = Annotated[list[str] | None, typer.Option("--set", help="A setting to change, as training.epochs=3.")]
Scored = Annotated[bool, typer.Option("--score/--no-score", help="Score it on held-out mixtures.")]


def dictionary_of(path: Path) -> Model:
    """Return the model of a table's dictionary."""
    model = load_model(path)
    if not isinstance(model, Model):
        raise UnfoldError(f"{path} is of kind {model.kind!r}, not a sparse NMF; move it away, or give another --folder")
    return model


@app.command()
def sparse(
    out: Out,
    config_file: ConfigFile = CONFIGS / "sparse.toml",
    data: Data = None,
    clean: Clean = None,
    noise: Noise = None,
    rir: Rir = None,
    changes: Changes = None,
    scored: Scored = True,
) -> None:
    """Learn a speech and a noise dictionary by sparse NMF: the same in every layer."""
    check_scored(scored)
    folders = Folders(data, clean, noise, rir)
    config = folders.configuration(config_file, changes)
    if config.network.kind != "nmf":
        raise UnfoldError(
            f"{config_file} is of kind {config.network.kind}; sparse NMF needs kind nmf, as in sparse.toml"
        )
    config = replace(config, network=replace(config.network, trained=0))
    check_out(config, out)
    corpus = folders.corpus(config)
    with Progress() as progress:
        task = progress.add_task("bases", total=1.0)
        w = learn(config, corpus, lambda share: progress.update(task, completed=share))
    learner = nmf_learner(config, torch.from_numpy(w))
    made_by = command_line("sparse", config_file, out, folders, changes)
    _finish(learner, config, corpus, made_by, out, scored)


@app.command()
def train(
    config_file: ConfigFile,
    out: Out,
    data: Data = None,
    clean: Clean = None,
    noise: Noise = None,
    rir: Rir = None,
    changes: Changes = None,
    scored: Scored = True,
    run: Annotated[Path | None, typer.Option(help="Folder of log and checkpoint; runs/NAME if not given.")] = None,
    start: Annotated[
        Path | None, typer.Option(help="Model file to go on from; of a sparse NMF the dictionary is unfolded.")
    ] = None,
) -> None:
    """Train a network, or go on where a killed run stood, and write its model."""
    check_scored(scored)
    folders = Folders(data, clean, noise, rir)
    config = folders.configuration(config_file, changes)
    check_out(config, out)
    corpus = folders.corpus(config)
    with Progress() as progress:
        tasks: dict[str, Any] = {}

        def report(part: str, share: float) -> None:
            if part not in tasks:
                tasks[part] = progress.add_task(part, total=1.0)
            progress.update(tasks[part], completed=share)

        begun = load_model(start) if start is not None else None
        learner = run_training(config, corpus, run or Path("runs") / out.stem, begun, report)
    made_by = command_line("train", config_file, out, folders, changes, start)
    rank = processes()[0]
    leave()
    if rank == 0:
        _finish(learner, config, corpus, made_by, out, scored)


@app.command()
def export(
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="checkpoint.pt of a run, finished or not.")],
    out: Out,
    data: Data = None,
    clean: Clean = None,
    noise: Noise = None,
    rir: Rir = None,
    scored: Scored = True,
) -> None:
    """Write the model of a checkpoint; the data are those it was trained on."""
    check_scored(scored)
    found = load_checkpoint(checkpoint)
    check_out(found.config, out)
    folders = Folders(data, clean, noise, rir)
    corpus = folders.corpus(found.config)
    with checkpoint_wanted(checkpoint):
        learner = any_learner(found.config, found.learner)
    made_by = command_line("export", checkpoint, out, folders)
    _finish(learner, found.config, corpus, made_by, out, scored)


@app.command("table")
def make(
    config_file: ConfigFile,
    folder: Annotated[Path, typer.Option(help="Where the table, its pictures and its runs go.")],
    dnn: Annotated[Path | None, typer.Option(help="Configuration of the sigmoid network; none without.")] = None,
    layers: Annotated[list[int] | None, typer.Option(min=1, help="K, the most first; 25 and 4 if not given.")] = None,
    methods: Annotated[bool, typer.Option(help="Compare the methods of training too.")] = True,
    data: Data = None,
    clean: Clean = None,
    noise: Noise = None,
    rir: Rir = None,
    changes: Changes = None,
) -> None:
    """Make the papers' table: sparse, discriminative and deep NMF, the sigmoid network; MBP against Adam.

    What is there from an earlier call is kept, so a table that was stopped goes on.
    """
    config, other = table_configs(read_config(config_file, changes or ()), None if dnn is None else read_config(dnn))
    corpus = Folders(data, clean, noise, rir).corpus(config)
    folder.mkdir(parents=True, exist_ok=True)
    dictionary = folder / "dictionary.safetensors"
    base = replace(config, network=replace(config.network, trained=0))
    if dictionary.exists():
        same_run(from_table(dictionary_of(dictionary).card["config"], str(dictionary)), base, dictionary)
    else:
        learner = nmf_learner(base, torch.from_numpy(learn(base, corpus)))
        write(learner, base, card_of(learner, base, corpus, "python -m training table"), dictionary)
    depths = tuple(layers or Table.layers)
    made = Table(config, other, corpus, dictionary_of(dictionary), folder, lambda line: print(line, flush=True), depths)
    made.make(methods)
    print((folder / "table.md").read_text())


@app.command()
def evaluate(
    preset: Annotated[list[str], typer.Option(help="Preset name or path; may be given again.")],
    pairs: Annotated[Path | None, typer.Option(help="Folder with clean/NAME and noisy/NAME.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with manifest.csv: its held-out recordings.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for results.md, results.csv and results.png.")] = Path("evaluation"),
    layers: Annotated[list[int] | None, typer.Option(help="Score the presets at this depth too.")] = None,
    peers: Annotated[str, typer.Option(help=f"Any of {', '.join(PEERS)}, with commas.")] = "",
    checkpoint: Annotated[list[Path] | None, typer.Option(help="checkpoint.pt of a network that remembers.")] = None,
    command: Annotated[list[str] | None, typer.Option(help="NAME='prog {in} {out}'; may be given again.")] = None,
    running: Annotated[bool, typer.Option(help="Score after 10 s of the same noise too.")] = False,
    mixtures: Annotated[int, typer.Option(min=1, help="Mixtures to make of --data.")] = 120,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that measure.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Of the mixtures; the same recordings are held out.")] = SEED,
) -> None:
    """Score presets, peers and other programs on the same pairs, through the engine that ships."""
    for measure, package in missing_metrics().items():
        print(f"{measure} is left out: pip install {package.replace('_', '-')}", file=sys.stderr)
    if (pairs is None) == (data is None):
        raise UnfoldError("give either --pairs DIR or --data DIR: what shall be scored on")
    if pairs is not None and running:
        raise UnfoldError("--running needs --data: a folder of pairs has nothing that was heard before them")
    out.mkdir(parents=True, exist_ok=True)
    ours = [preset_system(name, depth) for name in preset for depth in [None, *(layers or [])]]
    ours += [checkpoint_system(path) for path in checkpoint or []]
    others = [peer_system(name) for name in peers.split(",") if name]
    for text in command or []:
        name, _, line = text.partition("=")
        others.append(command_system(name, line))
    check_names([*ours, *others])
    made = development_pairs(read_corpus(data), seed, mixtures) if data else folder_pairs(pairs or Path())
    systems = ours + [lined_up(system, [pair.noisy for pair in made[:5]]) for system in others]
    with Progress() as progress:
        task = progress.add_task("scoring", total=len(made) * (1 + len(systems) * (1 + running)))
        scores = score_systems(systems, made, running, jobs, lambda n: progress.advance(task, n))
    source = f"held-out speakers and noises of {data.name}, seed {seed}" if data else f"from {pairs}"
    text = page(scores, systems, describe(len(made), running, source))
    (out / "results.md").write_text(text)
    write_csv(scores, out / "results.csv")
    plot(scores, out / "results.png")
    print(text + f"\n{out / 'results.md'}, results.csv and results.png written")


@app.command("lessons")
def learn_lessons(
    preset: Annotated[list[str], typer.Option(help="Preset name or path that can learn a noise; may be given again.")],
    data: Annotated[Path, typer.Option(help="Folder with manifest.csv: its held-out recordings.")],
    out: Annotated[Path, typer.Option(help="Folder for lessons.md.")] = Path("evaluation"),
    per_noise: Annotated[int, typer.Option(min=1, help="Mixtures in each noise.")] = PER_NOISE,
    seed: Annotated[int, typer.Option(min=0, help="Of the mixtures.")] = SEED,
) -> None:
    """Score what a lesson in the noise brings, and what is learned while running, against no adaptation."""
    out.mkdir(parents=True, exist_ok=True)
    corpus = read_corpus(data)
    heard, parts = lessons(corpus, seed, per_noise), []
    noises = len({one.pair.noise for one in heard})
    with Progress() as progress:
        task = progress.add_task("scoring", total=len(heard) * len(preset))
        for name in preset:
            parts += [compare(name, heard, lambda n: progress.advance(task, n)), cost(name, corpus, seed)]
    about = f"{len(heard)} mixtures of held-out speakers in {noises} held-out noises of {data.name}, seed {seed}."
    text = "\n".join(["# Lessons", "", f"SI-SDR in dB. {about}", "", *parts])
    (out / "lessons.md").write_text(text)
    print(text + f"\n{out / 'lessons.md'} written")


def _finish(
    learner: Learner | StreamLearner, config: Config, corpus: Corpus, command: str, out: Path, scored: bool
) -> None:
    """Write the model file and its card, with its scores if wanted."""
    card = card_of(learner, config, corpus, command)
    live = config.network.kind != "control"
    if live:
        write(learner, config, card, out)
    if scored:
        enhance = enhancer(learner) if isinstance(learner, ControlLearner) else engine(load_model(out))
        card["metrics"] = score(enhance, corpus)
        print(table(card["metrics"]))
        if live:
            write(learner, config, card, out)
    out.with_suffix(".md").write_text(card_page(card))
    print(f"{out} written" if live else f"{out.with_suffix('.md')} written; this kind runs from its checkpoint alone")


def main() -> None:
    """Run the command line; what Unfold can explain becomes one sentence and status 1."""
    try:
        app()
    except UnfoldError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: {error.filename or 'a file'} cannot be used: {error.strerror or error}; give another path")


if __name__ == "__main__":
    main()
