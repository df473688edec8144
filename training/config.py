"""What a training run is made from. `training.configfile` reads it from a TOML file; every setting has a default.

[network]     what is trained             [mixtures]   what it hears
[dictionary]  the sparse NMF it starts as [augment]    how recordings are varied: probabilities per mixture
[training]    how it is trained           [streams]    of what remembers: how it hears them one after the other
                                          [criterion]  of what remembers: what its masks are judged by
"""

from dataclasses import dataclass, field


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
