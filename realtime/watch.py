"""For those who look: columns of the denoiser of a chain, masks of tapped depths, bases and activations. Main thread.

The plugin publishes a column per hop into a lock-free ring; whoever watches pulls. The low-latency modes hop more
often than the model was trained for: of those columns one per hop of the model is kept, so that a picture's time
scale is the same in every mode.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.adaptivemodel import AdaptiveModel
from realtime.dsp.stft import window_size
from realtime.engine.chain import Chain
from realtime.networks.adaptive import room_of
from realtime.networks.network import MAX_TAPS
from realtime.plugins.denoise import Denoise

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Columns:
    """Some columns, oldest first.

    Attributes
    ----------
    magnitudes : float32[n, n_bins]
        1 is a sine of full scale.
    mask : float32[n, n_bins]
        0 to 1, of the depth that is heard.
    taps : float32[n, n_taps, n_bins]
        Masks after the tapped depths.
    activations : float32[n, n_bases]
        Of the network's bases, after the deepest layer that ran.
    n_lost : int
        Columns that followed these and found the ring full.
    """

    magnitudes: Floats
    mask: Floats
    taps: Floats
    activations: Floats
    n_lost: int


def denoiser_of(chain: Chain) -> Denoise | None:
    """Return the first denoiser of a chain. [thread-safe]"""
    return next((plugin for plugin in chain.plugins if isinstance(plugin, Denoise)), None)


class Watch:
    """Watches the first denoiser of a chain; one watch for a chain at a time.

    Parameters
    ----------
    chain : Chain
        Active; a chain without a denoiser gives no columns and has `model` None.
    depths : tuple of int
        Up to `MAX_TAPS` depths whose masks are wanted, ascending.

    Attributes
    ----------
    bases : tuple of Basis
        Of its network; empty without one, or if its kind has none.
    n_fft : int
        Samples of its windows.
    full_scale : float32
        Magnitude that the network hears of a sine of full scale.
    """

    def __init__(self, chain: Chain, depths: tuple[int, ...] = ()) -> None:
        self._plugin = denoiser_of(chain)
        self.model = None if self._plugin is None else self._plugin.model
        self.bases = () if self.model is None else self.model.bases
        self.n_bins, self.bin_hz, self.column_s, self.n_fft, self.full_scale = 1, 31.25, 0.008, 512, np.float32(1)
        self.depths: tuple[int, ...] = ()
        if self._plugin is None or self.model is None:
            return
        n_fft = self.n_fft = window_size(chain.sample_rate)
        hop_model = n_fft * self.model.stft.hop // self.model.stft.n_fft
        hop = min(hop_model, n_fft * self._plugin.latency_ms // 64)
        self.n_bins = min(self.model.n_bins, n_fft // 2 + 1)
        self.bin_hz = chain.sample_rate / n_fft
        self.column_s = hop_model / chain.sample_rate
        # A sine of full scale has the magnitude sum(window) / 2; the window's halves are quarter sines.
        self.full_scale = np.float32(n_fft / np.pi)
        self._every, self._skip = hop_model // hop, 0
        self._n_refused = self._plugin.columns.refused if self._plugin.columns else 0
        self.tap(depths)

    @property
    def n_layers(self) -> int:
        """Layers of the network; 0 without one. [thread-safe]"""
        return 0 if self.model is None else self.model.n_layers

    def tap(self, depths: tuple[int, ...]) -> None:
        """Ask for the masks of other depths; columns that wait with the old ones are dropped. [main-thread]"""
        if self._plugin is None or self._plugin.columns is None:
            return
        self.depths = tuple(min(max(0, d), self.n_layers) for d in depths)[:MAX_TAPS]
        self._plugin.watch(self.depths)
        self._plugin.columns.read()

    def close(self) -> None:
        """Let the plugin publish nothing more. [main-thread]"""
        if self._plugin is not None:
            self._plugin.watch((), on=False)

    def read(self) -> Columns:
        """Return the columns since the last call. [main-thread]"""
        ring = None if self._plugin is None else self._plugin.columns
        if ring is None:
            empty = np.zeros((0, self.n_bins), np.float32)
            taps = np.zeros((0, len(self.depths), self.n_bins), np.float32)
            return Columns(empty, empty, taps, np.zeros((0, len(self.bases)), np.float32), 0)
        rows = ring.read()
        n_lost = (ring.refused - self._n_refused) // self._every
        self._n_refused += n_lost * self._every
        kept = rows[self._skip :: self._every]
        self._skip = (self._skip - len(rows)) % self._every
        masks, activations = np.split(kept, [(2 + MAX_TAPS) * self.n_bins], axis=1)
        parts = masks.reshape(len(kept), 2 + MAX_TAPS, self.n_bins)
        magnitudes = np.divide(parts[:, 0], self.full_scale, dtype=np.float32)
        return Columns(magnitudes, parts[:, 1], parts[:, 2 : 2 + len(self.depths)], activations, n_lost)

    def spectra(self) -> Floats:
        """Return the bases as they are now, float32[n_bins, n_bases], each at activation 1. [main-thread]"""
        if self._plugin is None or self._plugin.network is None or self.model is None:
            return np.zeros((self.n_bins, 0), np.float32)
        return self.model.spectra(self._plugin.network)

    @property
    def room(self) -> Floats | None:
        """The bases of the room that the network has, float32[n_room, n_bins]; None if it has none. [main-thread]"""
        if self._plugin is None or self._plugin.network is None or not isinstance(self.model, AdaptiveModel):
            return None
        return room_of(self._plugin.network)
