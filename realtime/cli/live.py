"""``unfold live``: open a source and a device, run the engine, show it in the terminal. Main thread."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import soundfile

from realtime.adapt import Adapter
from realtime.base.errors import AudioFileError, DeviceError, PluginError, UnfoldError
from realtime.cli.view import JsonLines, View
from realtime.devices.filesource import FileSource
from realtime.devices.portaudio import STALL_S, PortAudioStream, find_device
from realtime.devices.virtual import VirtualStream
from realtime.engine.preset import BUILT_IN, Preset, load_preset
from realtime.engine.state import MIX
from realtime.host import Host
from realtime.recorder import Recorder

DEMO = BUILT_IN / "demo.flac"
TICK_S = 0.1
MOST_DIGITS = 4  # of a channel's number
CHANNELS = {"mix": None, "left": 0, "right": 1}


@dataclass(frozen=True)
class Session:
    """What the user asked for; None leaves a choice to the device or preset.

    `measure_latency` plays a quiet burst of noise half a second after the start and looks for it in the input;
    `keep_room` names a preset to write in the end, with the room that was learned.
    """

    source: str | None = None
    target: str | None = None
    preset: str = "default"
    layers: int | None = None
    amount_db: float | None = None
    adapt: int | None = None
    block: int = 0
    rate: float | None = None
    latency_ms: int = 32
    seconds: float | None = None
    record: Path | None = None
    channel: str = "mix"
    measure_latency: bool = False
    keep_room: str | None = None


def _channel(name: str) -> int | None:
    if name in CHANNELS:
        return CHANNELS[name]
    if name.isascii() and name.isdigit() and len(name) <= MOST_DIGITS and int(name) >= 1:
        return int(name) - 1
    raise DeviceError(f"there is no channel {name!r}; mix, left, right or a number from 1 are possible")


def _file(source: str | None) -> Path | None:
    """Return the file that is meant, or None where a device is."""
    path = DEMO if source == "demo" else Path(source or "")
    if path.is_file():
        return path
    if path.suffix[1:].upper() in soundfile.available_formats():
        raise AudioFileError(f"there is no file {path}; give the path of an audio file, a device, or 'demo'")
    return None


class Live:
    """A host with its stream, its file source if it has one, and its recorder if asked for."""

    def __init__(self, session: Session) -> None:
        self.file: FileSource | None = None
        self.recorder: Recorder | None = None
        self.stream: PortAudioStream | VirtualStream
        preset, channel, path = load_preset(session.preset), _channel(session.channel), _file(session.source)
        if path is not None:
            self._open_file(path, channel, session, preset)
        else:
            self._open_devices(channel, session, preset)
        self.adapter = Adapter(self.host)
        latency = self.stream.latency_s
        self.host.device_reported_ms = None if latency is None else 1000 * latency
        if session.measure_latency:
            self.host.measure_latency()
        if session.record is not None:  # last: what is refused leaves no empty take
            self.recorder = Recorder(self.host.wave, session.record, self.host.sample_rate)
            self.host.record(True)

    def _open_file(self, path: Path, channel: int | None, session: Session, preset: Preset) -> None:
        target = None if session.target is None else find_device(session.target, "output")
        self.file = FileSource(path, channel)
        rate = self.file.sample_rate
        if session.rate not in (None, rate):
            raise DeviceError(f"{path} has {rate:g} Hz and cannot be played at {session.rate:g} Hz; leave out --rate")
        chain = preset.chain(rate, session.latency_ms, session.layers, session.amount_db, session.adapt)
        self.file.tail = chain.latency
        self.host = Host(chain, source=self.file.ring, n_outputs=target.n_played if target else 1)
        callback, state = self.host.callback, self.host.state.address
        if target is None:
            self.stream = VirtualStream(callback, state, self.file.ring, rate, session.block or 480)
        else:
            channels = (0, target.n_played)
            self.stream = PortAudioStream(callback, state, None, target, channels, rate, session.block)

    def _open_devices(self, channel: int | None, session: Session, preset: Preset) -> None:
        source, target = find_device(session.source, "input"), find_device(session.target, "output")
        rate = source.sample_rate if session.rate is None else session.rate
        # A microphone has one channel or two; of an interface with more, as many as reach to the one picked.
        channels = (min(source.n_inputs, max(2, (channel or 0) + 1)), target.n_played)
        chain = preset.chain(rate, session.latency_ms, session.layers, session.amount_db, session.adapt)
        self.host = Host(chain, n_inputs=channels[0], n_outputs=channels[1], pick=MIX if channel is None else channel)
        callback, state = self.host.callback, self.host.state.address
        self.stream = PortAudioStream(callback, state, source, target, channels, rate, session.block)

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
    AudioFileError
        If a file cannot be read to its end, or the recording cannot be written.
    PluginError
        If a plugin failed.
    """
    keeper = None
    if session.keep_room is not None:
        from realtime.cli.learn import RoomKeeper

        keeper = RoomKeeper(session.preset, session.keep_room)
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
    if session.measure_latency and (running.host.is_measuring or running.host.measure_problem):
        reason = running.host.measure_problem or "the latency was not measured: that takes two seconds of sound"
        print(reason, file=sys.stderr)
    if running.recorder is not None and not as_json:
        print(f"recorded {running.recorder.dry} and {running.recorder.wet}")
    problem = _problem(running, lost)
    if keeper is not None:
        try:
            keeper.keep(running.host.chain, running.adapter)
        except UnfoldError as error:
            if problem is None:
                raise
            print(error, file=sys.stderr)  # what stopped the sound is the reason to end with
    if problem is not None:
        raise problem
    return running


def _problem(running: Live, lost: bool) -> UnfoldError | None:
    """Return what went wrong, if anything did."""
    if running.recorder is not None and running.recorder.problem:
        return AudioFileError(running.recorder.problem)
    if running.file is not None and running.file.problem:
        return AudioFileError(running.file.problem)
    if lost:
        return DeviceError("the device stopped; it was unplugged or its server ended: see 'unfold devices'")
    n_failed = running.host.status().failed_blocks
    if n_failed:
        return PluginError(
            f"a plugin failed, or gave no numbers, in {n_failed} blocks: there the input itself was heard; "
            "choose another preset"
        )
    return None


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
