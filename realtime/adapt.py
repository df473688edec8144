"""The model learns the room: the noise bases of the running stream, fitted to what its own mask removed.

`networks.adaptive` hands over, through a ring, the part of the column that its mask took for noise: speech never enters
the fit, so no speech bases are needed beside the noise's. Every second the last ten seconds of it are factorised
anew, from where the last fit ended, and the finished bases are published by one pointer, to be taken over at the start
of a column. Worker thread; over a file the renderer's own thread, at the same columns each time.
"""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from realtime.base.memory import State
from realtime.engine.chain import Chain
from realtime.modelfile import Floats
from realtime.networks.adaptive import room_of, use_room
from realtime.plugins.denoise import FROZEN, OFF, Denoise

FIT_EVERY = 25
"""Rows of `adaptiverecord.MEAN` columns between two fits: a second."""
FIT_ROWS = 250
"""Rows a fit sees: ten seconds."""
KNOWN_ROWS = 125
"""Rows that a room counts which was known before: five seconds."""
UPDATES = 8  # of a fit; each goes on from the last one's bases, so few are enough
TICK_S = 0.2
FLOOR = np.float32(1e-6)


def fit(rows: Floats, bases: Floats, n_updates: int = UPDATES) -> tuple[Floats, Floats]:
    """Factorise non-negative columns, from bases given. [worker-thread]

    Kullback-Leibler NMF by multiplicative updates, bases of sum one (Lee and Seung 2001).

    Parameters
    ----------
    rows : float32 (n, F)
        What is to be explained, a column of the spectrogram in each row.
    bases : float32 (J, F)
        Where to start; rows of sum one.
    n_updates : int
        Of activations and bases each.

    Returns
    -------
    bases : float32 (J, F)
        Rows of sum one.
    parts : float32 (J, F)
        The bases times their mean activation: they add up to about the mean of the rows.
    """
    level = rows.mean() + np.float32(1e-12)
    v = rows / level + FLOOR
    h = np.full((len(rows), len(bases)), bases.shape[1] / len(bases), np.float32)
    ratio = np.empty_like(v)  # one buffer for all: new ones of that size cost more than the sums in them

    def explained() -> Floats:
        np.add(np.matmul(h, bases, out=ratio), FLOOR, out=ratio)
        return np.divide(v, ratio, out=ratio)

    for _ in range(n_updates):
        h *= explained() @ bases.T
        bases = bases * (h.T @ explained())
        bases = np.maximum(bases / (bases.sum(axis=1, keepdims=True) + np.float32(1e-12)), FLOOR)
    bases /= bases.sum(axis=1, keepdims=True)
    return bases, bases * (level * h.mean(axis=0))[:, None]


def as_heard(parts: Any) -> Any:
    """Return rows (n, F) whose fit gives about these parts (J, F), numpy or torch. [thread-safe]

    A room that is known counts as heard for `KNOWN_ROWS`; else the fits of the next seconds would forget it.
    """
    return (len(parts) * parts)[[i % len(parts) for i in range(KNOWN_ROWS // len(parts) * len(parts))]]


class Room:
    """The bases of one running network: what was heard, and where its fit stands.

    Parameters
    ----------
    network : State
        A room that it has is known from the start.
    start : float32 (J, F)
        Where the fit of one that is not known starts.
    """

    def __init__(self, network: State, start: Floats) -> None:
        self.network = network
        self.bases = start
        self.heard: deque[Floats] = deque(maxlen=FIT_ROWS)
        known = room_of(network)
        self._silent = known is None or not known.any()
        if known is not None and not self._silent:
            self.bases = (known + FLOOR) / (known + FLOOR).sum(axis=1, keepdims=True)
            self.heard.extend(as_heard(known))
        self._ring = network.keep["heard"]
        self.parts: Floats | None = None
        self._new = 0
        self._mode = -1
        self._waiting: Floats | None = None

    def step(self, mode: int) -> bool:
        """Fit, if it is time to; return whether new bases were made. [worker-thread]

        Parameters
        ----------
        mode : int
            `denoise.ON`; `FROZEN`: the bases stay as they are; `OFF`: there are none.
        """
        if self._ring.is_empty and self._waiting is None and mode == self._mode:
            return False
        self._mode = mode
        rows, made = self._ring.read(), False
        if mode == OFF and not self._silent:
            self._waiting, self._silent = np.zeros_like(self.bases), True
        elif mode not in (OFF, FROZEN):
            self.heard.extend(rows)
            self._new += len(rows)
            if self._new >= FIT_EVERY:
                self.bases, self.parts = fit(np.array(self.heard), self.bases)
                self._waiting = self.parts
                self._new, self._silent, made = 0, False, True
        if self._waiting is not None and use_room(self.network, self._waiting):
            self._waiting = None
        return made


@dataclass(frozen=True)
class Learner:
    """A denoiser that learns: its room, the place of its parameter adapt, samples between its columns."""

    room: Room
    mode: Floats
    hop: int


class HasChain(Protocol):
    """What the adapter wants of a host."""

    @property
    def chain(self) -> Chain:
        """The chain that is heard. [main-thread]"""


class Adapter:
    """Lets every denoiser of a chain that can learn its room.

    Parameters
    ----------
    host : HasChain
        Whose chain is heard; it may be another one each time.
    """

    def __init__(self, host: HasChain) -> None:
        self._host = host
        self._seen: Chain | None = None
        self._learners: list[Learner] = []
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def hop(self) -> int | None:
        """Samples between two columns of the quickest denoiser that learns; None if none does. [main-thread]"""
        return min((learner.hop for learner in self._found()), default=None)

    def step(self) -> None:
        """Look once at every denoiser; next to nothing where nothing is new. [worker-thread]"""
        for learner in self._found():
            learner.room.step(int(learner.mode[0]))

    def room(self) -> tuple[Floats, Floats] | None:
        """Return bases and parts, as `fit` does, of the room that the chain has learned. [main-thread]

        That of its first denoiser that learns; None before a fit.
        """
        for learner in self._found()[:1]:
            if learner.room.parts is not None:
                return learner.room.bases, learner.room.parts
        return None

    def start(self) -> None:
        """Let a thread do it while sound runs. [main-thread]"""
        self._thread = threading.Thread(target=self._run, name="adapt", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread. [main-thread]"""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(TICK_S):
            self.step()

    def _found(self) -> list[Learner]:
        chain = self._host.chain
        if chain is not self._seen:
            learners = []
            for plugin in chain.plugins:
                if isinstance(plugin, Denoise) and plugin.network is not None and plugin.room_start is not None:
                    place = chain.parameter(plugin.descriptor.id, "adapt")[1]
                    learners.append(Learner(Room(plugin.network, plugin.room_start), place, plugin.hop))
            self._seen, self._learners = chain, learners
        return self._learners
