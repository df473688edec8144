"""Presets: a chain with parameter values as a TOML file. Main thread.

name = "sparse"
description = "One sentence."

[[chain]]
plugin = "denoise"                        # id of an installed plugin
model = "models/sparse.safetensors"       # beside the preset; other plugins take other options
[chain.parameters]
layers = 25
amount = 100.0
"""

import json
import math
import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

import realtime
from realtime.base.errors import PluginError, PresetError, UnfoldError
from realtime.base.wholefile import whole_file
from realtime.engine.chain import Chain
from realtime.engine.registry import plugin_class
from realtime.model import AnyModel, load_model, save_model
from realtime.plugin import Parameter

BUILT_IN = Path(realtime.__file__).resolve().parents[1] / "presets"


@dataclass(frozen=True)
class Stage:
    """One plugin of a preset: its id, what it is made with, its parameter values."""

    plugin: str
    options: dict[str, Any]
    parameters: dict[str, float]


@dataclass(frozen=True)
class Preset:
    """A chain that can be made for any sample rate."""

    name: str
    description: str
    path: Path
    stages: tuple[Stage, ...]

    def chain(
        self,
        sample_rate: float,
        latency_ms: int = 32,
        layers: int | None = None,
        amount_db: float | None = None,
        adapt: int | None = None,
    ) -> Chain:
        """Return the active chain. [main-thread]

        Parameters
        ----------
        sample_rate : float
            Hz.
        latency_ms : int
            32, 16, 8 or 4, for plugins that have such modes.
        layers, amount_db, adapt
            In place of the preset's own values.

        Raises
        ------
        PresetError, ModelError, PluginError
            If a stage cannot be made.
        """
        asked = {"layers": layers, "amount": amount_db, "adapt": adapt}
        given = {name: float(value) for name, value in asked.items() if value is not None}
        chain = Chain([self._plugin(stage, latency_ms) for stage in self.stages], sample_rate)
        if given and all(stage.plugin != "denoise" for stage in self.stages):
            raise PresetError(f"preset {self.name!r} has no denoise stage, so no {' or '.join(given)} can be set")
        for stage, plugin, process in zip(self.stages, chain.plugins, chain.processes, strict=True):
            values = stage.parameters | (given if stage.plugin == "denoise" else {})
            self._set(stage.plugin, plugin.descriptor.parameters, process.parameters, values)
        return chain

    def _set(
        self, plugin: str, known: tuple[Parameter, ...], places: NDArray[np.float32], values: dict[str, float]
    ) -> None:
        for name, value in values.items():
            i = next((i for i, parameter in enumerate(known) if parameter.id == name), None)
            if i is None:
                raise PresetError(f"{self.path}: plugin {plugin!r} has no parameter {name!r}")
            if not known[i].minimum <= value <= known[i].maximum:
                raise PresetError(
                    f"{name} is {value:g} for preset {self.name!r}; {known[i].minimum:g} to {known[i].maximum:g}"
                    " are possible"
                )
            places[i] = known[i].clip(value)

    def _plugin(self, stage: Stage, latency_ms: int) -> Any:
        try:
            made = plugin_class(stage.plugin)
        except PluginError as error:
            raise PresetError(f"{self.path}: {error}") from error
        options = dict(stage.options)
        if "model" in options:
            options["model"] = load_model(self.path.parent / str(options["model"]))
            options["latency_ms"] = latency_ms
        try:
            return made(**options)
        except (TypeError, ValueError, OverflowError) as error:
            raise PluginError(f"{self.path}: plugin {stage.plugin!r} cannot be made: {error}") from None


def preset_folders() -> list[Path]:
    """Return where presets are looked for: the user's folder, then the built-in one. [thread-safe]"""
    return [platformdirs.user_config_path("unfold") / "presets", BUILT_IN]


def preset_files() -> list[Path]:
    """Return the files of all presets; of one name the first is used. [thread-safe]"""
    return [path for folder in preset_folders() for path in sorted(folder.glob("*.toml")) if path.is_file()]


def list_presets(bad: list[UnfoldError] | None = None) -> list[Preset]:
    """Return every preset, by name; the user's hide built-ins of the same name. [main-thread]

    Parameters
    ----------
    bad : list of UnfoldError or None
        What is wrong with each file that is malformed is added here; None raises the first.

    Raises
    ------
    PresetError
        If one is malformed.
    """
    files: dict[str, Path] = {}
    for path in preset_files():
        files.setdefault(path.stem, path)
    found = []
    for name in sorted(files):
        try:
            found.append(_read(files[name]))
        except PresetError as error:
            if bad is None:
                raise
            bad.append(error)
    return found


def load_preset(wanted: str) -> Preset:
    """Return a preset by name or by path. [main-thread]

    Raises
    ------
    PresetError
        If there is none, naming what is there, or if it is malformed.
    """
    if wanted.lower().endswith(".toml"):
        return _read(Path(wanted))
    for folder in preset_folders():
        if (folder / f"{wanted}.toml").is_file():
            return _read(folder / f"{wanted}.toml")
    there = ", ".join(sorted({path.stem for path in preset_files()}))
    raise PresetError(f"there is no preset {wanted!r}; there are: {there}; or give the path of a .toml file")


def save_preset(preset: Preset) -> None:
    """Write a preset to its path. [main-thread]

    Parameters
    ----------
    preset : Preset
        Options are strings, numbers, truth values, or lists and tables of them.

    Raises
    ------
    PresetError
        If the file cannot be written, or could not be read again.
    """
    try:
        lines = [f"name = {_toml(preset.name)}", f"description = {_toml(preset.description)}"]
        for stage in preset.stages:
            lines += ["", "[[chain]]", f"plugin = {_toml(stage.plugin)}"]
            lines += [f"{_key(key)} = {_toml(value)}" for key, value in stage.options.items()]
            lines += ["[chain.parameters]"] if stage.parameters else []
            lines += [f"{_key(key)} = {_toml(value)}" for key, value in stage.parameters.items()]
        text = "\n".join(lines) + "\n"
        tomllib.loads(text)  # one preset that cannot be read would be in the way of all commands that list them
        content = text.encode()
    except (TypeError, ValueError) as error:
        raise PresetError(f"{str(preset.path)!r} cannot hold this preset ({error}); give other names") from None
    try:
        preset.path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(preset.path) as part:
            part.write_bytes(content)
    except OSError as error:
        raise PresetError(f"{preset.path} cannot be written ({error.strerror}); name a folder you can write") from None


def _toml(value: Any) -> str:
    """Return a value as TOML writes it: mostly as JSON does."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {_toml(v)}' for key, v in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(float(value))
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else _toml(name)


def with_model(preset: Preset, model: AnyModel, path: Path, description: str) -> Preset:
    """Write a preset that is another one with this model, and the model beside it; return it. [main-thread]

    Parameters
    ----------
    path : Path
        Of the new preset, ending in .toml; the model's file has the same name.

    Raises
    ------
    PresetError, ModelError
        If a file cannot be written.
    """
    weights = path.with_suffix(".safetensors")
    stages = [
        replace(stage, options=stage.options | {"model": weights.name}) if stage.plugin == "denoise" else stage
        for stage in preset.stages
    ]
    made = Preset(path.stem, description, path, tuple(stages))
    save_model(weights, model)  # first: a preset without its model would be listed and never run
    save_preset(made)
    return made


def _read(path: Path) -> Preset:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
        stages = []
        for entry in content["chain"]:
            options = {k: v for k, v in entry.items() if k not in ("plugin", "parameters")}
            values = {str(k): float(v) for k, v in entry.get("parameters", {}).items()}
            stages.append(Stage(str(entry["plugin"]), options, values))
        return Preset(path.stem, str(content.get("description", "")), path, tuple(stages))
    except OSError as error:
        raise PresetError(f"{path} cannot be read ({error.strerror}); name a preset or a .toml file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PresetError(f"{path} is not valid TOML: {error}") from None
    except RecursionError:
        raise PresetError(f"{path} is nested too deeply to be read; a preset has [[chain]] entries alone") from None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise PresetError(
            f"{path} is not a preset ({error!r}); it needs [[chain]] entries with a plugin each"
        ) from None
