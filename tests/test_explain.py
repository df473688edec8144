"""Oracle: the kernel itself, through the masks of its taps, and a divergence written as a loop."""

import numpy as np
import pytest

from realtime.engine.chain import Chain
from realtime.explain import EVERY, EXPLAINED, REMEMBERED, TOLD, explain, explainer_of
from realtime.plugins.denoise import Denoise
from realtime.render import Stream
from realtime.watch import Watch
from tests.test_adaptivemodel import make_adaptive_model
from tests.test_densemodel import make_dense_model
from tests.test_model import make_model

CONTEXT = 2


@pytest.mark.parametrize("heard", [None, frozenset({0, 3, 7})])
@pytest.mark.parametrize("rate", [16000, 8000])
def test_every_depth_agrees_with_the_kernel(rate: int, heard: frozenset[int] | None) -> None:
    model = make_model(CONTEXT, n_layers=4)
    plugin = Denoise(model)
    chain = Chain([plugin], rate)
    plugin.hear(heard)
    stream, watch = Stream(chain), Watch(chain, (0, 1, 2, 3, 4))
    stream.process(np.random.default_rng(0).normal(0, 0.1, rate // 2).astype(np.float32))
    columns = watch.read()
    stacks = np.stack([columns.magnitudes[i - 1 : i + 1] for i in (20, 30, 40)])
    explanation = explain(model, stacks, heard)
    current = stacks[:, -1].astype(np.float64)
    for depth in range(5):
        mask = columns.taps[[20, 30, 40], depth].astype(np.float64)
        wanted = -10 * np.log10(np.sum((mask * current) ** 2) / np.sum(current**2))
        assert explanation.removed_db[depth] == pytest.approx(wanted, abs=1e-3)


def test_divergence_is_that_of_the_definition_and_falls_with_depth() -> None:
    model = make_model(1, n_layers=5)
    x = np.random.default_rng(1).uniform(0.1, 1, (1, 1, 257)).astype(np.float32)
    explanation = explain(model, x)
    h = np.ones(model.n_bases)
    for i, mu in zip(model.layers, model.sparsity, strict=True):
        v = model.weights[i].astype(np.float64)
        h *= v.T @ (x[0, 0] / (v @ h)) / (v.sum(axis=0) + mu)
    w = model.weights[model.readouts[0]].astype(np.float64)
    model_x = w @ h
    model_x *= x.sum() / model_x.sum()
    wanted = sum(m * np.log(m / y) - m + y for m, y in zip(x[0, 0].astype(np.float64), model_x, strict=True))
    assert explanation.divergence[-1] == pytest.approx(wanted / x.sum(), rel=1e-3)
    assert explanation.divergence[-1] < explanation.divergence[0]


def test_stacks_end_with_the_newest_columns() -> None:
    model = make_model(CONTEXT, n_layers=3)
    explainer = explainer_of(model, 512)
    assert explainer is not None and explainer.n_columns == EXPLAINED * EVERY + CONTEXT
    columns = np.random.default_rng(2).uniform(0.1, 1, (explainer.n_columns, 257)).astype(np.float32)
    ends = [len(columns) - i * EVERY for i in range(EXPLAINED)][::-1]
    wanted = explain(model, np.stack([columns[end - CONTEXT : end] for end in ends]), frozenset({1}))
    found = explainer(columns, frozenset({1}), None)
    assert np.array_equal(found.divergence, wanted.divergence) and np.array_equal(found.removed_db, wanted.removed_db)


@pytest.mark.parametrize("rate", [16000, 8000])
def test_a_network_that_remembers_agrees_with_its_taps_whatever_it_was_asked_before(rate: int) -> None:
    """From the first column on; the room was given from outside, and is none."""
    model = make_adaptive_model()
    depths = tuple(range(model.n_layers + 1))
    plugin = Denoise(model)
    chain = Chain([plugin], rate)
    chain.parameter("denoise", "adapt")[1][0] = 0
    stream, watch = Stream(chain), Watch(chain, depths)
    stream.process(np.random.default_rng(3).normal(0, 0.1, int(2.2 * rate)).astype(np.float32))
    columns = watch.read()
    magnitudes = columns.magnitudes[:REMEMBERED] * watch.full_scale
    explainer = explainer_of(model, watch.n_fft)
    assert explainer is not None and explainer.n_columns == REMEMBERED
    room = np.ones((2, watch.n_bins), np.float32)
    other = explainer(magnitudes[::-1], frozenset({0}), room)
    found = explainer(magnitudes, None, None)
    told = slice(REMEMBERED - TOLD, REMEMBERED)
    before = np.sum(magnitudes[told].astype(np.float64) ** 2)
    for depth in depths:
        after = np.sum((columns.taps[told, depth] * magnitudes[told]).astype(np.float64) ** 2)
        assert found.removed_db[depth] == pytest.approx(-10 * np.log10(after / before), abs=1e-3)
    assert np.isfinite(found.divergence).all() and not np.allclose(found.removed_db, other.removed_db)


def test_a_network_without_bases_explains_nothing() -> None:
    assert explainer_of(make_dense_model(), 512) is None and explainer_of(None, 512) is None
