"""What is scored: our presets through the real-time engine, other packages, and any program with a command line.

A system takes samples at 16 kHz and returns as many, lined up with them.
"""

import shlex
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from scipy.signal import correlate, firwin, resample_poly

from realtime.base.errors import UnfoldError
from realtime.engine.preset import load_preset
from realtime.plugins.denoise import Denoise
from realtime.render import render
from training.config import STREAMED
from training.metrics import RATE
from training.runs import checkpoint_wanted, load_checkpoint
from training.streamlearner import enhancer
from training.streamtrain import kept_learner

Floats = NDArray[np.float32]
LARGEST_LAG_S = 0.2


@dataclass(frozen=True)
class System:
    """One system: its name, what it does, and its size where it is ours."""

    name: str
    enhance: Callable[[Floats], Floats]
    n_parameters: int | None = None
    macs_per_column: int | None = None


def preset_system(wanted: str, layers: int | None = None) -> System:
    """Return a preset, run by the engine that ships.

    Parameters
    ----------
    wanted : str
        Name or path.
    layers : int or None
        In place of the preset's own depth.
    """
    preset = load_preset(wanted)
    chain = preset.chain(RATE, layers=layers)
    models = [p.model for p in chain.plugins if isinstance(p, Denoise)]
    depth = int(chain.parameter("denoise", "layers")[1][0]) if models else 0
    name = preset.name if layers is None else f"{preset.name}, {layers} layer{'s' if layers != 1 else ''}"
    return System(
        name,
        lambda x: render(x, preset.chain(RATE, layers=layers)),
        sum(m.n_parameters for m in models),
        sum(m.macs_at(depth) for m in models),
    )


def checkpoint_system(path: Path) -> System:
    """Return the network of a checkpoint of streams, run by torch: what does not run live can be compared as well.

    Raises
    ------
    UnfoldError
        If the checkpoint cannot be read, or is of a network that remembers nothing.
    """
    found = load_checkpoint(path)
    if found.config.network.kind not in STREAMED:
        raise UnfoldError(f"{path} is of kind {found.config.network.kind}; export it, and score the preset")
    with checkpoint_wanted(path):
        learner = kept_learner(found.config, found.learner, torch.device("cpu"))
    return System(f"{found.config.name}, checkpoint", enhancer(learner), learner.n_weights, learner.multiplications)


def _peer_package(name: str, package: str) -> Any:
    try:
        return import_module(name)
    except (ImportError, OSError) as error:
        raise UnfoldError(f"peer {package} is missing ({error}): pip install {package}") from None


def _rnnoise() -> Callable[[Floats], Floats]:
    """RNNoise at its own rate of 48 kHz, frames of 480 samples in the range of 16-bit integers."""
    library = _peer_package("pyrnnoise.rnnoise", "pyrnnoise")
    as_pointer = np.ctypeslib.ndpointer(np.float32, flags="C")
    process = library.lib.rnnoise_process_frame
    taps = firwin(1201, 0.97 / 3, window=("kaiser", 9.0))

    def enhance(x: Floats) -> Floats:
        wide = resample_poly(x.astype(float), 3, 1, window=taps)
        frames = np.zeros((-(-len(wide) // 480), 480), np.float32)
        frames.ravel()[: len(wide)] = 32768 * wide
        state = library.create()
        process.argtypes = [process.argtypes[0], as_pointer, as_pointer]
        for frame in frames:
            process(state, frame, frame)
        library.destroy(state)
        return resample_poly(frames.ravel() / 32768, 1, 3, window=taps)[: len(x)].astype(np.float32)

    return enhance


def _webrtc() -> Callable[[Floats], Floats]:
    """The noise suppressor of WebRTC at its strongest, without gain control: 10 ms of 16-bit samples at 16 kHz."""
    processor = _peer_package("webrtc_noise_gain", "webrtc-noise-gain").AudioProcessor

    def enhance(x: Floats) -> Floats:
        frames = np.zeros((-(-len(x) // 160), 160), np.int16)
        frames.ravel()[: len(x)] = np.clip(np.round(32768 * x), -32768, 32767)
        running = processor(0, 4)
        audio = b"".join(running.Process10ms(frame.tobytes()).audio for frame in frames)
        return (np.frombuffer(audio, np.int16)[: len(x)] / 32768).astype(np.float32)

    return enhance


def _noisereduce() -> Callable[[Floats], Floats]:
    """Spectral gating over the whole file (it looks ahead)."""
    reduce_noise = _peer_package("noisereduce", "noisereduce").reduce_noise
    return lambda x: np.asarray(reduce_noise(y=x, sr=RATE), np.float32)


PEERS: dict[str, Callable[[], Callable[[Floats], Floats]]] = {
    "rnnoise": _rnnoise,
    "webrtc": _webrtc,
    "noisereduce": _noisereduce,
}


def peer_system(name: str) -> System:
    """Return a peer of `PEERS`.

    Raises
    ------
    UnfoldError
        If there is none of that name, or its package is missing.
    """
    if name not in PEERS:
        raise UnfoldError(f"there is no peer {name!r}; there are: {', '.join(PEERS)}")
    return System(name, PEERS[name]())


def command_system(name: str, command: str) -> System:
    """Return a program that reads one 16 kHz WAV file and writes another.

    Parameters
    ----------
    command : str
        With ``{in}`` and ``{out}`` where the two paths belong.

    Raises
    ------
    UnfoldError
        If that is no command; from the system, if the program fails or writes no such file.
    """
    if not name or not command:
        raise UnfoldError(
            f"the command {name or command!r} has no name or no program; write NAME='prog {{in}} {{out}}'"
        )
    if "{in}" not in command or "{out}" not in command:
        raise UnfoldError(f"the command {command!r} names no {{in}} or no {{out}}; write where the two files belong")
    try:
        parts = shlex.split(command)
    except ValueError as error:
        raise UnfoldError(f"the command {command!r} cannot be read ({error}); close its quotes") from None

    def enhance(x: Floats) -> Floats:
        with tempfile.TemporaryDirectory() as folder:
            paths = {"{in}": str(Path(folder) / "in.wav"), "{out}": str(Path(folder) / "out.wav")}
            soundfile.write(paths["{in}"], x, RATE, subtype="FLOAT")
            words = [part.replace("{in}", paths["{in}"]).replace("{out}", paths["{out}"]) for part in parts]
            try:
                done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
            except OSError as error:
                raise UnfoldError(f"{name} cannot be run: {words[0]}: {error.strerror}") from None
            said = done.stderr.strip().splitlines()[-1:]
            if done.returncode:
                raise UnfoldError(
                    f"{name} ended with exit status {done.returncode}{': ' if said else ''}{''.join(said)}"
                )
            try:
                y, rate = soundfile.read(paths["{out}"], dtype="float32")
            except (soundfile.LibsndfileError, OSError) as error:
                raise UnfoldError(f"{name} wrote no output: {''.join(said) or error}") from None
            if not np.isfinite(y).all():
                raise UnfoldError(f"{name} wrote values that are no numbers")
            if rate != RATE or y.ndim != 1:
                raise UnfoldError(f"{name} wrote {rate} Hz in {y.ndim} dimension(s), not mono at {RATE} Hz")
            return np.resize(y, len(x)) if len(y) >= len(x) else np.pad(y, (0, len(x) - len(y)))

    return System(name, enhance)


def lined_up(system: System, probes: list[Floats]) -> System:
    """Return the system with its constant delay taken out, found by correlating its output with its input.

    Parameters
    ----------
    probes : list of float32[n]
        A few mixtures; the median of their lags is taken.
    """
    longest = int(LARGEST_LAG_S * RATE)
    lags = []
    for x in probes:
        match = correlate(system.enhance(x), x, method="fft")[len(x) - 1 :][:longest]
        lags.append(int(match.argmax()))
    lag = int(np.median(lags))

    def enhance(x: Floats) -> Floats:
        return system.enhance(np.concatenate([x, np.zeros(lag, np.float32)]))[lag:]

    return System(system.name, enhance)
