"""What a command was asked for: checked before the work, and told on the card after it."""

import os
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from realtime.base.errors import UnfoldError
from realtime.engine.preset import BUILT_IN
from training.config import Config
from training.configfile import read_config
from training.data import Corpus, read_corpus, read_folders
from training.metrics import missing_metrics
from training.train import processes

SHOWN = {"data": "DIR", "clean": "CLEAN", "noise": "NOISE", "rir": "RIR"}  # in the place of this machine's paths


@dataclass(frozen=True)
class Folders:
    """What to train on: a folder with a manifest, or any folders of audio."""

    data: Path | None = None
    clean: Path | None = None
    noise: Path | None = None
    rir: Path | None = None

    def corpus(self, config: Config) -> Corpus:
        """Return the recordings, as the configuration wants them."""
        if self.data is not None and self.clean is None and self.noise is None and self.rir is None:
            return read_corpus(self.data).without(config.without)
        if self.data is None and self.clean is not None and self.noise is not None:
            return read_folders(self.clean, self.noise, self.rir).without(config.without)
        raise UnfoldError("give either --data DIR with a manifest, or --clean DIR and --noise DIR")

    def configuration(self, path: Path, changes: list[str] | None) -> Config:
        """Return that of a file; what those in presets/train say of their recordings is not said of any others."""
        config, told = read_config(path, changes or ()), {c.partition("=")[0].strip() for c in changes or ()}
        ours = {"licence": Config.licence, "description": Config.description} if self.clean is not None else {}
        return replace(config, **{key: value for key, value in ours.items() if key not in told})


def command_line(
    name: str, config: Path, out: Path, folders: Folders, changes: list[str] | None = None, start: Path | None = None
) -> str:
    """Return the command that makes a model again, without the paths of this machine."""
    words = ["training", name, _here(config)]
    for option, shown in SHOWN.items():
        words += [f"--{option}", shown] if getattr(folders, option) is not None else []
    words += ["--out", out.name, *(["--start", _here(start)] if start is not None else [])]
    for change in changes or ():
        words += ["--set", change]
    world = processes()[1]
    python = f"torchrun --nproc-per-node {world} -m --" if world > 1 else "python -m"
    return f"{python} {shlex.join(words)}"


def _here(path: Path) -> str:
    if path.resolve().is_relative_to(BUILT_IN.resolve()):
        return f"presets/{path.resolve().relative_to(BUILT_IN.resolve())}"
    return path.name if path.is_absolute() else str(path)


def check_scored(scored: bool) -> None:
    """Say before the work, not after it, that the scores asked for cannot be taken."""
    missing = missing_metrics()
    if scored and "SDR" in missing:
        package = missing["SDR"].replace("_", "-")
        raise UnfoldError(f"the scores need the package {package}: pip install {package}, or add --no-score")


def check_out(config: Config, out: Path) -> None:
    """Say before the work, not after it, that its model cannot be written."""
    if config.network.kind == "nmf" and config.network.beta != 1:
        raise UnfoldError(f"network.beta is {config.network.beta:g}, and only 1 runs live; leave it out")
    if config.network.kind != "control" and out.suffix != ".safetensors":
        raise UnfoldError(f"--out {out} is no name of a model file; let it end in .safetensors")
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.is_dir() or not os.access(out.parent, os.W_OK):
        raise UnfoldError(f"--out {out} cannot be written; give a file in a folder that can")
