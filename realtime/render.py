"""The same callback over a file: what is rendered is what is heard live, lined up with the input. Main thread."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from realtime.adapt import Adapter
from realtime.base.audiofile import KINDS, create_audio, open_audio, read_blocks
from realtime.base.errors import AudioFileError, PluginError
from realtime.base.wholefile import whole_file
from realtime.engine.callback import process_block
from realtime.engine.chain import Chain
from realtime.host import Host

BLOCK = 1 << 14


class Stream:
    """One channel through the engine, block by block, as fast as possible.

    A denoiser that learns its room is given its new bases here, before the next column: the same sound gives the same
    output, whatever its blocks.
    """

    def __init__(self, chain: Chain) -> None:
        self.host = Host(chain, timed=False)
        self._call = process_block.ctypes
        self._adapter = Adapter(self.host)

    def process(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the output of one block, delayed by the chain's latency. [main-thread]

        Parameters
        ----------
        x : float32[n]
            Samples of any number.
        """
        x = np.ascontiguousarray(x, np.float32)
        y = np.empty_like(x)
        hop = self._adapter.hop
        piece = max(1, len(x)) if hop is None else hop
        source, target, state = x.ctypes.data, y.ctypes.data, self.host.state.address
        for i in range(0, len(x), piece):
            self._call(source + 4 * i, target + 4 * i, min(piece, len(x) - i), None, 0, state)
            if hop is not None:
                self._adapter.step()
        return y


def render(x: NDArray[np.float32], chain: Chain) -> NDArray[np.float32]:
    """Return a signal enhanced, as long as the input and lined up with it. [main-thread]

    Parameters
    ----------
    x : float32[n]
        One channel at the chain's rate.
    """
    stream = Stream(chain)
    padded = np.concatenate([np.asarray(x, np.float32), np.zeros(chain.latency, np.float32)])
    blocks = [stream.process(padded[i : i + BLOCK]) for i in range(0, len(padded), BLOCK)]
    return np.concatenate([*blocks, np.zeros(0, np.float32)])[chain.latency :]


def _kind(target: Path) -> str:
    kind = {"AIF": "AIFF"}.get(name := target.suffix[1:].upper(), name)
    if kind not in KINDS:
        raise AudioFileError(f"{target} names no audio format that can be written; end it in .wav or .flac")
    return kind


def _subtype(kind: str, found: str) -> str | None:
    """Return how samples are stored: as in the source where that is exact and the target can do it."""
    exact = found.startswith("PCM_") or found in ("FLOAT", "DOUBLE")
    return found if exact and soundfile.check_format(kind, found) else None


def render_file(
    source: Path, target: Path, make_chain: Callable[[float], Chain], report: Callable[[float], None] | None = None
) -> None:
    """Enhance every channel of a file in constant memory; the target appears once it is whole. [main-thread]

    Parameters
    ----------
    source, target : Path
        Any format soundfile reads; the target's suffix names its format.
    make_chain : callable
        Makes a chain for a sample rate; called once per channel.
    report : callable or None
        Called with the share done, 0 to 1.

    Raises
    ------
    AudioFileError
        If the source cannot be read to its end or the target cannot be written.
    PluginError
        If a plugin failed, so that the target would hold the input itself.
    """
    target = target.resolve()
    kind = _kind(target)
    with open_audio(source) as file:
        if not target.parent.is_dir() or (target.exists() and not target.is_file()):
            raise AudioFileError(f"{target} is not a file in a folder that is there; name another output")
        if file.frames == 0 and kind in ("FLAC", "MP3"):  # libsndfile writes no header before the first sample
            raise AudioFileError(f"{source} is empty, and no {kind} file can be; name a .wav file")
        streams = [Stream(make_chain(float(file.samplerate))) for _ in range(file.channels)]
        subtype = _subtype(kind, file.subtype)
        try:
            with whole_file(target) as unfinished:
                form = file.samplerate, file.channels, kind, subtype, file.frames
                with create_audio(unfinished, *form, named=target) as out:
                    _render_into(out, file, streams, report)
                _check_plugins(source, streams)
        except (soundfile.LibsndfileError, OSError) as error:
            reason = (error.strerror or error) if isinstance(error, OSError) else error
            raise AudioFileError(f"{target} cannot be written ({reason}); free some space or name another") from None


def _check_plugins(source: Path, streams: list[Stream]) -> None:
    n_failed = sum(int(stream.host.state["failed_blocks"]) for stream in streams)
    if n_failed:
        raise PluginError(
            f"{source} was not cleaned: a plugin failed, or gave no numbers, in {n_failed} blocks of it; "
            "choose another preset"
        )


def _render_into(out: Any, file: Any, streams: list[Stream], report: Callable[[float], None] | None) -> None:
    latency = streams[0].host.chain.latency
    skip, done = latency, 0
    for block in itertools.chain(read_blocks(file, BLOCK), [np.zeros((latency, file.channels), np.float32)]):
        columns = [stream.process(block[:, c]) for c, stream in enumerate(streams)]
        out.write(np.stack(columns, axis=1)[skip:])
        skip = max(0, skip - len(block))
        done += len(block)
        if report is not None:
            report(min(1.0, done / max(1, file.frames)))
