"""Audio files, opened so that whatever can go wrong is one sentence, and written so that a take that is cut off still
opens. All formats of soundfile. Main and worker threads.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from realtime.base.errors import AudioFileError
from realtime.base.units import LARGEST_SAMPLE, RATES

KINDS = ("WAV", "WAVEX", "FLAC", "AIFF", "OGG", "MP3", "W64", "CAF", "AU", "RF64")
"""Formats to write: the others of libsndfile keep no exact rate, take one channel, or are read by nothing else."""


# Commands of sndfile.h that soundfile has no call for.
_UPDATE_HEADER_NOW = 0x1060
_RF64_AUTO_DOWNGRADE = 0x1210
_WAV_LIMIT = 0xFFFF_0000  # bytes: a WAV header counts them in 32 bits
_LARGEST_SAMPLE = 8  # bytes, of float64
_SYSTEM = 2  # libsndfile's number for what the system refused
_UNKNOWN = 1 << 62  # frames: libsndfile gives 2^63 - 1 for a FLAC written into a pipe, and then fails at its end

# STREAMINFO of a FLAC file: the largest block at byte 10, the number of samples in the last 36 bits of bytes 21 to 25.
_FLAC_BLOCK, _FLAC_SAMPLES, _FLAC_SAMPLE_BITS = slice(10, 12), slice(21, 26), (1 << 36) - 1


def open_audio(path: Path) -> Any:
    """Return an audio file opened for reading. [thread-safe]

    Parameters
    ----------
    path : Path
        Anything soundfile reads.

    Returns
    -------
    soundfile.SoundFile

    Raises
    ------
    AudioFileError
        If there is none, or it is no audio.
    """
    try:
        if not path.is_file():
            raise AudioFileError(f"there is no file {path}; give a WAV, FLAC, OGG or MP3 file")
        file = soundfile.SoundFile(path)
    except (soundfile.LibsndfileError, OSError, TypeError, ValueError) as error:
        raise AudioFileError(f"{path} cannot be read as audio ({error}); give a WAV, FLAC, OGG or MP3 file") from None
    if file.frames >= _UNKNOWN:
        file.close()
        raise AudioFileError(f"{path} does not say how long it is and cannot be read so; convert it to WAV first")
    if not RATES[0] <= file.samplerate <= RATES[1]:
        file.close()
        raise AudioFileError(
            f"{path} has a sample rate of {file.samplerate} Hz; {RATES[0]} to {RATES[1]} are possible: convert it first"
        )
    return file


def read_blocks(file: Any, n_frames: int) -> Iterator[NDArray[np.float32]]:
    """Yield every frame of a file, float32[up to n_frames, channels], or say what is wrong with it. [thread-safe]

    Parameters
    ----------
    file : soundfile.SoundFile
        Open for reading, at its start.
    n_frames : int
        Frames of a block.

    Raises
    ------
    AudioFileError
        If it is damaged, cut short, or holds what is no sound; all before that has been given.
    """
    done, path = 0, Path(file.name)
    try:
        while len(block := file.read(n_frames, dtype="float32", always_2d=True)):
            if not (np.abs(block) <= LARGEST_SAMPLE).all():
                raise AudioFileError(
                    f"{path} holds samples that are no numbers, or beyond +120 dBFS, after "
                    f"{done / file.samplerate:.1f} s; export it anew"
                )
            done += len(block)
            yield block
    except soundfile.LibsndfileError as error:
        raise AudioFileError(f"{path} is damaged after {done} frames ({error}); copy it anew") from None
    if done < file.frames and file.format != "MP3":  # whose length may be a guess
        raise AudioFileError(f"{path} is cut short: {done} of {file.frames} frames are there; copy it anew")


def create_audio(
    path: Path,
    sample_rate: int,
    n_channels: int,
    kind: str,
    subtype: str | None = None,
    n_frames: int | None = None,
    named: Path | None = None,
) -> Any:
    """Return a new audio file; a WAV that may pass 4 GB turns itself into RF64 when it does. [thread-safe]

    Parameters
    ----------
    path : Path
        Replaced if it is there.
    sample_rate, n_channels : int
        Hz; channels.
    kind : str
        A format of soundfile: "WAV", "FLAC", ...
    subtype : str or None
        How samples are stored; None is the format's default.
    n_frames : int or None
        How long it will be; None if that is not known.
    named : Path or None
        What the file will be called in the end; None if that is its path.

    Returns
    -------
    soundfile.SoundFile

    Raises
    ------
    AudioFileError
        If it cannot be written, or not in that format.
    """
    may_pass = n_frames is None or n_frames * n_channels * _LARGEST_SAMPLE > _WAV_LIMIT
    rf64 = kind == "WAV" and may_pass
    try:
        file = soundfile.SoundFile(path, "w", sample_rate, n_channels, subtype, format="RF64" if rf64 else kind)
    except (soundfile.LibsndfileError, OSError, ValueError, TypeError) as error:
        wanted, code = named or path, getattr(error, "code", None)
        if isinstance(error, OSError) or code == _SYSTEM:
            raise AudioFileError(f"{wanted} cannot be written ({error}); name a folder you can write in") from None
        reason = getattr(error, "error_string", str(error))  # without the path that it was opened by
        raise AudioFileError(
            f"{wanted} cannot be written: {kind} cannot hold {n_channels} channel(s) at {sample_rate} Hz "
            f"({reason.rstrip('.')}); use .wav"
        ) from None
    if rf64:
        soundfile._snd.sf_command(file._file, _RF64_AUTO_DOWNGRADE, soundfile._ffi.NULL, 1)
    return file


def renew_header(file: Any) -> None:
    """Make a file that is being written readable up to here, should it never be closed. [worker-thread]

    Parameters
    ----------
    file : soundfile.SoundFile
        WAV, or FLAC, whose last block of 4096 samples is not complete and does not count yet.

    Raises
    ------
    OSError, soundfile.LibsndfileError
        If the disk does not take it.
    """
    soundfile._snd.sf_command(file._file, _UPDATE_HEADER_NOW, soundfile._ffi.NULL, 0)
    file.flush()
    if file.format != "FLAC" or file.frames == 0:
        return
    # libFLAC writes the number of samples only when it closes a file, and without it no sample can be read.
    with open(file.name, "r+b", buffering=0) as raw:
        header = raw.read(_FLAC_SAMPLES.stop)
        block = int.from_bytes(header[_FLAC_BLOCK], "big")
        # A block is written when the first sample after it has come.
        n_samples = max(0, file.frames - 1) // block * block
        word = int.from_bytes(header[_FLAC_SAMPLES], "big") & ~_FLAC_SAMPLE_BITS | n_samples
        raw.seek(_FLAC_SAMPLES.start)
        raw.write(word.to_bytes(_FLAC_SAMPLES.stop - _FLAC_SAMPLES.start, "big"))
