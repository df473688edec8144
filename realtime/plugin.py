"""What a plugin is: a description, and numbers for the audio thread. Main thread.

A plugin is a Python class; what the audio thread gets is a `Process`: the address of a C function, the address of
its state, and its parameters as float32. No Python callable ever runs on the audio thread.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numba import types
from numpy.typing import NDArray

RUN_SIGNATURE = types.int32(types.voidptr, types.CPointer(types.float32), types.CPointer(types.float32), types.uint32)
"""``int32 run(void *state, const float *in, float *out, uint32 n_frames)``: 0, or a status the host reports."""


@dataclass(frozen=True)
class Parameter:
    """An input control: a float32 in a range.

    ``hint`` is "integer", "toggle" or "" (continuous); ``labels`` name the values of an integer from `minimum` on.
    """

    id: str
    name: str
    minimum: float
    maximum: float
    default: float
    unit: str = ""
    hint: str = ""
    labels: tuple[str, ...] = ()

    def clip(self, value: float) -> float:
        """Return the nearest value in range; a non-finite one gives the default. [thread-safe]"""
        if not np.isfinite(value):
            return self.default
        value = min(max(float(value), self.minimum), self.maximum)
        return float(round(value)) if self.hint in ("integer", "toggle") else value


@dataclass(frozen=True)
class Descriptor:
    """Identity of a plugin: id, name, what it does in one sentence, its parameters."""

    id: str
    name: str
    description: str
    parameters: tuple[Parameter, ...] = ()


@dataclass
class Process:
    """What the audio thread gets of an active plugin.

    Attributes
    ----------
    run : int
        Address of a function of `RUN_SIGNATURE`, real-time-safe.
    state : int
        Address handed to every call.
    parameters : float32[n]
        Current values, in the order of the descriptor.
    latency : int
        Samples by which output lags input; constant while active.
    keep : list
        Owners of all that memory.
    """

    run: int
    state: int
    parameters: NDArray[np.float32]
    latency: int
    keep: list[Any] = field(default_factory=list)


@runtime_checkable
class Plugin(Protocol):
    """A kind of processor, configured and ready to be activated at a rate."""

    descriptor: Descriptor

    def activate(self, sample_rate: float, max_block: int) -> Process:
        """Allocate, plan and compile. [main-thread & !active]"""
        ...

    def deactivate(self) -> None:
        """Release what `activate` made, once the audio thread has let go. [main-thread]"""
        ...
