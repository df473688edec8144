"""The same callback over a file: what is rendered is what is heard live, lined up with the input. Main thread."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from realtime.base.errors import AudioFileError
from realtime.engine.callback import process_block
from realtime.engine.chain import Chain
from realtime.host import Host

BLOCK = 1 << 14


class Stream:
    """One channel through the engine, block by block, as fast as possible."""

    def __init__(self, chain: Chain) -> None:
        self.host = Host(chain, timed=False)
        self._call = process_block.ctypes

    def process(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the output of one block, delayed by the chain's latency. [main-thread]

        Parameters
        ----------
        x : float32[n]
            Samples of any number.
        """
        x = np.ascontiguousarray(x, np.float32)
        y = np.empty_like(x)
        if len(x):
            self._call(x.ctypes.data, y.ctypes.data, len(x), None, 0, self.host.state.address)
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


def _blocks(file: soundfile.SoundFile, tail: int) -> Iterator[NDArray[np.float32]]:
    while len(block := file.read(BLOCK, dtype="float32", always_2d=True)):
        yield block
    yield np.zeros((tail, file.channels), np.float32)


def render_file(
    source: Path, target: Path, make_chain: Callable[[float], Chain], report: Callable[[float], None] | None = None
) -> None:
    """Enhance every channel of a file in constant memory. [main-thread]

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
        If the source cannot be read or the target cannot be written.
    """
    try:
        file = soundfile.SoundFile(source)
    except (soundfile.LibsndfileError, OSError) as error:
        raise AudioFileError(f"{source} cannot be read as audio ({error}); give a WAV, FLAC, OGG or MP3 file") from None
    with file:
        streams = [Stream(make_chain(float(file.samplerate))) for _ in range(file.channels)]
        latency = streams[0].host.chain.latency
        try:
            subtype = file.subtype if soundfile.check_format(target.suffix[1:].upper(), file.subtype) else None
            out = soundfile.SoundFile(target, "w", file.samplerate, file.channels, subtype)
        except (soundfile.LibsndfileError, OSError, ValueError, TypeError) as error:
            raise AudioFileError(f"{target} cannot be written ({error}); name a .wav or .flac file") from None
        with out:
            skip, done = latency, 0
            for block in _blocks(file, latency):
                columns = [stream.process(block[:, c]) for c, stream in enumerate(streams)]
                out.write(np.stack(columns, axis=1)[skip:])
                skip = max(0, skip - len(block))
                done += len(block)
                if report is not None:
                    report(min(1.0, done / max(1, file.frames)))
