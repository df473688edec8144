"""Speech and noise to train on: a folder with a manifest, or any folders of audio, split by speaker and by recording.

With a manifest, ``DIR/manifest.csv`` has a row for every file: ``file`` (path in DIR, under ``clean/``, ``noise/`` or
``rir/``) and ``speaker_or_kind``; it may have ``source_repo`` and ``licence``, which cards then name. Without a
manifest, every audio file under a folder counts; the speaker is the name of the sub-folder at the top under which a
file lies, however deep, or, for files at the top, the file's own name. Files that cannot be used are named and skipped.
"""

import csv
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import gcd
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from realtime.base.errors import AudioFileError

RATE = 16000
DEVELOPMENT_SHARE = 0.15
HELD_OUT = 0  # seed of the split
MANIFEST_WANTED = "it needs columns file and speaker_or_kind"
OPTIONAL = ("source_repo", "licence")  # columns of a manifest
FRAME = 512  # samples of 32 ms, in which speech is active or not
HEADERLESS = {".raw"}
SUFFIXES = {f".{name.lower()}" for name in soundfile.available_formats()} - HEADERLESS | {".oga", ".opus", ".aif"}
PARTS = ("clean", "noise", "rir")  # folders of a manifest


@dataclass(frozen=True)
class Recording:
    """One file: its path, the speaker or kind of noise on it, and where it comes from under which licence, if told."""

    path: Path
    label: str
    source: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Corpus:
    """Speech and noise, for training and, disjoint from it, for development; and impulse responses of rooms."""

    speech: tuple[Recording, ...]
    noise: tuple[Recording, ...]
    development_speech: tuple[Recording, ...]
    development_noise: tuple[Recording, ...]
    rooms: tuple[Recording, ...] = ()
    name: str = ""

    def without(self, words: Sequence[str]) -> "Corpus":
        """Return the corpus, but to train on nothing whose licence holds one of these words; what scores stays."""

        def kept(recordings: Sequence[Recording]) -> tuple[Recording, ...]:
            return tuple(r for r in recordings if not any(word.lower() in r.licence.lower() for word in words))

        left = replace(self, speech=kept(self.speech), noise=kept(self.noise), rooms=kept(self.rooms))
        if not left.speech or not left.noise:
            raise AudioFileError(f"without {', '.join(words)} there is nothing to train on in {self.name}")
        return left


def read_corpus(folder: Path) -> Corpus:
    """Return the corpus of a folder with a manifest.

    Raises
    ------
    AudioFileError
        If there is no manifest, or too little in it.
    """
    manifest = folder / "manifest.csv"
    try:
        with manifest.open(newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise AudioFileError(f"{manifest} cannot be read ({error}); {MANIFEST_WANTED}") from None
    found: dict[str, list[Recording]] = {part: [] for part in PARTS}
    for number, row in enumerate(rows, start=1):
        file, label = row.get("file"), row.get("speaker_or_kind")
        if not file or not label:
            raise AudioFileError(f"{manifest} cannot be read: row {number} lacks a value; {MANIFEST_WANTED}")
        part = Path(file).parts[0]
        if part in found:
            found[part].append(Recording(folder / file, label, *(row.get(key) or "" for key in OPTIONAL)))
        else:
            print(f"skipped {file}: it lies under none of {', '.join(PARTS)}", file=sys.stderr)
    return split(*found.values(), str(manifest))


def read_folders(clean: Path, noise: Path, rooms: Path | None) -> Corpus:
    """Return the corpus of any folders of audio.

    Raises
    ------
    AudioFileError
        If a folder is missing, holds no audio, or holds too little to split.
    """
    found = [_audio_files(folder) for folder in (clean, noise, rooms) if folder is not None]
    return split(found[0], found[1], found[2] if rooms else [], f"{clean} and {noise}")


def split(speech: Sequence[Recording], noise: Sequence[Recording], rooms: Sequence[Recording], name: str) -> Corpus:
    """Hold a seventh of the speakers and of the noise recordings back for development, whatever the seed of a run.

    A model trained with another seed would else be scored on what it has heard.
    """
    speakers, recordings = sorted({f.label for f in speech}), sorted(str(f.path) for f in noise)
    if len(speakers) < 2 or len(recordings) < 2:
        raise AudioFileError(
            f"{name} hold {len(speakers)} speakers and {len(recordings)} noise recordings; at least 2 of each are "
            "needed, to train on one and to score on another"
        )
    rng = np.random.default_rng(HELD_OUT)
    held_speakers = set(rng.choice(speakers, max(1, round(DEVELOPMENT_SHARE * len(speakers))), replace=False))
    held_noise = set(rng.choice(recordings, max(1, round(DEVELOPMENT_SHARE * len(recordings))), replace=False))
    return Corpus(
        tuple(f for f in speech if f.label not in held_speakers),
        tuple(f for f in noise if str(f.path) not in held_noise),
        tuple(f for f in speech if f.label in held_speakers),
        tuple(f for f in noise if str(f.path) in held_noise),
        tuple(rooms),
        name,
    )


def credit(recordings: Sequence[Recording]) -> list[tuple[str, str, int]]:
    """Return (source, licence, number of recordings), the most first."""
    counts = Counter((r.source or "not said", r.licence or "not said") for r in recordings)
    return [(*origin, n) for origin, n in counts.most_common()]


def read_audio(recording: Recording) -> NDArray[np.float32] | None:
    """Return a file's samples at 16 kHz, mono; None, and a line on stderr, if it cannot be used."""
    try:
        samples, rate = soundfile.read(recording.path, dtype="float32", always_2d=True)
        mono = samples.mean(axis=1)
        if not len(mono) or not np.isfinite(mono).all():
            raise ValueError("it is empty or holds values that are no numbers")
        if rate < RATE:
            raise ValueError(f"its rate is {rate} Hz; {RATE} Hz or more are wanted, for the upper bands")
        if not mono.any():
            raise ValueError("it is silent")
    except (soundfile.LibsndfileError, OSError, ValueError) as error:
        print(f"skipped {recording.path}: {error}", file=sys.stderr)
        return None
    common = gcd(rate, RATE)
    return resample_poly(mono, RATE // common, rate // common).astype(np.float32)


def active_level(x: NDArray[np.float32]) -> float:
    """Return the RMS of the 32 ms frames within 40 dB of the loudest."""
    frames = x[: len(x) // FRAME * FRAME].reshape(-1, FRAME)
    energy = (frames.astype(float) ** 2).mean(axis=1) if len(frames) else np.array([float((x**2).mean())])
    return float(np.sqrt(energy[energy >= 1e-4 * energy.max()].mean()))


def mix(speech: NDArray[np.float32], noise: NDArray[np.float32], snr_db: float) -> NDArray[np.float32]:
    """Return speech plus the noise, looped or cut to its length, at an SNR by active speech level."""
    noise = np.resize(noise, len(speech))
    level = float(np.sqrt((noise.astype(float) ** 2).mean())) + 1e-12
    return (speech + noise * (active_level(speech) / level * 10 ** (-snr_db / 20))).astype(np.float32)


def _audio_files(folder: Path) -> list[Recording]:
    if not folder.is_dir():
        raise AudioFileError(f"{folder} is no folder; give one that holds audio files")
    files = sorted(f for f in folder.rglob("*") if f.is_file() and f.suffix.lower() in SUFFIXES)
    if not files:
        raise AudioFileError(f"{folder} holds no audio file; give a folder with WAV, FLAC, OGG or MP3 files")
    return [Recording(f, f.stem if f.parent == folder else f.relative_to(folder).parts[0]) for f in files]
