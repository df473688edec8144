"""``unfold live``: open a source and a device, run the engine, show it in the terminal. Main thread."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from realtime.adapt import Adapter
from realtime.base.errors import DeviceError
from realtime.cli.view import JsonLines, View
from realtime.devices.filesource import FileSource
from realtime.devices.portaudio import PortAudioStream, find_device
from realtime.devices.virtual import VirtualStream
from realtime.engine.callback import MIX
from realtime.engine.preset import BUILT_IN, load_preset
from realtime.host import Host
from realtime.recorder import Recorder

DEMO = BUILT_IN / "demo.flac"
TICK_S = 0.1
STALL_S = 3.0
CHANNELS = {"mix": None, "left": 0, "right": 1}


@dataclass(frozen=True)
class Session:
    """What the user asked for; None leaves a choice to the device or preset."""

    source: str | None = None
    target: str | None = None
    preset: str = "default"
    layers: int | None = None
    amount_db: float | None = None
    block: int = 0
    rate: float | None = None
    latency_ms: int = 32
    seconds: float | None = None
    record: Path | None = None
    channel: str = "mix"


def _channel(name: str) -> int | None:
    if name in CHANNELS:
        return CHANNELS[name]
    if name.isdigit() and int(name) >= 1:
        return int(name) - 1
    raise DeviceError(f"there is no channel {name!r}; mix, left, right or a number from 1 are possible")


class Live:
    """A host with its stream, its file source if it has one, and its recorder if asked for."""

    def __init__(self, session: Session) -> None:
        preset = load_preset(session.preset)
        channel = _channel(session.channel)
        path = DEMO if session.source == "demo" else Path(session.source or "")
        self.file: FileSource | None = None
        self.recorder: Recorder | None = None
        self.stream: PortAudioStream | VirtualStream
        settings = (session.latency_ms, session.layers, session.amount_db)
        if session.source is not None and path.is_file():
            target = None if session.target is None else find_device(session.target, "output")
            self.file = FileSource(path, channel)
            chain = preset.chain(self.file.sample_rate, *settings)
            self.file.tail = chain.latency
            self.host = Host(chain, source=self.file.ring, n_outputs=min(2, target.n_outputs) if target else 1)
            address, rate = self.host.state.address, self.file.sample_rate
            if target is None:
                self.stream = VirtualStream(self.host.callback, address, self.file.ring, rate, session.block or 480)
            else:
                channels = (0, min(2, target.n_outputs))
                self.stream = PortAudioStream(self.host.callback, address, None, target, channels, rate, session.block)
        else:
            source, target = find_device(session.source, "input"), find_device(session.target, "output")
            rate = session.rate or source.sample_rate
            channels = (min(2, source.n_inputs), min(2, target.n_outputs))
            chain = preset.chain(rate, *settings)
            self.host = Host(
                chain, n_inputs=channels[0], n_outputs=channels[1], pick=MIX if channel is None else channel
            )
            address = self.host.state.address
            self.stream = PortAudioStream(self.host.callback, address, source, target, channels, rate, session.block)
        self.adapter = Adapter(lambda: self.host.chain)
        latency = self.stream.latency_s
        self.host.device_reported_ms = None if latency is None else 1000 * latency
        if session.record is not None:
            self.recorder = Recorder(self.host.wave, session.record, self.host.sample_rate)
            self.host.record(True)

    def start(self) -> None:
        """Let sound flow. [main-thread]"""
        if self.file is not None:
            self.file.start(self.stream.end if isinstance(self.stream, VirtualStream) else lambda: None)
        self.adapter.start()
        self.stream.start()

    @property
    def finished(self) -> bool:
        """Return whether the file is over; a device never is. [main-thread]"""
        return self.file is not None and self.file.drained

    def stop(self) -> bool:
        """Stop the sound, then write what the recorder still holds; False if the device is dead. [main-thread]"""
        alive = self.stream.stop(owner=self.host)
        self.adapter.stop()
        if self.file is not None:
            self.file.stop()
        if self.recorder is not None:
            self.recorder.stop()
        return alive


def _watch(running: Live, seconds: float | None, show: Callable[[], None]) -> bool:
    """Show the run until it ends; return True if it ended because the device was lost."""
    began = changed = time.monotonic()
    blocks = -1
    while seconds is None or time.monotonic() - began < seconds:
        time.sleep(TICK_S)
        if running.finished:
            return False
        if running.host.blocks != blocks:
            blocks, changed = running.host.blocks, time.monotonic()
        if not running.stream.active or time.monotonic() - changed > STALL_S:
            return True
        show()
    return False


def run_live(session: Session, as_json: bool = False) -> Live:
    """Run until the source ends, the time is up or Ctrl-C; return what ran. [main-thread]

    Raises
    ------
    DeviceError
        If a device is missing, refuses, or stops.
    """
    running = Live(session)
    view = JsonLines(running.recorder) if as_json else View(sys.stderr)
    lost = False
    try:
        running.start()
        lost = _watch(running, session.seconds, lambda: view.show(running.host.status))
    except KeyboardInterrupt:
        pass
    finally:
        lost = not running.stop() or lost
    view.close(running.host.status())
    if running.recorder is not None:
        if running.recorder.problem:
            raise DeviceError(running.recorder.problem)
        if not as_json:
            print(f"recorded {running.recorder.dry} and {running.recorder.wet}")
    if lost:
        raise DeviceError("the device stopped; it was unplugged or its server ended: see 'unfold devices'")
    return running


def run_main_job() -> None:
    """Clean the default microphone, or where there is none the built-in clip, and leave files. [main-thread]"""
    try:
        find_device(None, "input"), find_device(None, "output")
    except DeviceError as error:
        print(f"{error}\nPlaying the built-in clip through the engine instead, in real time.")
    else:
        run_live(Session())
        return
    running = run_live(Session(source="demo", record=Path("takes")))
    assert running.recorder is not None
    from realtime.cli.picture import save_spectrograms

    picture = save_spectrograms(running.recorder.dry, running.recorder.wet)
    print(f"before:  {running.recorder.dry}\nafter:   {running.recorder.wet}\npicture: {picture}")
