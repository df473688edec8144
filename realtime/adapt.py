"""The model learns the room: the noise bases of the running stream, fitted to what its own mask removed.

`networks.adaptive` hands over, through a ring, the part of the column that its mask took for noise: speech never enters
the fit, so no speech bases are needed beside the noise's. Every second the last ten seconds of it are factorised
anew, from where the last fit ended, and the finished bases are published by one pointer, to be taken over at the start
of a column. Worker thread; over a file the renderer's own thread, at the same columns each time.
"""

import threading
from collections.abc import Callable

import numpy as np

from realtime.base.memory import State
from realtime.engine.chain import Chain
from realtime.modelfile import Floats
from realtime.networks.adaptive import has_room, use_room
from realtime.plugins.denoise import FROZEN, OFF, Denoise

FIT_EVERY = 25
"""Rows of `adaptiverecord.MEAN` columns between two fits: a second."""
FIT_ROWS = 250
"""Rows a fit sees: ten seconds."""
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
    for _ in range(n_updates):
        h *= (v / (h @ bases + FLOOR)) @ bases.T
        bases = bases * (h.T @ (v / (h @ bases + FLOOR)))
        bases = np.maximum(bases / (bases.sum(axis=1, keepdims=True) + np.float32(1e-12)), FLOOR)
    bases /= bases.sum(axis=1, keepdims=True)
    return bases, bases * (level * h.mean(axis=0))[:, None]


class Room:
    """The bases of one running network: what was heard, and where its fit stands."""

    def __init__(self, network: State, start: Floats) -> None:
        self.network = network
        self.bases = start
        self.heard = start[:0]
        self._ring = network.keep["heard"]
        self.parts: Floats | None = None
        self._new = 0
        self._silent = not has_room(network)
        self._waiting: Floats | None = None

    def step(self, mode: int) -> bool:
        """Fit, if it is time to; return whether new bases were made. [worker-thread]

        Parameters
        ----------
        mode : int
            `denoise.ON`; `FROZEN`: the bases stay as they are; `OFF`: there are none.
        """
        rows, made = self._ring.read(), False
        if mode == OFF and not self._silent:
            self._waiting, self._silent = np.zeros_like(self.bases), True
        elif mode not in (OFF, FROZEN):
            self.heard = np.concatenate([self.heard, rows])[-FIT_ROWS:]
            self._new += len(rows)
            if self._new >= FIT_EVERY:
                self.bases, self.parts = fit(self.heard, self.bases)
                self._waiting = self.parts
                self._new, self._silent, made = 0, False, True
        if self._waiting is not None and use_room(self.network, self._waiting):
            self._waiting = None
        return made


class Adapter:
    """Lets every denoiser of a chain that can learn its room.

    Parameters
    ----------
    chain : callable
        Returns the chain that is heard; it may be another one each time.
    """

    def __init__(self, chain: Callable[[], Chain]) -> None:
        self._chain = chain
        self._rooms: dict[int, Room] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def hop(self) -> int | None:
        """Samples between two columns of the quickest denoiser that learns; None if none does. [main-thread]"""
        hops = [plugin.hop for plugin, _, _ in self._learning()]
        return min(hops, default=None)

    def step(self) -> None:
        """Look once at every denoiser. [worker-thread]"""
        found = {}
        for _, network, (start, place) in self._learning():
            room = self._rooms.get(network.address)
            if room is None or room.network is not network:
                room = Room(network, start)
            room.step(int(place[0]))
            found[network.address] = room
        self._rooms = found

    def room_of(self, network: State) -> tuple[Floats, Floats] | None:
        """Return bases and parts, as `fit` does, of the room that a running network has learned. [main-thread]

        None before its first fit.
        """
        room = self._rooms.get(network.address)
        return None if room is None or room.parts is None else (room.bases, room.parts)

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

    def _learning(self) -> list[tuple[Denoise, State, tuple[Floats, Floats]]]:
        chain = self._chain()
        found = []
        for plugin in chain.plugins:
            if isinstance(plugin, Denoise) and plugin.network is not None and plugin.room_start is not None:
                place = chain.parameter(plugin.descriptor.id, "adapt")[1]
                found.append((plugin, plugin.network, (plugin.room_start, place)))
        return found
