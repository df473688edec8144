"""Oracles: the inequality that defines the depth, the model's own sizes, and identities between the figures."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.cli.bench import BLOCKS, RATES, deepest
from realtime.engine.preset import load_preset

times = st.floats(1e-6, 1e-2)


@given(times, st.integers(1, 4), times, times, st.floats(0.1, 1.0))
def test_the_deepest_fits_and_one_more_does_not(
    block: float, columns: int, constant: float, layer: float, load: float
) -> None:
    depth = deepest(block, columns, constant, layer, load)
    spent = [columns * (constant + k * layer) for k in (depth, depth + 1)]
    assert depth == 0 or spent[0] <= load * block * (1 + 1e-9)
    assert spent[1] >= load * block * (1 - 1e-9)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What `unfold bench --json` says where there is also a preset without the denoiser."""
    folder = tmp_path_factory.mktemp("config")
    (folder / "unfold" / "presets").mkdir(parents=True)
    (folder / "unfold" / "presets" / "quiet.toml").write_text('[[chain]]\nplugin = "gain"\n')
    environ = os.environ | {"XDG_CONFIG_HOME": str(folder)}
    command = [sys.executable, "-m", "realtime.cli.app", "bench", "--json"]
    return json.loads(subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout)


def test_every_preset_is_measured_at_every_rate(report: dict) -> None:
    built_in = {path.stem for path in (Path(__file__).parents[2] / "presets").glob("*.toml")}
    measured = [(speed["preset"], speed["sample_rate"]) for speed in report["presets"]]
    assert sorted(measured) == sorted((name, rate) for name in built_in | {"quiet"} for rate in RATES)
    assert report["machine"]["cores"] == os.cpu_count()


def test_the_figures_are_those_of_the_model_and_agree(report: dict) -> None:
    plugin = load_preset("sparse").chain(48000).plugins[0]
    for speed in report["presets"]:
        assert speed["real_time_factor"] > 0
        if speed["preset"] == "quiet":
            assert speed["layer_us"] is None
            continue
        assert speed["column_load"] == pytest.approx(speed["real_time_factor"])
        assert speed["column_us"] == pytest.approx(1e3 * speed["column_load"] * speed["hop_ms"])
        assert set(speed["depth_at_half_load"]) == {str(block) for block in BLOCKS}
        if speed["preset"] == "sparse":
            assert speed["n_bases"] == plugin.model.n_bases
            assert speed["n_rows"] == plugin.model.n_bins * plugin.model.context
            n_weights = speed["n_rows"] * speed["n_bases"]
            assert speed["gflop_per_s"] == pytest.approx(4 * n_weights / speed["layer_us"] / 1e3)
