"""Sound cards and sound servers through PortAudio. Main thread; PortAudio's own thread calls the callback."""

import atexit
import threading
from dataclasses import dataclass
from typing import Any

from realtime.base.errors import DeviceError

try:
    import sounddevice as sd

    _missing: Exception | None = None
except OSError as error:  # sounddevice is there, the PortAudio library is not
    sd, _missing = None, error


PATIENCE_S = 2.0
"""How long a device may take to stop before it is taken for dead."""

LONGEST_LATENCY_S = 2.0
"""A device that reports more does not know: PortAudio on JACK reports days."""

STALL_S = 3.0
"""So long without a block, and a device is taken for lost: unplugged ones often say nothing."""

MOST_OUTPUTS = 8
"""A device with more is a server that takes any number, or a studio's interface: only its first two are played to."""

_abandoned: list[Any] = []
"""Dead streams whose callback may still run one day: they, and the memory they use, are kept."""


@dataclass(frozen=True)
class Device:
    """One device as PortAudio lists it."""

    index: int
    name: str
    host_api: str
    n_inputs: int
    n_outputs: int
    sample_rate: float
    is_default_input: bool
    is_default_output: bool

    @property
    def n_played(self) -> int:
        """Output channels that are played to: all, or the first two of more than `MOST_OUTPUTS`. [thread-safe]"""
        return self.n_outputs if self.n_outputs <= MOST_OUTPUTS else 2


def _portaudio() -> Any:
    if sd is None:
        raise DeviceError(
            f"the PortAudio library is missing ({_missing}); install it, on Debian: apt install libportaudio2"
        )
    return sd


def list_devices() -> list[Device]:
    """Return every device of this machine. [main-thread]

    Raises
    ------
    DeviceError
        If PortAudio is missing.
    """
    portaudio = _portaudio()
    apis = [api["name"] for api in portaudio.query_hostapis()]
    default_input, default_output = portaudio.default.device
    return [
        Device(
            index=i,
            name=info["name"],
            host_api=apis[info["hostapi"]],
            n_inputs=info["max_input_channels"],
            n_outputs=info["max_output_channels"],
            sample_rate=info["default_samplerate"],
            is_default_input=i == default_input,
            is_default_output=i == default_output,
        )
        for i, info in enumerate(portaudio.query_devices())
    ]


def find_device(wanted: str | None, direction: str) -> Device:
    """Return the device of an index or part of a name; None is the default one. [main-thread]

    Parameters
    ----------
    wanted : str or None
        Index, name, or part of a name in any case.
    direction : str
        "input" or "output".

    Raises
    ------
    DeviceError
        If there is none, naming what is there.
    """
    usable = [d for d in list_devices() if (d.n_inputs if direction == "input" else d.n_outputs) > 0]
    if not usable:
        raise DeviceError(f"this machine has no {direction} device; plug one in, or use -i demo for the built-in clip")
    if wanted is None:
        default = [d for d in usable if (d.is_default_input if direction == "input" else d.is_default_output)]
        return (default or usable)[0]
    for test in (
        lambda d: str(d.index) == wanted,
        lambda d: d.name == wanted,
        lambda d: wanted.lower() in d.name.lower(),
    ):
        if found := [d for d in usable if test(d)]:
            return found[0]
    there = ", ".join(f"{d.index} {d.name!r}" for d in usable)
    raise DeviceError(f"there is no {direction} device {wanted!r}; there are: {there}")


class PortAudioStream:
    """A running stream whose callback is a C address: no Python on its thread.

    Parameters
    ----------
    callback, state : int
        Addresses of the PaStreamCallback and of what it is handed.
    input_device, output_device : Device or None
        None leaves that direction out.
    channels : tuple of int
        Input and output channels.
    sample_rate : float
        Hz.
    block : int
        Frames; 0 lets the device choose.

    Raises
    ------
    DeviceError
        If the device refuses, with PortAudio's reason.
    """

    def __init__(
        self,
        callback: int,
        state: int,
        input_device: Device | None,
        output_device: Device | None,
        channels: tuple[int, int],
        sample_rate: float,
        block: int,
    ) -> None:
        portaudio = _portaudio()
        kind, device, n_channels = _direction(input_device, output_device, channels)
        try:
            # sounddevice wraps Python callbacks; given a C one and wrap_callback=None it passes both addresses through.
            self._stream = portaudio._StreamBase(
                kind=kind,
                device=device,
                channels=n_channels,
                samplerate=sample_rate,
                blocksize=block,
                dtype="float32",
                latency="low",
                callback=portaudio._ffi.cast("PaStreamCallback*", callback),
                userdata=portaudio._ffi.cast("void*", state),
                wrap_callback=None,
            )
        except (portaudio.PortAudioError, ValueError) as error:
            names = " and ".join(repr(d.name) for d in (input_device, output_device) if d is not None)
            raise DeviceError(
                f"{names} cannot be opened at {sample_rate:g} Hz with blocks of {block or 'any'} frames ({error}); "
                "try another --rate or --block, or see what 'unfold devices' lists"
            ) from None

    def start(self) -> None:
        """Let blocks flow. [main-thread]

        Raises
        ------
        DeviceError
            If the device refuses.
        """
        try:
            self._stream.start()
        except _portaudio().PortAudioError as error:
            raise DeviceError(f"the device opened but does not start ({error}); see 'unfold doctor'") from None

    def stop(self, owner: Any = None) -> bool:
        """Play what is buffered, stop and close; return False if the device is dead. [main-thread]

        A sound server that was killed never answers, not even to a goodbye: then the stream is left behind, with
        `owner`, whose memory its callback uses, and PortAudio is not asked to clean up at exit.
        """
        closing = threading.Thread(target=self._close, name="closing the device", daemon=True)
        closing.start()
        closing.join(PATIENCE_S)
        if not closing.is_alive():
            return True
        _abandoned.append((self._stream, owner))
        atexit.unregister(_portaudio()._exit_handler)
        return False

    def _close(self) -> None:
        self._stream.stop()
        self._stream.close()

    @property
    def active(self) -> bool:
        """Return whether PortAudio still runs the stream. [main-thread]"""
        return bool(self._stream.active)

    @property
    def latency_s(self) -> float | None:
        """Return what the device reports as input plus output latency, in s. [main-thread]

        Often wrong, so measure; None where it cannot be true (`LONGEST_LATENCY_S`).
        """
        latency = self._stream.latency
        total = float(sum(latency)) if isinstance(latency, tuple) else float(latency)
        return total if 0 <= total < LONGEST_LATENCY_S else None


def _direction(source: Device | None, target: Device | None, channels: tuple[int, int]) -> tuple[str, Any, Any]:
    if source is not None and target is not None:
        return "duplex", (source.index, target.index), channels
    if source is not None:
        return "input", source.index, channels[0]
    if target is not None:
        return "output", target.index, channels[1]
    raise DeviceError("a stream needs an input or an output device; name one")
