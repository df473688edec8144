"""Speech and noise to train on: a folder with a manifest, split by speaker and by noise recording.

``DIR/manifest.csv`` has a row for every file: ``file`` (path in DIR, under ``clean/`` or ``noise/``),
``speaker_or_kind``; ``source_repo`` and ``licence``, where they are there, go into the cards of the models. Files that
cannot be read are named and skipped.
"""

import csv
import sys
from collections import Counter
from dataclasses import dataclass
from math import gcd
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from realtime.base.errors import AudioFileError

RATE = 16000
DEVELOPMENT_SHARE = 0.15


@dataclass(frozen=True)
class Recording:
    """One file: its path, the speaker or kind of noise on it, where it is from and under which licence."""

    path: Path
    label: str
    source: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Corpus:
    """Speech and noise, for training and, disjoint from it, for development."""

    speech: tuple[Recording, ...]
    noise: tuple[Recording, ...]
    development_speech: tuple[Recording, ...]
    development_noise: tuple[Recording, ...]


def read_corpus(folder: Path, seed: int) -> Corpus:
    """Split a folder: speech by speaker, noise by recording, a seventh of each for development.

    Raises
    ------
    AudioFileError
        If there is no manifest, or too little in it to hold a speaker and a noise recording back.
    """
    manifest = folder / "manifest.csv"
    try:
        with manifest.open(newline="") as lines:
            rows = list(csv.DictReader(lines))
        files = [
            Recording(folder / row["file"], row["speaker_or_kind"], row.get("source_repo", ""), row.get("licence", ""))
            for row in rows
        ]
    except (OSError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise AudioFileError(
            f"{manifest} cannot be read ({error!r}); it needs columns file and speaker_or_kind"
        ) from None
    speech = [f for f in files if f.path.parent.name == "clean"]
    noise = [f for f in files if f.path.parent.name == "noise"]
    speakers, recordings = sorted({f.label for f in speech}), sorted(str(f.path) for f in noise)
    if len(speakers) < 2 or len(recordings) < 2:
        raise AudioFileError(
            f"{manifest} lists {len(speakers)} speaker(s) in clean/ and {len(recordings)} recording(s) in noise/; "
            "two of each are needed, for one is held back to score with"
        )
    rng = np.random.default_rng(seed)
    held_speakers = set(rng.choice(speakers, max(1, round(DEVELOPMENT_SHARE * len(speakers))), replace=False))
    held_noise = set(rng.choice(recordings, max(1, round(DEVELOPMENT_SHARE * len(recordings))), replace=False))
    return Corpus(
        tuple(f for f in speech if f.label not in held_speakers),
        tuple(f for f in noise if str(f.path) not in held_noise),
        tuple(f for f in speech if f.label in held_speakers),
        tuple(f for f in noise if str(f.path) in held_noise),
    )


def credit(recordings: tuple[Recording, ...]) -> list[tuple[str, str, int]]:
    """Return (source, licence, number of recordings), the most first."""
    counts = Counter((r.source or "not said", r.licence or "not said") for r in recordings)
    return [(*origin, n) for origin, n in counts.most_common()]


def read_audio(recording: Recording) -> NDArray[np.float32] | None:
    """Return a file's samples at 16 kHz, mono; None, and a line on stderr, if it cannot be read."""
    try:
        samples, rate = soundfile.read(recording.path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        print(f"skipped {recording.path}: {error}", file=sys.stderr)
        return None
    mono = samples.mean(axis=1)
    if not len(mono) or not np.isfinite(mono).all():
        print(f"skipped {recording.path}: it is empty or holds values that are no numbers", file=sys.stderr)
        return None
    common = gcd(rate, RATE)
    return resample_poly(mono, RATE // common, rate // common).astype(np.float32)


def active_level(x: NDArray[np.float32]) -> float:
    """Return the RMS of the 32 ms frames within 40 dB of the loudest."""
    frames = x[: len(x) // 512 * 512].reshape(-1, 512)
    energy = (frames.astype(float) ** 2).mean(axis=1) if len(frames) else np.array([float((x**2).mean())])
    return float(np.sqrt(energy[energy >= 1e-4 * energy.max()].mean()))


def mix(speech: NDArray[np.float32], noise: NDArray[np.float32], snr_db: float) -> NDArray[np.float32]:
    """Return speech plus the noise, looped or cut to its length, at an SNR by active speech level."""
    noise = np.resize(noise, len(speech))
    level = float(np.sqrt((noise.astype(float) ** 2).mean())) + 1e-12
    return (speech + noise * (active_level(speech) / level * 10 ** (-snr_db / 20))).astype(np.float32)
