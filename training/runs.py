"""A run's folder: its log, for tables and for TensorBoard, and the checkpoint it goes on from after a kill."""

import csv
import hashlib
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from realtime.base.errors import UnfoldError
from realtime.model import AnyModel
from training.config import Config
from training.configfile import from_table
from training.data import Corpus

CHECKPOINT = "checkpoint.pt"
COLUMNS = ("step", "epoch", "seconds", "loss", "development")


@dataclass(frozen=True)
class Checkpoint:
    """Where a run stood: what it was begun with, steps done, seconds used, and all that learns."""

    config: Config
    origin: dict[str, str]  # digests of what a configuration does not name, see `origin`
    step: int
    seconds: float
    unit: float  # loss of leaving the mixture as it is, per column
    learner: dict[str, Any]


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; a kill while it is written leaves the one before."""
    new = path.with_suffix(".new")
    torch.save({**vars(checkpoint), "config": asdict(checkpoint.config)}, new)
    os.replace(new, path)


def load_checkpoint(path: Path) -> Checkpoint:
    """Return a checkpoint.

    Raises
    ------
    UnfoldError
        One sentence.
    """
    with checkpoint_wanted(path):
        content = torch.load(path, map_location="cpu", weights_only=True)
        return Checkpoint(**{**content, "config": from_table(content["config"], str(path))})


@contextmanager
def checkpoint_wanted(path: Path) -> Iterator[None]:
    """Say in one sentence that a file is no checkpoint, whatever reading it or taking over what it holds raised."""
    try:
        yield
    except UnfoldError:
        raise
    except FileNotFoundError:
        raise UnfoldError(f"there is no checkpoint {path}; give one that 'train' wrote") from None
    except Exception:  # torch's reader raises whatever a broken file leads it to, with advice that is unsafe to follow
        raise UnfoldError(
            f"{path} is no checkpoint of this version of Unfold, or it is damaged; give one that 'train' wrote, or "
            "move it away to start anew"
        ) from None


def origin(corpus: Corpus, start: AnyModel | None) -> dict[str, str]:
    """Return digests of the recordings that are trained on and of the model that is gone on from."""
    names = sorted(f"{r.label}/{r.path.name}" for r in (*corpus.speech, *corpus.noise, *corpus.rooms))
    recordings = hashlib.sha256("\n".join(names).encode()).hexdigest()
    weights = hashlib.sha256()
    for name, tensor in sorted(start.content()[1].items()) if start else ():
        weights.update(name.encode() + tensor.tobytes())
    return {"set of recordings": recordings, "--start": weights.hexdigest()}


def gone_on_from(run: Path, config: Config, begun: dict[str, str], steps: int) -> Checkpoint | None:
    """Return the checkpoint in a run's folder, if there is one; say so if nothing is left to do.

    Raises
    ------
    UnfoldError
        If the run was begun with another configuration, other recordings or another start.
    """
    if not (run / CHECKPOINT).exists():
        return None
    found = load_checkpoint(run / CHECKPOINT)
    same_run(found.config, config, run)
    for what, digest in begun.items():
        if found.origin[what] != digest:
            raise UnfoldError(f"{run} was begun with another {what}; name another --run folder or remove this one")
    if found.step >= steps:
        print(f"{run} is finished: its model is written again", file=sys.stderr)
    return found


class Log:
    """Rows of a run, appended to log.csv and, where the package tensorboard is installed, to its event files."""

    def __init__(self, folder: Path, step: int) -> None:
        """Go on after a step: rows beyond it, from before a kill, are dropped."""
        self.path = folder / "log.csv"
        kept = [row for row in read_log(self.path) if row["step"] <= step] if step else []
        with self.path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows([_shown(row[c]) for c in COLUMNS] for row in kept)
        self._events = _event_writer(folder, step)

    def row(self, step: int, epoch: float, seconds: float, loss: float, development: float | None) -> None:
        """Append the loss of one step, and on held-out mixtures where it was taken."""
        with self.path.open("a", newline="") as file:
            csv.writer(file).writerow([_shown(x) for x in (step, epoch, seconds, loss, development)])
        if self._events:
            self._events.add_scalar("loss/training", loss, step)
            if development is not None:
                self._events.add_scalar("development", development, step)

    def close(self) -> None:
        """Finish the event file."""
        if self._events:
            self._events.close()


def read_log(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a log.csv: numbers, None where nothing was measured."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    whole = io.StringIO(text[: text.rfind("\n") + 1])  # a run that is being written, or was killed, ends in half a line
    rows = [row for row in csv.DictReader(whole) if all(row.get(c) is not None for c in COLUMNS)]
    try:
        return [
            {"step": int(row["step"])} | {c: float(row[c]) if row[c] else None for c in COLUMNS[1:]} for row in rows
        ]
    except ValueError:
        raise UnfoldError(
            f"{path} is damaged: a row is not of numbers; move it away, the run goes on without it"
        ) from None


def _shown(x: float | None) -> str:
    return "" if x is None else repr(x)


def _event_writer(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None  # log.csv holds the same figures
    return SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1)


def same_run(found: Config, wanted: Config, path: Path) -> None:
    """Refuse to go on with another configuration than a run was started with."""

    def flat(table: dict[str, Any], where: str = "") -> dict[str, Any]:
        parts: dict[str, Any] = {}
        for key, value in table.items():
            parts |= flat(value, f"{where}{key}.") if isinstance(value, dict) else {f"{where}{key}": value}
        return parts

    old, new = flat(asdict(found)), flat(asdict(wanted))
    differing: Sequence[str] = [f"{key} {old[key]!r}, not {new[key]!r}" for key in new if old[key] != new[key]]
    if differing:
        raise UnfoldError(f"{path} was begun with {'; '.join(differing)}; name another folder or remove this one")
