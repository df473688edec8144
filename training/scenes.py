"""Scenes: seconds of several talkers, one after the other, in one noise; and streams of them, chunk by chunk.

A scene is a function of (seed, number), as a mixture is, and so is a stream's way through it: a run that goes on after
a kill hears what it would have heard.
"""

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import torch

from training import augment
from training.config import AugmentConfig, MixturesConfig, StreamsConfig
from training.criteria import EDGE, HOP
from training.data import RATE, Corpus, active_level
from training.mixtures import Mixer, Random, Samples

TALKER_DB = 2.0  # standard deviation of a talker's level
PAUSE_S = 0.4  # mean
LATEST_START_S = 0.75
LEAST_S = 4.0  # of a scene
LESSON_S = 5.0
LESSON_DB = 6.0  # standard deviation of a lesson's level against that of the noise in the scene
BEGINS, LESSON = 1, 2  # what a stream draws numbers for


@dataclass(frozen=True)
class Chunk:
    """What streams hear next.

    Attributes
    ----------
    speech, mixture : float32 (B, EDGE + chunk)
    fresh : bool (B,)
        Which streams begin anew.
    lessons : dict
        By stream that begins anew, its noise alone, float32 (n,): what it has learned before.
    """

    speech: torch.Tensor
    mixture: torch.Tensor
    fresh: torch.Tensor
    lessons: dict[int, torch.Tensor]

    def to(self, device: torch.device) -> "Chunk":
        """Return the chunk in the memory of a device."""
        lessons = {i: x.to(device) for i, x in self.lessons.items()}
        return Chunk(self.speech.to(device), self.mixture.to(device), self.fresh.to(device), lessons)


def chunk_of(mixture: torch.Tensor, fresh: torch.Tensor) -> Chunk:
    """Return a chunk (B, EDGE + chunk) of streams of which nothing but the mixture is known."""
    return Chunk(mixture, mixture, fresh, {})


class Scenes(Mixer):
    """Draws scenes: what `Mixer` draws, with speech that goes on."""

    def _utterance(self, n: int, rng: Random, faster: bool) -> Samples:
        speech, at = np.zeros(n, np.float32), int(rng.uniform(0, LATEST_START_S) * RATE * rng.integers(2))
        while at < n:
            part = self._draw(self._speech, rng)
            part = augment.speed(part, rng) if faster and rng.random() < 0.5 else part
            part = part * np.float32(10 ** (TALKER_DB * rng.standard_normal() / 20) / max(active_level(part), 1e-9))
            end = min(n, at + len(part))
            speech[at:end] = part[: end - at]
            at = end + int(rng.exponential(PAUSE_S) * RATE)
        return speech


class Streams:
    """A number of streams that hear scene after scene, some without forgetting the one before.

    Parameters
    ----------
    corpus : Corpus
    mixtures, varied, streams : MixturesConfig, AugmentConfig, StreamsConfig
    seed : int
    first, step : int
        Number of the first stream here, and between two of them: processes share the streams.
    development : bool
        Whether to draw from the recordings held out.
    """

    def __init__(
        self,
        corpus: Corpus,
        mixtures: MixturesConfig,
        varied: AugmentConfig,
        streams: StreamsConfig,
        seed: int,
        first: int = 0,
        step: int = 1,
        development: bool = False,
    ) -> None:
        self._scenes = Scenes(corpus, mixtures, varied, seed, development)
        self._settings, self._seed = streams, (seed, int(development))
        self.chunk = streams.chunk * HOP
        self.n_chunks = int(mixtures.seconds * RATE) // self.chunk
        numbers = range(first, streams.streams * step, step)
        self._all = streams.streams * step
        # of each stream: number of its scene, chunks of it heard, the chunk after its last
        self._places = [[number - self._all, 0, 0] for number in numbers]
        self._heard: list[tuple[Samples, Samples] | None] = [None] * len(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def state(self) -> list[Any]:
        """Return where the streams are."""
        return [list(place) for place in self._places]

    def load(self, state: list[Any]) -> None:
        """Go on from there."""
        self._places = [list(place) for place in state]
        self._heard = [None] * len(state)

    def next_chunk(self) -> Chunk:
        """Return the next chunk."""
        speech, mixture = (np.zeros((len(self), EDGE + self.chunk), np.float32) for _ in range(2))
        fresh, lessons = np.zeros(len(self), bool), {}
        for i, place in enumerate(self._places):
            begins = place[1] >= place[2]
            if begins:
                fresh[i] = self._enter(place)
                self._heard[i] = None
            sounds = self._heard[i] or self._scene(place[0])
            self._heard[i] = sounds
            start = place[1] * self.chunk
            least = start if begins else max(0, start - EDGE)
            for out, sound in zip((speech, mixture), sounds, strict=True):
                part = sound[least : start + self.chunk]
                out[i, out.shape[1] - len(part) :] = part
            if fresh[i] and (rng := self._random(LESSON, place)).random() < self._settings.told:
                lessons[i] = torch.from_numpy(self._lesson(sounds, rng))
            place[1] += 1
        return Chunk(*map(torch.from_numpy, (speech, mixture, fresh)), lessons)

    def _random(self, purpose: int, place: list[int]) -> Random:
        """Return what draws for one purpose at the beginning of a scene."""
        return np.random.default_rng((*self._seed, purpose, place[0]))

    def _lesson(self, sounds: tuple[Samples, Samples], rng: Random) -> Samples:
        """Return some seconds of the scene's noise alone, louder or softer than in it."""
        n = int(LESSON_S * RATE)
        gain, noise = np.float32(10 ** (LESSON_DB * rng.standard_normal() / 20)), sounds[1] - sounds[0]
        at = int(rng.integers(0, max(1, len(noise) - n)))
        return gain * noise[at : at + n]

    def _enter(self, place: list[int]) -> bool:
        """Go to the next scene, to a part of it; return whether the stream begins anew."""
        place[0] += self._all
        rng, settings = self._random(BEGINS, place), self._settings
        n, least = self.n_chunks, ceil(LEAST_S * RATE / self.chunk)
        if rng.random() < settings.short and n > least:
            n = int(rng.integers(least, n + 1))
        place[1] = int(rng.integers(0, self.n_chunks - n + 1))
        place[2] = place[1] + n
        return bool(place[0] < self._all or rng.random() >= settings.go_on)

    def _scene(self, number: int) -> tuple[Samples, Samples]:
        made = self._scenes.mixture(number)
        return made.speech * np.float32(made.level), made.mixture * np.float32(made.level)
