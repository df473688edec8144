"""Oracles: the promised names and options, and the registries and PortAudio asked directly."""

import json

import pytest
import typer.main

from realtime.base.errors import ModelError
from realtime.cli.bench import Speed
from realtime.cli.commands import app
from realtime.engine.preset import list_presets
from realtime.engine.registry import plugin_classes

PROMISED = {
    "devices": {"--json"},
    "live": {
        "-i", "-o", "--preset", "--layers", "--amount", "--block", "--rate", "--latency-ms", "--seconds", "--record",
        "--channel", "--json",
    },
    "enhance": {"-o", "--preset", "--layers", "--amount", "--latency-ms", "--jobs"},
    "presets": {"--json"},
    "plugins": {"--json"},
    "doctor": set(),
    "bench": {"--json"},
}  # fmt: skip


@pytest.mark.parametrize("name", PROMISED)
def test_commands_keep_their_names_and_options(unfold, name) -> None:
    command = typer.main.get_command(app).commands[name]
    assert PROMISED[name] <= {option for parameter in command.params for option in parameter.opts}
    assert command.help
    assert f"Usage: unfold {name}" in unfold(name, "--help").out


def test_help_names_every_command(unfold) -> None:
    result = unfold("--help")
    assert result.status == 0 and all(f" {name} " in result.out for name in PROMISED)


def test_an_unknown_command_is_told(unfold) -> None:
    result = unfold("dance")
    assert result.status == 2 and "No such command 'dance'" in result.err


def test_presets_as_json_and_as_text(unfold) -> None:
    said = json.loads(unfold("presets", "--json").out)
    assert [(p["name"], p["description"]) for p in said] == [(p.name, p.description) for p in list_presets()]
    text = unfold("presets").out
    assert all(p["name"] in text and p["description"] in text for p in said)


def test_plugins_as_json_and_as_text(unfold) -> None:
    said = json.loads(unfold("plugins", "--json").out)
    assert {plugin["id"] for plugin in said} == set(plugin_classes())
    gain = next(plugin for plugin in said if plugin["id"] == "gain")
    assert gain["parameters"][0] | {"hint": "", "labels": []} == {
        "id": "gain", "name": "Gain", "minimum": -60.0, "maximum": 24.0, "default": 0.0, "unit": "dB", "hint": "",
        "labels": [],
    }  # fmt: skip
    assert "gain: -60 to 24 dB (default 0)" in unfold("plugins").out


def test_devices_as_json_are_what_portaudio_lists(unfold) -> None:
    result = unfold("devices", "--json")
    try:
        import sounddevice
    except OSError:
        assert result.is_one_sentence() and "PortAudio library is missing" in result.err
        return
    said = json.loads(result.out)
    assert [d["name"] for d in said] == [d["name"] for d in sounddevice.query_devices()]
    assert "unfold live -i demo" in unfold("devices").out or said


@pytest.fixture
def bad_presets(tmp_path, monkeypatch) -> list:
    """Two presets of the user that cannot be read, and a folder named like one."""
    monkeypatch.setattr("realtime.engine.preset.platformdirs.user_config_path", lambda name: tmp_path)
    (tmp_path / "presets" / "backup.toml").mkdir(parents=True)
    paths = [tmp_path / "presets" / f"{name}.toml" for name in "ab"]
    for path in paths:
        path.write_text("chain = [")
    return paths


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_bad_presets_are_named_after_the_good_ones(unfold, bad_presets, options) -> None:
    result = unfold("presets", *options)
    assert result.status == 1 and "default" in result.out and "backup" not in result.out + result.err
    assert [line.partition(" is not")[0] for line in result.err.splitlines()] == [f"error: {p}" for p in bad_presets]


def test_bad_presets_do_not_stop_the_bench(unfold, bad_presets, monkeypatch) -> None:
    def measure(preset, rate):
        if preset.name == "dnn":
            raise ModelError("its model is gone")
        return Speed(preset.name, rate, 0.5)

    monkeypatch.setattr("realtime.cli.bench._measure", measure)
    result = unfold("bench", "--json")
    names = {speed["preset"] for speed in json.loads(result.out)["presets"]}
    assert result.status == 1 and "default" in names and not {"a", "b", "dnn"} & names
    assert len(result.err.splitlines()) == 3 and result.err.endswith("error: its model is gone\n")
