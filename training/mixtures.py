"""Mixtures on the fly: clean speech, noise and rooms, varied and added at an SNR. Same seed and number, same mixture.

A mixture is a function of (seed, number) alone, so a run that goes on after a kill, and processes that share the work,
hear what one run alone would hear.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from realtime.base.errors import AudioFileError
from training import augment
from training.bursts import bursts
from training.config import AugmentConfig, MixturesConfig
from training.data import RATE, Corpus, Recording, active_level, mix, read_audio
from training.procedural import procedural
from training.spectra import spectra

Samples = NDArray[np.float32]
Random = np.random.Generator

ATTEMPTS = 200  # drawings of a recording before a corpus counts as unusable
BABBLE = (3, 8)  # talkers
STEP_DB = (-10.0, 10.0)
CLEAN_DB = (30.0, 60.0)  # SNR


@dataclass(frozen=True)
class Mixture:
    """Speech and what is heard with it, at an active speech level of one, and the level they are meant to have."""

    speech: Samples
    mixture: Samples
    level: float


class Mixer:
    """Draws mixtures from the recordings for training, or from those for development."""

    def __init__(
        self, corpus: Corpus, config: MixturesConfig, varied: AugmentConfig, seed: int, development: bool = False
    ) -> None:
        self.config, self.varied, self.seed = config, varied, (seed, int(development))
        self._speech = corpus.development_speech if development else corpus.speech
        self._noise = corpus.development_noise if development else corpus.noise
        self._rooms = corpus.rooms
        self._read: dict[Recording, Samples | None] = {}

    def mixture(self, number: int) -> Mixture:
        """Return the mixture of that number."""
        rng, varied, n = np.random.default_rng((*self.seed, number)), self.varied, int(self.config.seconds * RATE)

        def chosen(probability: float) -> bool:
            return bool(rng.random() < probability)

        speech = self._utterance(n, rng, chosen(varied.speed))
        if chosen(varied.equalise):
            speech = augment.equalise(speech, rng)
        if chosen(varied.room) and self._rooms:
            speech = augment.reverberate(speech, self._draw(self._rooms, rng))
        noise = self._sound(n, rng)
        if chosen(varied.second_noise):
            noise = noise + self._sound(n, rng) * np.float32(10 ** (rng.uniform(-10, 10) / 20))
        # Asked for only where set: others' drawings stay as they were.
        if varied.noise_room and chosen(varied.noise_room) and self._rooms:
            noise = augment.reverberate(noise, self._draw(self._rooms, rng))
        if varied.step and chosen(varied.step):
            noise[rng.integers(n) :] *= np.float32(10 ** (rng.uniform(*STEP_DB) / 20))
        quiet = varied.clean and chosen(varied.clean)
        snr_db = rng.uniform(*(CLEAN_DB if quiet else self.config.snr_db))
        level = 10 ** (rng.uniform(*self.config.level_db) / 20)
        speech = speech / np.float32(max(active_level(speech), 1e-9))
        heard = mix(speech, noise, snr_db)
        if chosen(varied.band_limit):
            sections = augment.band_limit(rng)
            speech, heard = augment.through(sections, speech), augment.through(sections, heard)
        if chosen(varied.clip):
            heard = augment.clip(heard, rng)
        return Mixture(speech, heard, level)

    def _sound(self, n: int, rng: Random) -> Samples:
        """A noise of n samples: recorded, made, of many talkers, or of bursts, at RMS 1."""
        kind = rng.random()
        if kind < self.varied.procedural:
            return procedural(n, rng)
        if kind < self.varied.procedural + self.varied.babble:
            talkers = [self._utterance(n, rng, False) for _ in range(rng.integers(*BABBLE, endpoint=True))]
            noise = np.sum([t / max(active_level(t), 1e-9) for t in talkers], axis=0)
        elif kind < self.varied.procedural + self.varied.babble + self.varied.burst:
            noise = bursts(n, rng, lambda: self._draw(self._noise, rng), lambda: self._draw(self._speech, rng))
        else:
            whole = self._draw(self._noise, rng)
            at = rng.integers(0, max(1, len(whole) - n))
            if self.varied.wild and rng.random() < self.varied.wild:
                noise = augment.vary(whole[at : at + n + n // 2], n, rng)
            else:
                noise = np.resize(whole[at : at + n + n // 4], n + n // 4)
                if rng.random() < self.varied.speed:
                    noise = augment.speed(noise, rng)
                noise = noise[:n]
            if rng.random() < self.varied.equalise:
                noise = augment.equalise(noise, rng)
        return (noise / max(float(np.sqrt(np.mean(np.square(noise, dtype=float)))), 1e-9)).astype(np.float32)

    def _utterance(self, n: int, rng: Random, faster: bool) -> Samples:
        """N samples of one recording, from a random point, silence behind its end."""
        whole = self._draw(self._speech, rng)
        at = rng.integers(0, max(1, len(whole) - n))
        part = whole[at : at + n + n // 4]
        part = augment.speed(part, rng) if faster else part
        return np.pad(part[:n], (0, max(0, n - len(part))))

    def _draw(self, recordings: Sequence[Recording], rng: Random) -> Samples:
        for _ in range(ATTEMPTS):
            recording = recordings[int(rng.integers(len(recordings)))]
            if recording not in self._read:
                self._read[recording] = read_audio(recording)
            samples = self._read[recording]
            if samples is not None:
                return samples
        raise AudioFileError(
            f"{recordings[0].path} and {len(recordings) - 1} others cannot be used; see the lines above"
        )


@dataclass(frozen=True)
class Pool:
    """Columns to train on, at an active speech level of one. Rows are columns of sound: they are drawn in batches."""

    stack: torch.Tensor  # (N, D)
    target: torch.Tensor  # (N, F): magnitudes of the speech in the current column
    level: torch.Tensor  # (N,): what the stack is multiplied by where the level matters

    def to(self, device: torch.device) -> "Pool":
        """Return the pool in the memory of a device."""
        return Pool(self.stack.to(device), self.target.to(device), self.level.to(device))

    @property
    def untouched(self) -> float:
        """The loss of leaving the mixture as it is, per column: the unit in which losses are told."""
        return float(0.5 * ((self.stack[:, -self.target.shape[1] :] - self.target) ** 2).sum()) / len(self.target)


def pool(mixer: Mixer, numbers: range, context: int, per_mixture: int) -> Pool:
    """Return random columns of the mixtures of these numbers, as many from each."""
    stacks, targets, levels = [], [], []
    for number in numbers:
        made = mixer.mixture(number)
        x, s = spectra(made.mixture), spectra(made.speech)
        m = np.abs(x)
        if mixer.config.target == "magnitude":
            target = np.abs(s)
        else:
            target = np.clip((s * x.conj()).real / np.maximum(m, 1e-9), 0, m)
        rng = np.random.default_rng((*mixer.seed, number, 1))
        at = np.sort(rng.choice(m.shape[1], per_mixture, replace=m.shape[1] < per_mixture))
        padded = np.pad(m, ((0, 0), (context - 1, 0)))
        stacks.append(np.concatenate([padded[:, at + t] for t in range(context)]).T)
        targets.append(target[:, at].T)
        levels.append(np.full(per_mixture, made.level))
    return Pool(
        torch.from_numpy(np.concatenate(stacks).astype(np.float32)),
        torch.from_numpy(np.concatenate(targets).astype(np.float32)),
        torch.from_numpy(np.concatenate(levels).astype(np.float32)),
    )
