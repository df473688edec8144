"""The equations of `realtime.networks.adaptive` as numpy lines in float64, and random weights for them."""

import numpy as np

from realtime.networks.adaptive import Weights

EPSILON = 1e-4


def random_weights(
    seed: int, n_bins: int = 37, n_bases: int = 23, n_layers: int = 3, n_room: int = 2, followers: str = "nns"
) -> Weights:
    """Return weights of sensible size; `followers` has a letter for each own basis: of noise, its floor, or speech."""
    rng = np.random.default_rng(seed)
    n_own = n_room + len(followers)

    def normal(mean: float, spread: float, *shape: int) -> np.ndarray:
        return np.exp(mean + spread * rng.standard_normal(shape)).astype(np.float32)

    w = normal(0, 1, n_layers, n_bins + n_bases, n_bases)
    room = normal(0, 1, n_room, n_bins)
    rate = [0.0] * n_room + list(rng.uniform(0.02, 0.5, len(followers)))
    return Weights(
        W=1.2 * w / w.sum(axis=1, keepdims=True),
        read=normal(-4, 1, n_layers, n_bins, n_bases),
        transition=normal(-np.log(n_bases) - 0.5, 0.5, n_bases, n_bases),
        start=normal(4, 0.5, n_bases),
        input=normal(0, 0.2, n_bins),
        gain=normal(-0.2, 0.2, n_layers, n_bases),
        power=rng.uniform(0.5, 1.1, (n_layers, n_bases)).astype(np.float32),
        leak=rng.uniform(0.2, 0.9, (n_layers, n_bases)).astype(np.float32),
        first=normal(-1, 0.3, n_layers, n_bases),
        slope=normal(0.5, 0.2, n_layers, n_bins),
        follow=normal(-1, 0.3, n_layers, n_bins),
        own_gain=normal(0, 0.2, n_layers, n_own),
        own_power=rng.uniform(0.5, 1.1, (n_layers, n_own)).astype(np.float32),
        own_mix=rng.uniform(0.2, 0.8, (n_layers, n_own)).astype(np.float32),
        own_floor=normal(-3, 0.3, n_layers, n_own),
        own_read=normal(0, 0.3, n_layers, n_own),
        own_rate=np.array(rate, np.float32),
        own_speech=np.array([0] * n_room + [letter == "s" for letter in followers], np.float32),
        own_fall=np.array([0] * n_room + [0.3 * (letter == "f") for letter in followers], np.float32),
        room=room / room.sum(axis=1, keepdims=True),
    )


class Oracle:
    """One stream."""

    def __init__(
        self, weights: Weights, n_speech: int, exponent: float, memory_share: float, n_trained: int | None = None
    ) -> None:
        self.w = {name: np.asarray(value, float) for name, value in vars(weights).items()}
        self.n_speech, self.exponent, self.memory_share = n_speech, exponent, memory_share
        self.n_room, self.n_trained = len(weights.room), n_trained or weights.input.size
        self.age, self.m, self.n = 0, None, None
        self.own = np.zeros((len(weights.own_rate), weights.input.size))
        self.removed: list[np.ndarray] = []
        self.explained: list[np.ndarray] = []  # s + n after each layer of the last column

    def column(self, magnitudes: np.ndarray, choice: np.ndarray | None = None) -> list[np.ndarray]:
        """Return the masks after 0 to K layers: of speech, or of the bases where `choice`, bool[R + J], holds."""
        w, n_bins = self.w, len(magnitudes)
        n_layers, _, n_bases = w["read"].shape
        of_speech = np.concatenate([np.arange(n_bases) < self.n_speech, w["own_speech"] == 1])
        none = np.full(n_bins, 1.0 if choice is None else choice[of_speech].mean())
        if not self.age and magnitudes.mean() <= 1e-5:
            return [none] * (n_layers + 1)
        v = (magnitudes.astype(float) + 1e-4) ** self.exponent * w["input"]
        level, self.explained = v.mean() * self.n_trained / n_bases, []
        if not self.age:
            self.m, self.n = level * w["first"], np.full_like(w["own_mix"], 0.3)
            self.own[self.n_room :], self.age = 0.5 * v, 1
        chosen, sums = [], self.own.sum(axis=1) + 1e-3
        h, d = w["transition"].T @ self.m[0] + 1e-3 * level * w["start"], 0.0
        for k in range(n_layers):
            g_own = w["own_mix"][k] * self.n[k] + w["own_floor"][k] + d
            model = w["W"][k] @ h + EPSILON
            model[:n_bins] += self.own.T @ g_own
            q = np.concatenate([v, self.memory_share * self.m[k]]) / model
            h = self._updated(h, w["W"][k].T @ q + 1e-8, w["gain"][k], w["power"][k], 500) + 1e-3 * level
            at = (self.own @ q[:n_bins] + 1e-8) / sums
            d = self._updated(g_own, at, w["own_gain"][k], w["own_power"][k], 100) + 1e-4
            self.m[k], self.n[k] = h + w["leak"][k] * (self.m[k] - h), d
            mask = self._mask(h, d, v, k)
            terms = np.concatenate([w["read"][k] * h, (w["own_read"][k] * d)[:, None].T * self.own.T], axis=1)
            chosen.append(mask if choice is None else self._chosen(mask, terms, of_speech, choice))
        self.activations = np.concatenate([h, d])
        self._follow(v, mask)
        return [none, *chosen]

    @staticmethod
    def _chosen(mask: np.ndarray, terms: np.ndarray, of_speech: np.ndarray, choice: np.ndarray) -> np.ndarray:
        s, n = terms[:, of_speech].sum(axis=1), terms[:, ~of_speech].sum(axis=1)
        some_s, some_n = terms[:, of_speech & choice].sum(axis=1), terms[:, ~of_speech & choice].sum(axis=1)
        return mask * some_s / s + (1 - mask) * some_n / n

    @staticmethod
    def _updated(g: np.ndarray, a: np.ndarray, gain: np.ndarray, power: np.ndarray, most: float) -> np.ndarray:
        return np.minimum(g * np.exp(power * np.clip(np.log(a * gain), -9, 5)), most)

    def _mask(self, h: np.ndarray, d: np.ndarray, v: np.ndarray, k: int) -> np.ndarray:
        w, parts = self.w, []
        for bases, own in ((slice(0, self.n_speech), 1), (slice(self.n_speech, None), 0)):
            weight = w["own_read"][k] * d * (w["own_speech"] == own)
            parts.append(w["read"][k][:, bases] @ h[bases] + weight @ self.own)
        s, n = parts
        self.explained.append(s + n)
        rest = np.log((v + EPSILON) / (s + n + EPSILON))
        return 1 / (1 + np.exp(-w["slope"][k] * (np.log((s + EPSILON) / (n + EPSILON)) + w["follow"][k] * rest)))

    def _follow(self, v: np.ndarray, mask: np.ndarray) -> None:
        for j in range(self.n_room, len(self.own)):
            rate, young = self.w["own_rate"][j], 1 / (1 + self.age)
            heard = v * mask if self.w["own_speech"][j] else v * (1 - mask)
            if self.w["own_fall"][j]:
                heard, rate = v, np.where(v > self.own[j], rate, self.w["own_fall"][j])
            self.own[j] += np.maximum(rate, young) * (heard - self.own[j])
        self.removed.append((1 - mask) ** 2 * v)
        self.age += 1
