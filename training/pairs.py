"""What systems are scored on: development mixtures of a corpus, or a folder of clean and noisy files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime.base.errors import AudioFileError
from training.data import RATE, Corpus, Recording, active_level, mix, read_audio

Floats = NDArray[np.float32]

SNRS_DB = (-5, 0, 5, 10, 15)
MAX_S = 6
LEAD_S = 10
MAX_TRIES = 50


@dataclass(frozen=True)
class Pair:
    """Clean speech and its noisy mixture, 16 kHz, and what was heard before: the same noise with other people.

    ``group`` is the input SNR in dB or "" where it is not known, ``noise`` the noise's name.
    """

    group: str
    noise: str
    clean: Floats
    noisy: Floats
    lead: Floats


def development_pairs(corpus: Corpus, seed: int, n: int) -> list[Pair]:
    """Return n mixtures of development speakers and noises, the same for the same seed.

    Each comes with a lead of `LEAD_S` seconds: other development speakers in the same noise, which a system that
    listens may learn from, and which is not scored.

    Parameters
    ----------
    corpus : Corpus
        Only its development recordings are used.
    seed : int
        Any.
    n : int
        Pairs; SNRs take turns.
    """
    rng, lead_rng = np.random.default_rng(seed + 1000), np.random.default_rng(seed + 2000)
    made: list[Pair] = []
    while len(made) < n:
        speaker, speech = pick(corpus.development_speech, rng)
        kind, noise = pick(corpus.development_noise, rng)
        speech = speech[: MAX_S * RATE]
        start = int(rng.integers(0, max(1, len(noise) - len(speech))))
        snr = SNRS_DB[len(made) % len(SNRS_DB)]
        others = [r for r in corpus.development_speech if r.label != speaker.label] or [speaker]
        made.append(pair_at(speech, noise, start, snr, kind.path.stem, others, LEAD_S, lead_rng))
    return made


def pair_at(
    speech: Floats,
    noise: Floats,
    start: int,
    snr_db: int,
    name: str,
    others: Sequence[Recording],
    lead_s: int,
    rng: np.random.Generator,
) -> Pair:
    """Return speech in a noise from a sample on, at an SNR, and what was heard before, at the same levels.

    Parameters
    ----------
    speech, noise : float32[n]
    start : int
        In the noise, which is looped, backwards too.
    snr_db : int
        By active speech level.
    name : str
        Of the noise.
    others : sequence of Recording
        Who speaks in the lead.
    lead_s : int
        Seconds.
    rng : Generator
        Draws the lead's speech.
    """
    noisy = mix(speech, noise[start:], snr_db)
    looped = np.resize(noise[start:], len(speech)).astype(float)
    gain = float((noisy - speech).astype(float) @ looped / max(float(looped @ looped), 1e-20))
    before = noise[(start + np.arange(-lead_s * RATE, 0)) % len(noise)]
    lead = talk(others, lead_s, active_level(speech), rng) + gain * before
    return Pair(f"{snr_db}", name, speech, noisy, lead.astype(np.float32))


def pick(files: Sequence[Recording], rng: np.random.Generator) -> tuple[Recording, Floats]:
    """Return a recording that can be read, and its samples.

    Raises
    ------
    AudioFileError
        If `MAX_TRIES` in a row cannot.
    """
    for _ in range(MAX_TRIES):
        recording = files[int(rng.integers(len(files)))]
        samples = read_audio(recording)
        if samples is not None:
            return recording, samples
    raise AudioFileError(f"{MAX_TRIES} recordings in a row, such as {recording.path}, cannot be read; check the folder")


def talk(recordings: Sequence[Recording], seconds: int, level: float, rng: np.random.Generator) -> Floats:
    """Return speech of these recordings, one after the other, at one active level."""
    parts: list[Floats] = []
    while sum(map(len, parts)) < seconds * RATE:
        _, samples = pick(recordings, rng)
        parts.append(samples * np.float32(level / max(active_level(samples), 1e-9)))
    return np.concatenate(parts)[: seconds * RATE]


def folder_pairs(folder: Path) -> list[Pair]:
    """Return the pairs of a folder: ``clean/NAME`` and ``noisy/NAME``, cut to the shorter of the two.

    Raises
    ------
    AudioFileError
        If there are none.
    """
    made = []
    for path in sorted((folder / "noisy").glob("*")):
        clean = read_audio(Recording(folder / "clean" / path.name, ""))
        noisy = read_audio(Recording(path, ""))
        if clean is not None and noisy is not None:
            n = min(len(clean), len(noisy))
            made.append(Pair("", "", clean[:n], noisy[:n], np.zeros(0, np.float32)))
    if not made:
        raise AudioFileError(f"{folder} holds no pairs; it needs clean/NAME.wav and noisy/NAME.wav of the same names")
    return made
