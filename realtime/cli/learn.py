"""``unfold learn``: a preset for a noise or a voice, from a few seconds of it or from a run. Main thread."""

import shlex
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from realtime.adapt import Adapter
from realtime.base.audiofile import open_audio, read_blocks
from realtime.base.errors import DeviceError, PresetError
from realtime.base.wholefile import try_folder
from realtime.devices.portaudio import PortAudioStream, find_device
from realtime.engine.chain import Chain
from realtime.engine.preset import Preset, load_preset, preset_folders, with_model
from realtime.host import Host
from realtime.learn import keep_room, learning_room
from realtime.model import AnyModel, load_model
from realtime.render import BLOCK
from realtime.watch import denoiser_of

Samples = NDArray[np.float32]
Learner = Callable[[AnyModel, Samples, float], AnyModel]

LONGEST_FILE_S = 120.0
TICK_S = 0.1
PATIENCE_S = 3.0


def learn(learner: Learner, source: Path | None, device: str | None, seconds: float, base: str, output: str) -> None:
    """Listen, fit, write the preset and its model, and say how to hear it. [main-thread]

    Parameters
    ----------
    learner : callable
        `learn.learn_noise` or `learn.learn_voice`.
    source : Path or None
        A file to listen to; None listens to a device.
    device : str or None
        As `find_device` takes it.
    seconds : float
        How long to listen.
    base : str
        The preset to start from: name or path.
    output : str
        Name of the new preset, among the user's own, or the path of a .toml file.

    Raises
    ------
    UnfoldError
        If there is nothing to learn from, nothing that could learn, or nowhere to write to.
    """
    if source is not None and device is not None:
        raise DeviceError(f"a file and a device cannot both be listened to; leave out {source} or {device!r}")
    preset, target = load_preset(base), _target(output)
    model = _denoise_model(preset)
    x, rate = _read(source, seconds) if source is not None else _listen(device, seconds)
    _write(preset, learner(model, x, rate), target, output)


class RoomKeeper:
    """Writes a preset with the room that a running one has learned; what cannot be is said before sound runs.

    Parameters
    ----------
    base : str
        The preset that will run: name or path.
    output : str
        As `learn` takes it.

    Raises
    ------
    PresetError
        If there is no such preset, it does not learn its room, or the new one cannot be written.
    """

    def __init__(self, base: str, output: str) -> None:
        self._preset, self._target, self._output = load_preset(base), _target(output), output
        learning_room(_denoise_model(self._preset))

    def keep(self, chain: Chain, adapter: Adapter) -> None:
        """Write the preset and its model, and say how to hear it. [main-thread]

        Raises
        ------
        PresetError, ModelError
            If nothing was learned yet, or a file cannot be written.
        """
        denoiser = denoiser_of(chain)
        model = None if denoiser is None else denoiser.model
        _write(self._preset, keep_room(model, adapter.room()), self._target, self._output)


def _denoise_model(preset: Preset) -> AnyModel:
    stage = next((stage for stage in preset.stages if stage.plugin == "denoise"), None)
    if stage is None:
        raise PresetError(f"preset {preset.name!r} has no denoise stage, so nothing in it can learn; choose another")
    if "model" not in stage.options:
        raise PresetError(f'{preset.path} has a denoise stage without a model; add the line: model = "FILE"')
    path = preset.path.parent / str(stage.options["model"])
    return load_model(path if "\0" in str(path) else path.resolve())  # which says what is wrong with such a name


def _write(preset: Preset, learned: AnyModel, target: Path, output: str) -> None:
    """Write the preset with what was learned, and say how to hear it."""
    learned = replace(learned, card=learned.card | {"name": target.stem})
    with_model(preset, learned, target, f"{preset.name!r} {learned.card['learned']}")
    given = output if output == target.stem else str(target)
    print(f"{target}\nhear it: unfold live --preset {shlex.quote(given)}")


def _target(output: str) -> Path:
    path = Path(output)
    if path.suffix != ".toml":
        if path.name != output or not output.strip():
            raise PresetError(f"{output!r} is neither a name nor the path of a .toml file; give one")
        path = preset_folders()[0] / f"{output}.toml"
    try:
        for file in (path, path.with_suffix(".safetensors")):
            if file.exists():
                raise PresetError(f"{file} is there already; give another name, or remove it first")
        try_folder(path.with_suffix(".safetensors"))  # now, and not when what was heard would be lost
    except OSError as error:
        raise PresetError(f"{path} cannot be written ({error.strerror}); name a folder you can write") from None
    return path


def _read(path: Path, seconds: float) -> tuple[Samples, float]:
    with open_audio(path) as file:
        rate = float(file.samplerate)
        n, parts = round(min(seconds, LONGEST_FILE_S) * rate), [np.zeros(0, np.float32)]
        for block in read_blocks(file, BLOCK):
            parts.append(block[:n].mean(axis=1, dtype=np.float32))
            n -= len(parts[-1])
            if n == 0:
                break
    return np.concatenate(parts), rate


def _listen(name: str | None, seconds: float) -> tuple[Samples, float]:
    """Return what the device hears; no sound is played."""
    device = find_device(name, "input")
    rate = device.sample_rate
    host = Host(Chain([], rate), n_inputs=min(2, device.n_inputs))
    host.record(True)
    stream = PortAudioStream(host.callback, host.state.address, device, None, (min(2, device.n_inputs), 0), rate, 0)
    parts: list[Samples] = []
    n = 0
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(f"Listening to {device.name}", total=seconds)
        stream.start()
        heard = time.monotonic()
        try:
            while n < seconds * rate:
                time.sleep(TICK_S)
                rows = host.wave.read()
                if len(rows):
                    heard = time.monotonic()
                elif time.monotonic() - heard > PATIENCE_S:
                    raise DeviceError(f"{device.name!r} gives no sound; see 'unfold devices'")
                parts.append(rows[:, 0])
                n += len(rows)
                bar.update(task, completed=n / rate)
        finally:
            stream.stop(owner=host)
    return np.concatenate(parts)[: round(seconds * rate)], rate
