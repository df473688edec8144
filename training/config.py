"""What a training run is made from: a TOML file, read strictly. Every setting has a default; unknown ones are errors.

[network]     what is trained             [mixtures]   what it hears
[dictionary]  the sparse NMF it starts as [augment]    how recordings are varied: probabilities per mixture
[training]    how it is trained           [streams]    of kind "adaptive": how it hears them one after the other
                                          [criterion]  of kind "adaptive": what its masks are judged by
"""

import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from math import isfinite
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from realtime.base.errors import UnfoldError
from realtime.modelfile import StftSettings
from realtime.networks.adaptiverecord import MEAN
from training.data import RATE


class ConfigError(UnfoldError):
    """A configuration that cannot be read, or asks for what cannot be."""


@dataclass(frozen=True)
class NetworkConfig:
    """A deep NMF ("nmf"), one that learns the room ("adaptive"), and the networks they are compared with.

    These are one of sigmoids ("mlp") and a recurrent one ("control"). What remembers needs no context.
    """

    kind: str = "nmf"
    context: int = 9  # T, columns
    layers: int = 25  # K
    trained: int = 2  # C, 0 to K + 1
    trained_context: int = 1  # T_k of the trained layers: 1 or T
    anytime: bool = False  # a read-out after every trained depth
    speech_bases: int = 100
    noise_bases: int = 100
    beta: float = 1.0  # of the divergence; only 1 runs live
    sparsity: float = 0.0  # mu of the layers
    hidden: tuple[int, ...] = (1536, 1536)  # of kinds "mlp" and "control"
    # of kind "adaptive":
    compression: float = 0.67  # p, of the magnitudes
    memory_share: float = 0.2  # rho, of the remembered activations beside the column
    most_power: float = 1.4  # of e; with short gradients the recurrence explodes from about 1.6 on
    room_bases: int = 4  # fitted to the running stream; 0: only those that follow
    room_share: float = 1.0  # of their level that the model uses; training has all of it
    noise_memory: tuple[float, ...] = (12.0, 80.0, 600.0)  # columns: time constants of own bases that follow the noise
    noise_floor: tuple[float, ...] = (60.0, 400.0)  # of what is always there, whatever the mask: at which they rise
    speech_memory: tuple[float, ...] = (1.5, 6.0, 40.0)  # and the speech


@dataclass(frozen=True)
class DictionaryConfig:
    """Sparse NMF of speech and of noise alone."""

    sparsity: float = 5.0  # mu, of columns scaled to a mean magnitude of one
    updates: int = 100
    columns: int = 12000  # per source


@dataclass(frozen=True)
class MixturesConfig:
    """Mixtures on the fly."""

    snr_db: tuple[float, float] = (-5.0, 15.0)  # by active speech level
    level_db: tuple[float, float] = (-40.0, -15.0)  # active speech level, dBFS
    seconds: float = 3.0
    columns: int = 100000  # in one pool
    columns_per_mixture: int = 75
    pools: int = 1  # drawn one after the other, an equal share of the epochs on each
    target: str = "magnitude"  # or "phase-sensitive": |S| cos(difference of phase), within 0 and the mixture


@dataclass(frozen=True)
class AugmentConfig:
    """Probabilities, per mixture."""

    speed: float = 0.0
    equalise: float = 0.0
    second_noise: float = 0.0
    babble: float = 0.0
    procedural: float = 0.0
    burst: float = 0.0
    room: float = 0.0
    band_limit: float = 0.0
    clip: float = 0.0
    wild: float = 0.0  # a recorded noise is varied far more than `speed` and `equalise` do
    noise_room: float = 0.0  # the noise is heard through a room
    step: float = 0.0  # the noise's level steps up or down once
    clean: float = 0.0  # next to no noise


@dataclass(frozen=True)
class TrainingConfig:
    """The loop. `step` counts for method "mbp": "plain", "depth", "tight" or "backtracking"."""

    method: str = "mbp"  # or "adam": of log W for a deep NMF
    step: str = "backtracking"
    eta: float = 1.0
    learning_rate: float = 0.01  # of Adam
    decay: bool = True  # eta and learning rate fall along a cosine to nothing
    epochs: int = 20
    batch: int = 8192  # columns, over all processes
    checkpoint_s: float = 60.0


@dataclass(frozen=True)
class StreamsConfig:
    """Streams that remember, trained through chunks of columns."""

    streams: int = 40  # at a time, in one process
    chunk: int = 125  # columns; a room is refitted after each
    steps: int = 9000  # chunks
    short: float = 0.6  # share of scenes that are left before they end
    go_on: float = 0.25  # share of scenes that are entered without forgetting the one before: the room changes
    told: float = 0.0  # share of the others whose noise alone was learned before, as by `unfold learn noise`
    products: str = "float32"  # of matrices; "bfloat16" where the processor is quicker at it
    vector_rate: float = 1.5  # times the learning rate, for what is no matrix


@dataclass(frozen=True)
class CriterionConfig:
    """Weights of what a mask is judged by."""

    magnitude: float = 6.0  # of compressed magnitudes
    phase: float = 2.0  # of compressed spectra's cosine of the difference in phase
    waveform: float = 0.15  # of the SI-SDR in dB, over the last seconds
    envelope: float = 2.5  # of what the envelopes lack of full correlation
    shallower: float = 0.08  # of every depth but the last


@dataclass(frozen=True)
class Config:
    """One run."""

    name: str = "model"
    description: str = ""
    licence: str = "see the training data"
    without: tuple[str, ...] = ()  # recordings whose licence holds one of these words are not trained on
    seed: int = 0
    network: NetworkConfig = field(default_factory=NetworkConfig)
    dictionary: DictionaryConfig = field(default_factory=DictionaryConfig)
    mixtures: MixturesConfig = field(default_factory=MixturesConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    streams: StreamsConfig = field(default_factory=StreamsConfig)
    criterion: CriterionConfig = field(default_factory=CriterionConfig)


STREAMED = ("adaptive", "control")  # kinds that remember
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
POSITIVE = ("network.beta", "network.compression", "network.memory_share", "network.room_share", "training.eta",
            "training.learning_rate", "streams.vector_rate")  # fmt: skip


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
    values = {f"{part}.{key}": value for part, keys in asdict(config).items() if isinstance(keys, dict)
              for key, value in keys.items()} | {"seed": config.seed}  # fmt: skip
    for key, allowed in CHOICES.items():
        if values[key] not in allowed:
            raise ConfigError(f"{source}: {key} is {values[key]!r}, not one of {', '.join(allowed)}")
    for key, least in LEAST.items():
        if values[key] < least:
            raise ConfigError(f"{source}: {key} is {values[key]}, less than {least}")
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
        if low > high:
            raise ConfigError(f"{source}: mixtures.{key} is {low} to {high}, not from low to high")
    if net.kind != "nmf" and config.training.method != "adam":
        method = config.training.method
        raise ConfigError(f'{source}: kind {net.kind} is trained by training.method = "adam", not {method!r}')
    if net.kind in STREAMED:
        _check_streams(config, source)
    if len(net.hidden) != 2 or min(net.hidden) < 1:
        raise ConfigError(f"{source}: network.hidden is {list(net.hidden)}, not the sizes of two layers")
    return config


def _check_streams(config: Config, source: str) -> None:
    net, streams = config.network, config.streams
    if min((*net.noise_memory, *net.noise_floor, *net.speech_memory), default=1.0) <= 0:
        raise ConfigError(f"{source}: network.noise_memory, noise_floor and speech_memory are columns, more than 0")
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
    raise ConfigError(f"{source}: {key} is {value!r}, not of type {getattr(wanted, '__name__', wanted)}")
