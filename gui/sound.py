"""One opened stream: host, source, device, look-back, and the watch on its network. No Qt. Main thread."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gui.wave import WaveTee
from realtime.adapt import Adapter
from realtime.base.errors import DeviceError
from realtime.devices.clips import ClipSource
from realtime.devices.portaudio import STALL_S, Device, PortAudioStream, find_device
from realtime.devices.virtual import VirtualStream
from realtime.engine.chain import Chain
from realtime.engine.preset import BUILT_IN, Preset, Stage
from realtime.engine.state import MIX
from realtime.host import Host
from realtime.watch import Watch, denoiser_of

DEMO = "demo"
DEMO_FILE = BUILT_IN / "demo.flac"
STRIP_DEPTHS = (0, 1, 2, 5, 10)
VIRTUAL_BLOCK = 480


@dataclass(frozen=True)
class Setup:
    """Where sound comes from and goes to. None leaves a choice to the machine.

    `source` is a device's name, `DEMO`, or the path of an audio file; `noise` a file mixed under such a file.
    """

    source: str | None = None
    target: str | None = None
    noise: str | None = None
    snr_db: float = 5.0
    rate: float | None = None
    block: int = 0
    channel: int | None = None

    @property
    def clip(self) -> Path | None:
        """The audio file that is played, or None for a device."""
        if self.source == DEMO:
            return DEMO_FILE
        # Unlike Path.is_file, False where one may not even look.
        return Path(self.source) if self.source and os.path.isfile(self.source) else None

    @property
    def is_gone(self) -> bool:
        """Whether the source is a file that is not there (any more)."""
        return self.source is not None and self.clip is None and Path(self.source).is_absolute()


@dataclass(frozen=True)
class Values:
    """How a preset is played.

    `layers` None is the preset's own depth, `bases` None the model's own speech bases; `gain_db` lines the loudness
    up with another preset's, `others` are (plugin, parameter, value) of all plugins but the denoiser.
    """

    layers: int | None = None
    amount: float = 100.0
    latency_ms: int = 32
    bases: frozenset[int] | None = None
    gain_db: float = 0.0
    others: tuple[tuple[str, str, float], ...] = ()


@dataclass(frozen=True)
class Patch:
    """What is heard: a preset at some values."""

    preset: Preset
    values: Values

    @property
    def name(self) -> str:
        """The preset with what was changed of it, short."""
        values = self.values
        parts = [] if values.layers is None else [f"{values.layers} layer{'s' if values.layers != 1 else ''}"]
        parts += [] if values.amount >= 100 else [f"{values.amount:.0f} dB"]
        parts += [] if values.latency_ms == 32 else [f"{values.latency_ms} ms"]
        parts += [] if values.bases is None else [f"{len(values.bases)} bases"]
        return ", ".join([self.preset.name, *parts])


def with_values(patch: Patch, **values: Any) -> Patch:
    """Return a patch with some of its values set otherwise."""
    return replace(patch, values=replace(patch.values, **values))


def make_chain(preset: Preset, sample_rate: float, values: Values) -> Chain:
    """Return a preset's chain at these values; a preset without a denoiser takes none of them. On any thread."""
    stages = [
        replace(s, parameters=s.parameters | {name: v for plugin, name, v in values.others if plugin == s.plugin})
        for s in preset.stages
    ]
    preset = replace(preset, stages=tuple(stages))
    if values.gain_db:
        preset = replace(preset, stages=(*preset.stages, Stage("gain", {}, {"gain": values.gain_db})))
    if not any(stage.plugin == "denoise" for stage in preset.stages):
        return preset.chain(sample_rate)
    chain = preset.chain(sample_rate, values.latency_ms, None, values.amount)
    hear_bases(chain, values.bases)
    if values.layers is not None:
        parameter, place = chain.parameter("denoise", "layers")
        place[0] = parameter.clip(values.layers)
    return chain


def set_values(chain: Chain, values: Values) -> None:
    """Set the values that a chain can take after it was made; those it has no place for are left out."""
    given = [("denoise", "amount", values.amount), *values.others]
    given += [] if values.layers is None else [("denoise", "layers", float(values.layers))]
    for plugin, name, value in given:
        with suppress(KeyError):
            parameter, place = chain.parameter(plugin, name)
            place[0] = parameter.clip(value)
    hear_bases(chain, values.bases)


def hear_bases(chain: Chain, bases: frozenset[int] | None) -> None:
    """Let these bases of a chain's first network alone be heard; None: those of speech."""
    denoiser = denoiser_of(chain)
    if denoiser is not None:
        denoiser.hear(bases)


def strip_depths(n_layers: int, wanted: tuple[int, ...] = STRIP_DEPTHS) -> tuple[int, ...]:
    """Return the depths compared side by side: the wanted ones that the network has, and the full one.

    All of them where nobody chose and there is a place for each.
    """
    if wanted == STRIP_DEPTHS and n_layers <= len(wanted):
        return tuple(range(n_layers + 1))
    return (*(d for d in wanted if d < n_layers), n_layers)


def read_depths(text: str) -> tuple[int, ...]:
    """Return the depths that a user typed, ascending; ValueError, in one sentence, if they are none."""
    words = text.replace(",", " ").split()
    depths = sorted({int(word) for word in words if word.isdecimal()})
    if not all(word.isdecimal() for word in words) or not 1 <= len(depths) <= len(STRIP_DEPTHS):
        most, example = len(STRIP_DEPTHS), ", ".join(map(str, STRIP_DEPTHS))
        raise ValueError(f"{text!r} names no depths; give 1 to {most} numbers of layers, such as {example}")
    return tuple(depths)


def settled(setup: Setup) -> tuple[Setup, str]:
    """Return a setup that this machine can open, and a sentence on what was chosen instead of what is missing."""
    if setup.is_gone:
        text = f"There is no file {setup.source} any more; choose another one. Until then the built-in clip is played."
        return replace(setup, source=DEMO, noise=None, channel=None), text
    if setup.source == DEMO:
        return replace(setup, channel=None), ""  # it has but one
    if setup.source is not None:
        return setup, ""
    try:
        find_device(None, "input"), find_device(setup.target, "output")
    except DeviceError as error:
        return replace(setup, source=DEMO, channel=None), f"{_plain(error)}. Until then the built-in clip is played."
    return setup, ""


def _plain(error: DeviceError) -> str:
    """Return what an error says, without its hint for the command line."""
    return str(error).partition(", or use -i")[0]


def read_source(setup: Setup) -> ClipSource:
    """Return the clip of a setup, read; raises AudioFileError. On a worker thread."""
    assert setup.clip is not None
    return ClipSource(setup.clip, None if setup.noise is None else Path(setup.noise), setup.snr_db, setup.channel)


class Sound:
    """An open stream; `start` lets sound flow, `stop` ends it for good.

    Parameters
    ----------
    setup : Setup
        From `settled`.
    preset, values
        What is heard first.
    clip : ClipSource or None
        What `read_source` returned; None for devices.
    depths : tuple of int
        Compared side by side.

    Raises
    ------
    UnfoldError
        If a device, file or preset cannot be used, in one sentence.
    """

    def __init__(
        self,
        setup: Setup,
        preset: Preset,
        values: Values,
        clip: ClipSource | None = None,
        depths: tuple[int, ...] = STRIP_DEPTHS,
    ) -> None:
        self.setup, self._depths = setup, depths
        self.note = ""
        self.clip = clip
        self.source_device: Device | None = None
        self.target_device: Device | None = None
        self.stream: PortAudioStream | VirtualStream
        if clip is not None:
            self._open_clip(setup, clip, preset, values)
        else:
            self._open_devices(setup, preset, values)
        latency_s = self.stream.latency_s if self.target_device is not None else None
        self.host.device_reported_ms = None if latency_s is None else 1000 * latency_s
        self.watch = Watch(self.host.chain)
        self.compare(depths)
        self.wave = WaveTee(self.host)
        self.adapter = Adapter(self.host)
        self._blocks, self._grew = -1, time.monotonic()

    def _open_clip(self, setup: Setup, clip: ClipSource, preset: Preset, values: Values) -> None:
        rate, ring = clip.sample_rate, clip.ring
        chain = make_chain(preset, rate, values)
        try:
            target = find_device(setup.target, "output")
            n_outputs = target.n_played
            self.host = Host(chain, n_outputs=n_outputs, source=ring)
            address = self.host.state.address
            channels = (0, n_outputs)
            self.stream = PortAudioStream(self.host.callback, address, None, target, channels, rate, setup.block)
            self.target_device = target
        except DeviceError as error:
            self.note = f"Nothing is heard, only shown: {_plain(error)}."
            self.host = Host(chain, source=ring)
            block = setup.block or VIRTUAL_BLOCK
            self.stream = VirtualStream(self.host.callback, self.host.state.address, ring, rate, block)

    def _open_devices(self, setup: Setup, preset: Preset, values: Values) -> None:
        source, target = find_device(setup.source, "input"), find_device(setup.target, "output")
        rate = setup.rate or source.sample_rate
        n_inputs = max(min(2, source.n_inputs), 1 if setup.channel is None else setup.channel + 1)
        if n_inputs > source.n_inputs:
            raise DeviceError(f"{source.name!r} has {source.n_inputs} input channel(s), not {n_inputs}; pick another")
        channels = (n_inputs, target.n_played)
        chain = make_chain(preset, rate, values)
        pick = MIX if setup.channel is None else setup.channel
        self.host = Host(chain, n_inputs=channels[0], n_outputs=channels[1], pick=pick)
        address = self.host.state.address
        self.stream = PortAudioStream(self.host.callback, address, source, target, channels, rate, setup.block)
        self.source_device, self.target_device = source, target

    @property
    def can_howl(self) -> bool:
        """Return whether a live input and a live output could feed back."""
        return self.source_device is not None and self.target_device is not None

    @property
    def description(self) -> str:
        """Return where sound comes from, goes to, and at which rate."""
        if self.source_device is not None:
            source = self.source_device.name
        else:
            source = "built-in clip" if self.setup.source == DEMO else Path(self.setup.source or "").name
            if self.setup.noise is not None:
                source += f" + {Path(self.setup.noise).name}"
        target = self.target_device.name if self.target_device is not None else "no device"
        return f"{source} → {target}, {self.host.sample_rate / 1000:g} kHz"

    def start(self) -> None:
        """Let sound flow."""
        if self.clip is not None:
            self.clip.start(lambda: None)
        self.adapter.start()
        self.stream.start()

    @property
    def lost(self) -> bool:
        """Whether the device has stopped: it says so, or asked for no block since this was read `STALL_S` ago."""
        if self.host.blocks != self._blocks:
            self._blocks, self._grew = self.host.blocks, time.monotonic()
        return not self.stream.active or time.monotonic() - self._grew > STALL_S

    def stop(self) -> None:
        """End the stream, the source and an open take, in that order."""
        self.stream.stop(owner=self.host)
        self.adapter.stop()
        if self.clip is not None:
            self.clip.stop()
        self.wave.stop()
        self.watch.close()

    def swap(self, chain: Chain) -> None:
        """Crossfade to another chain and watch its network."""
        self.watch.close()
        self.host.swap(chain)
        self.watch = Watch(chain)
        self.compare(self._depths)

    def compare(self, depths: tuple[int, ...]) -> None:
        """Watch other depths of the network that runs."""
        self._depths = depths
        self.watch.tap(strip_depths(self.watch.n_layers, depths))
