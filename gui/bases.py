"""Hear some bases of a network alone: the same model with its columns in another order. No Qt; any thread.

The mask is the share of the first source's bases. Each activation is updated by itself, so the order of the columns
changes nothing else: with the chosen bases first, exactly they are heard, and the parts heard with a choice and with
all the others add up to the input.
"""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from realtime.base.errors import ModelError
from realtime.engine.chain import Chain
from realtime.engine.preset import Preset, Stage
from realtime.model import Model, load_model, save_model


def model_of(preset: Preset) -> Model | None:
    """Return the model of a preset's first unfolded network, or None; raises ModelError."""
    for stage in preset.stages:
        if stage.plugin == "denoise":
            model = load_model(preset.path.parent / stage.options["model"])
            return model if isinstance(model, Model) else None
    return None


def choosing(model: Model, kept: frozenset[int]) -> Model:
    """Return the model whose first source is these bases, 0 to R - 1; at least one must be left on each side."""
    first = [i for i in range(model.n_bases) if i in kept]
    rest = [i for i in range(model.n_bases) if i not in kept]
    order = np.array(first + rest)
    weights = tuple(np.ascontiguousarray(w[:, order]) for w in model.weights)
    return replace(model, sources=(("heard", len(first)), ("rest", len(rest))), weights=weights)


def chain_of(preset: Preset, kept: frozenset[int], sample_rate: float, latency_ms: int, amount_db: float) -> Chain:
    """Return a preset's chain in which only these bases are heard."""
    with TemporaryDirectory() as folder:
        stages: list[Stage] = []
        for i, stage in enumerate(preset.stages):
            if stage.plugin == "denoise":
                path = Path(folder) / f"{i}.safetensors"
                model = load_model(preset.path.parent / stage.options["model"])
                if not isinstance(model, Model):
                    raise ModelError(f"preset {preset.name!r} has a network without bases; choose another one")
                save_model(path, choosing(model, kept))
                stage = replace(stage, options=stage.options | {"model": str(path)})
            stages.append(stage)
        return replace(preset, stages=tuple(stages)).chain(sample_rate, latency_ms, None, amount_db)
