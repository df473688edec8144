"""A configuration from its TOML file, read strictly: unknown settings, and values that cannot be, are errors."""

import tomllib
from collections.abc import Iterable
from dataclasses import asdict, fields, is_dataclass
from math import isfinite
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from realtime.base.errors import UnfoldError
from realtime.model import MAX_LAYERS
from realtime.modelfile import StftSettings
from realtime.networks.adaptiverecord import MEAN
from training.config import STREAMED, Config
from training.data import RATE

CHOICES = {
    "network.kind": ("nmf", "mlp", "adaptive", "control"),
    "mixtures.target": ("magnitude", "phase-sensitive"),
    "streams.products": ("float32", "bfloat16"),
    "training.method": ("mbp", "adam"),
    "training.step": ("plain", "depth", "tight", "backtracking"),
}
LEAST: dict[str, float] = {
    "network.context": 1, "network.layers": 1, "network.trained": 0, "network.speech_bases": 1,
    "network.noise_bases": 1, "network.sparsity": 0, "dictionary.sparsity": 0, "dictionary.updates": 1,
    "dictionary.columns": 1, "mixtures.seconds": 0.1, "mixtures.columns": 1, "mixtures.columns_per_mixture": 1,
    "mixtures.pools": 1, "training.epochs": 1, "training.batch": 1, "training.checkpoint_s": 0, "seed": 0,
    "network.room_bases": 0, "network.most_power": 1.1, "streams.streams": 1, "streams.chunk": 5, "streams.steps": 1,
    "criterion.shallower": 0, "criterion.magnitude": 0, "criterion.phase": 0, "criterion.waveform": 0,
    "criterion.envelope": 0,
}  # fmt: skip
MOST: dict[str, float] = {
    "network.context": 1000, "network.layers": MAX_LAYERS, "network.speech_bases": 100_000,
    "network.noise_bases": 100_000, "network.room_bases": 1000, "network.room_share": 1, "network.most_power": 10,
    "mixtures.seconds": 600, "training.learning_rate": 100, "training.eta": 100, "streams.streams": 100_000,
    "seed": 2**63 - 1,
}  # fmt: skip
MOST_DB, MOST_HIDDEN = 200.0, 100_000
OF_COLUMNS = (
    "network.context",
    "network.trained",
    "network.trained_context",
    "network.anytime",
    "network.beta",
    "network.sparsity",
    "mixtures.columns",
    "mixtures.columns_per_mixture",
    "mixtures.pools",
    "mixtures.target",
    "training.step",
    "training.eta",
    "training.decay",
    "training.epochs",
    "training.batch",
)  # settings that mean nothing to what remembers
POSITIVE = ("network.beta", "network.compression", "network.memory_share", "network.room_share", "training.eta",
            "training.learning_rate", "streams.vector_rate")  # fmt: skip


class ConfigError(UnfoldError):
    """A configuration that cannot be read, or asks for what cannot be."""


def read_config(path: Path, changes: Iterable[str] = ()) -> Config:
    """Return the configuration of a file, with changes like ``training.epochs=3`` made to it.

    Raises
    ------
    ConfigError
        One sentence.
    """
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({error}); give a TOML file as in presets/train") from None
    for change in changes:
        _change(table, change)
    return from_table(table, str(path))


def from_table(table: dict[str, Any], source: str = "the configuration") -> Config:
    """Return the configuration of a table, checked."""
    config = _filled(Config, table, "", source)
    values = _values(config)
    for key, allowed in CHOICES.items():
        if values[key] not in allowed:
            raise ConfigError(f"{source}: {key} is {values[key]!r}, not one of {', '.join(allowed)}")
    for key, least in LEAST.items():
        if values[key] < least:
            raise ConfigError(f"{source}: {key} is {values[key]}, less than {least}")
    for key, most in MOST.items():
        if values[key] > most:
            raise ConfigError(f"{source}: {key} is {values[key]}, more than {most}")
    for key in POSITIVE:
        if values[key] <= 0:
            raise ConfigError(f"{source}: {key} is {values[key]}, not more than 0")
    for key in vars(config.augment):
        if not 0 <= getattr(config.augment, key) <= 1:
            raise ConfigError(f"{source}: augment.{key} is {getattr(config.augment, key)}, no probability from 0 to 1")
    net = config.network
    if net.trained > net.layers + 1:
        raise ConfigError(f"{source}: network.trained is {net.trained}, with {net.layers} layers and a read-out")
    if net.trained_context not in (1, net.context):
        raise ConfigError(f"{source}: network.trained_context is {net.trained_context}, not 1 or {net.context}")
    for key in ("snr_db", "level_db"):
        low, high = getattr(config.mixtures, key)
        if not -MOST_DB <= low <= high <= MOST_DB:
            raise ConfigError(
                f"{source}: mixtures.{key} is {low:g} to {high:g}, not from low to high within {MOST_DB:g} dB"
            )
    if net.kind != "nmf" and config.training.method != "adam":
        method = config.training.method
        raise ConfigError(f'{source}: kind {net.kind} is trained by training.method = "adam", not {method!r}')
    if net.kind in STREAMED:
        for key, value in _values(Config()).items():
            if key in OF_COLUMNS and values[key] != value:
                raise ConfigError(f"{source}: {key} means nothing to kind {net.kind}; leave it out")
        _check_streams(config, source)
    elif config.mixtures.pools > config.training.epochs:
        pools, epochs = config.mixtures.pools, config.training.epochs
        raise ConfigError(f"{source}: mixtures.pools is {pools}, more than the {epochs} epochs that would use them")
    if len(net.hidden) != 2 or not 1 <= min(net.hidden) <= max(net.hidden) <= MOST_HIDDEN:
        raise ConfigError(
            f"{source}: network.hidden is {list(net.hidden)}, not the sizes of two layers up to {MOST_HIDDEN}"
        )
    return config


def _values(config: Config) -> dict[str, Any]:
    """Return every number and choice of a configuration by its name in a file, such as ``network.layers``."""
    parts = {part: keys for part, keys in asdict(config).items() if isinstance(keys, dict)}
    return {f"{part}.{key}": value for part, keys in parts.items() for key, value in keys.items()} | {
        "seed": config.seed
    }


def _check_streams(config: Config, source: str) -> None:
    net, streams = config.network, config.streams
    if min((*net.noise_memory, *net.noise_floor, *net.speech_memory), default=1.0) <= 0:
        raise ConfigError(f"{source}: network.noise_memory, noise_floor and speech_memory are columns, more than 0")
    if not (net.room_bases or net.noise_memory or net.noise_floor or net.speech_memory):
        raise ConfigError(f"{source}: kind {net.kind} needs network.room_bases or a memory; all of them are empty")
    if net.compression > 1 or streams.chunk % MEAN:
        found = f"compression {net.compression:g} and chunks of {streams.chunk} columns"
        raise ConfigError(f"{source}: {found} were asked for; at most 1, and a multiple of {MEAN}, are possible")
    if int(config.mixtures.seconds * RATE) < streams.chunk * StftSettings().hop:
        raise ConfigError(f"{source}: mixtures.seconds is {config.mixtures.seconds:g}, less than a chunk")
    for key in ("short", "go_on", "told"):
        if not 0 <= getattr(streams, key) <= 1:
            raise ConfigError(f"{source}: streams.{key} is {getattr(streams, key)}, no share from 0 to 1")


def _change(table: dict[str, Any], change: str) -> None:
    key, equals, text = change.partition("=")
    *parts, last = key.strip().split(".")
    try:
        value = tomllib.loads(f"value = {text}")["value"] if equals else None
    except tomllib.TOMLDecodeError:
        value = text.strip()  # a bare word is a string
    for part in parts:
        table = table.setdefault(part, {}) if isinstance(table, dict) else table
    if value is None or not isinstance(table, dict):
        raise ConfigError(f"{change!r} changes nothing; write a setting as in training.epochs=3")
    table[last] = value


def _filled(kind: Any, table: Any, where: str, source: str) -> Any:
    if not isinstance(table, dict):
        raise ConfigError(f"{source}: {where[:-1]} is {table!r}, not a table of settings")
    types = get_type_hints(kind)
    names = [f.name for f in fields(kind)]
    for key in table:
        if key not in names:
            raise ConfigError(f"{source}: {where}{key} is no setting; there are {', '.join(names)}")
    return kind(**{key: _value(types[key], value, f"{where}{key}", source) for key, value in table.items()})


def _value(wanted: Any, value: Any, key: str, source: str) -> Any:
    if is_dataclass(wanted):
        return _filled(wanted, value, f"{key}.", source)
    if get_origin(wanted) is tuple:
        items = get_args(wanted)
        if isinstance(value, list | tuple) and (items[-1] is Ellipsis or len(value) == len(items)):
            return tuple(_value(items[0], item, key, source) for item in value)
    elif wanted is float:
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
            return float(value)
    elif isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool)):
        return value
    raise ConfigError(f"{source}: {key} is {value!r}, not {_described(wanted)}")


def _described(wanted: Any) -> str:
    if get_origin(wanted) is tuple:
        items = get_args(wanted)
        many = "a list, each" if items[-1] is Ellipsis else f"a list of {len(items)}, each"
        return f"{many} {_described(items[0])}"
    return {float: "a finite number", int: "a whole number", bool: "true or false", str: "a text"}[wanted]
