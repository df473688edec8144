"""Scenes: seconds of several talkers, one after the other, in one noise; and streams of them, chunk by chunk.

A scene is a function of (seed, number), as a mixture is, and so is a stream's way through it: a run that goes on after
a kill hears what it would have heard.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training import augment
from training.config import AugmentConfig, MixturesConfig, StreamsConfig
from training.criteria import EDGE, HOP
from training.data import RATE, Corpus, active_level
from training.mixtures import Mixer, Random, Samples

TALKER_DB = 2.0  # standard deviation of a talker's level
PAUSE_S = 0.4  # mean
LATEST_START_S = 0.75
LEAST_CHUNKS = 4


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
        self._settings, self._seed = streams, (seed, int(development), 1)
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

    def chunks(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
        """Return speech and mixture (B, EDGE + chunk) of the next chunk, and which streams begin anew (B,)."""
        speech, mixture = (np.zeros((len(self), EDGE + self.chunk), np.float32) for _ in range(2))
        fresh = np.zeros(len(self), bool)
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
            place[1] += 1
        return speech, mixture, fresh

    def _enter(self, place: list[int]) -> bool:
        """Go to the next scene, to a part of it; return whether the stream begins anew."""
        place[0] += self._all
        rng, settings = np.random.default_rng((*self._seed, place[0])), self._settings
        n = self.n_chunks
        if rng.random() < settings.short and n > LEAST_CHUNKS:
            n = int(rng.integers(LEAST_CHUNKS, n + 1))
        place[1] = int(rng.integers(0, self.n_chunks - n + 1))
        place[2] = place[1] + n
        return bool(place[0] < self._all or rng.random() >= settings.go_on)

    def _scene(self, number: int) -> tuple[Samples, Samples]:
        made = self._scenes.mixture(number)
        return made.speech * np.float32(made.level), made.mixture * np.float32(made.level)
