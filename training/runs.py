"""A run's folder: its log, for tables and for TensorBoard, and the checkpoint it goes on from after a kill."""

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from realtime.base.errors import UnfoldError
from training.config import Config, from_table

COLUMNS = ("step", "epoch", "seconds", "loss", "development")


@dataclass(frozen=True)
class Checkpoint:
    """Where a run stood: steps done, seconds used, and all that learns."""

    config: Config
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
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        return Checkpoint(**{**content, "config": from_table(content["config"], str(path))})
    except Exception as error:  # torch's reader raises whatever a broken file leads it to
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnfoldError(f"{path} is no checkpoint ({reason}); give one that 'train' wrote, or start anew") from None


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
                self._events.add_scalar("loss/development", development, step)

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
    rows = [row for row in csv.DictReader(whole) if all(row[c] is not None for c in COLUMNS)]
    return [{"step": int(row["step"])} | {c: float(row[c]) if row[c] else None for c in COLUMNS[1:]} for row in rows]


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
        raise UnfoldError(f"{path} was begun with {'; '.join(differing)}; name another --run folder or remove this one")
