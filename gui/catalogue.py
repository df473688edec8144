"""Which presets and models there are, with their cards. No Qt; called on a worker thread."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from realtime.base.errors import UnfoldError
from realtime.engine.preset import Preset, Stage, load_preset, preset_folders
from realtime.model import Model, load_model

MODEL_SUFFIX, PRESET_SUFFIX = ".safetensors", ".toml"


@dataclass(frozen=True)
class Entry:
    """One line of the list: a preset that can be chosen, or a file with the reason why it cannot."""

    name: str
    path: Path
    preset: Preset | None
    card: dict[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def description(self) -> str:
        """One sentence."""
        return self.problem or (self.preset.description if self.preset else "")


def _card(preset: Preset) -> dict[str, Any]:
    for stage in preset.stages:
        if "model" in stage.options:
            model = load_model(preset.path.parent / stage.options["model"])
            facts = {"network": f"{model.n_layers} layer(s), {model.context} column(s) of context"}
            if isinstance(model, Model):
                facts["bases"] = ", ".join(f"{n} of {name}" for name, n in model.sources)
            return facts | {k: v for k, v in model.card.items() if v}
    return {}


def read_entry(path: Path) -> Entry:
    """Return the entry of a preset or a model file; it never raises."""
    try:
        if path.suffix.lower() == PRESET_SUFFIX:
            preset = load_preset(str(path))
        elif path.suffix.lower() == MODEL_SUFFIX:
            description = str(load_model(path).card.get("description", ""))
            preset = Preset(path.stem, description, path, (Stage("denoise", {"model": str(path.resolve())}, {}),))
        else:
            return Entry(
                path.stem, path, None, {}, f"{path.name} is neither a preset (.toml) nor a model (.safetensors)"
            )
        return Entry(preset.name, path, preset, _card(preset))
    except (UnfoldError, OSError, ValueError) as error:
        return Entry(path.stem, path, None, {}, str(error))


def find_files(folders: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """Return the files of the preset folders and of these others, with size and time; cheap enough to ask often."""
    found: dict[Path, tuple[int, int]] = {}
    names: set[str] = set()
    for folder in preset_folders():
        for path in sorted(folder.glob(f"*{PRESET_SUFFIX}")):
            if path.stem not in names:
                names.add(path.stem)
                found[path] = (0, 0)
    for folder in folders:
        if os.path.isdir(folder):  # unlike Path.is_dir, False where one may not even look
            for suffix in (PRESET_SUFFIX, MODEL_SUFFIX):
                found |= {path: (0, 0) for path in sorted(folder.glob(f"*{suffix}"))}
    for path in list(found):
        try:
            facts = path.stat()
            found[path] = (facts.st_size, facts.st_mtime_ns)
        except OSError:
            del found[path]
    return found


def scan(folders: Sequence[Path]) -> list[Entry]:
    """Return every entry, presets first, by name."""
    entries = [read_entry(path) for path in find_files(folders)]
    return sorted(entries, key=lambda e: (e.path.suffix != PRESET_SUFFIX, e.name))
