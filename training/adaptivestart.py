"""Where a run begins at a trained model, not at bases: the parameters that give its weights, and more layers if wanted.

A layer that is added is half of one that is there: two multiplicative updates by the same matrix with half the power
do nearly what one did, so a deeper network begins near the model, and has more to learn with.
"""

from dataclasses import fields

import numpy as np
import torch

from realtime.adaptivemodel import AdaptiveModel
from realtime.base.errors import UnfoldError
from realtime.networks import adaptive
from training.adaptive import LEAST_POWER, OWN_FLOOR, START, AdaptiveNet
from training.config import NetworkConfig
from training.streams import Weights

Tensor = torch.Tensor

POWERS_OF = "power", "own_power"
SHARED = "transition", "start", "input"
OF_STREAM = "own_rate", "own_speech", "own_fall", "room"
EDGE = 1e-4  # of the range of a tanh or sigmoid: nearer to its ends nothing is learned any more
LEAST = 1e-12


def net_from(model: AdaptiveModel, net: NetworkConfig, seed: int) -> AdaptiveNet:
    """Return the parameters of a model, as a network of these settings.

    Raises
    ------
    UnfoldError
        If the settings are of another network, apart from more layers.
    """
    _check(model, net)
    made = AdaptiveNet(net, model.weights.read[0], model.weights.room, seed)
    followers = {"own_rate": made.own_rate, "own_speech": made.own_speech, "own_fall": made.own_fall}
    weights = {f.name: torch.from_numpy(getattr(model.weights, f.name)) for f in fields(adaptive.Weights)}
    for name, wanted in followers.items():
        found = weights[name]
        if found.shape != wanted.shape or not torch.allclose(found, wanted.cpu(), atol=1e-5):
            raise UnfoldError(
                "the start has other bases of its own stream than the configuration; let noise_memory, noise_floor, "
                "speech_memory and room_bases agree"
            )
    with torch.no_grad():
        for name, parameter in _parameters(_deeper(weights, net.layers), net).items():
            getattr(made, name).copy_(parameter)
    return made


def _check(model: AdaptiveModel, net: NetworkConfig) -> None:
    names = "speech_bases", "noise_bases", "room_bases", "compression", "memory_share"
    sizes = [n for _, n in model.sources]
    found = dict(zip(names, (*sizes, len(model.weights.room), model.compression, model.memory_share), strict=True))
    for name, value in found.items():
        if not np.isclose(value, getattr(net, name)):
            raise UnfoldError(f"the start has {name} = {value}, the configuration {getattr(net, name)}; let them agree")
    highest = max(float(getattr(model.weights, name).max()) for name in POWERS_OF)
    if highest > net.most_power * (1 + EDGE):
        raise UnfoldError(
            f"the start has powers up to {highest:.2f}, network.most_power is {net.most_power}; give more"
        )
    if net.layers < model.n_layers:
        raise UnfoldError(f"the start has {model.n_layers} layers, the configuration {net.layers}; give no fewer")


def _deeper(w: Weights, layers: int) -> Weights:
    """Return the weights with the last layers split into halves until there are `layers` of them."""
    k = len(w["read"])
    of = np.sort([*range(k), *(k - 1 - i % k for i in range(layers - k))])
    parts = torch.from_numpy(np.bincount(of, minlength=k)[of])[:, None]
    split = {name: t[of] for name, t in w.items() if name not in SHARED + OF_STREAM}
    return w | split | {name: split[name] / parts for name in POWERS_OF}


def _parameters(w: Weights, net: NetworkConfig) -> dict[str, Tensor]:
    """Return what `AdaptiveNet.weights` makes these weights of."""
    total, powers = 1 + net.memory_share, net.most_power - LEAST_POWER

    def log(name: str, unit: float = 1.0) -> Tensor:
        return (w[name] / unit).clamp_min(LEAST).log()

    def sigmoid(x: Tensor) -> Tensor:
        return torch.logit(x.clamp(EDGE, 1 - EDGE))

    def tanh(x: Tensor) -> Tensor:
        return torch.atanh(x.clamp(EDGE - 1, 1 - EDGE))

    plain = "W", "read", "transition", "input", "first", "slope", "follow", "own_read"
    return {name: log(name) for name in plain} | {
        "start": log("start", START), "own_floor": log("own_floor", OWN_FLOOR), "own_mix": sigmoid(w["own_mix"]),
        "gain": tanh(log("gain", 1 / total)), "own_gain": tanh(log("own_gain")),
        "power": sigmoid((w["power"] - LEAST_POWER) / powers),
        "own_power": sigmoid((w["own_power"] - LEAST_POWER) / powers),
        "leak": torch.log(-1 / log("leak").clamp_max(-LEAST)),
    }  # fmt: skip
