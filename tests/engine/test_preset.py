"""Oracles: the values in the file itself, and the rule that bad content raises one sentence."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from realtime.base.errors import ModelError, PluginError, PresetError, UnfoldError
from realtime.engine import preset as presets
from realtime.engine.preset import BUILT_IN, Preset, Stage, list_presets, load_preset, save_preset, with_model
from realtime.model import save_model
from tests.test_model import make_model


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's preset folder, for this test alone."""
    monkeypatch.setattr(presets.platformdirs, "user_config_path", lambda name: tmp_path / name)
    mine = tmp_path / "unfold" / "presets"
    mine.mkdir(parents=True)
    return mine


def write(folder: Path, content: str, name: str = "mine") -> str:
    path = folder / f"{name}.toml"
    path.write_text(content, "utf-8")
    return str(path)


def values(chain) -> list[list[float]]:
    return [process.parameters.tolist() for process in chain.processes]


def test_built_in_presets_make_chains_at_any_rate() -> None:
    names = [preset.name for preset in list_presets()]
    assert "default" in names and names == sorted(names)
    for preset in list_presets():
        for rate in (8000, 44100, 96000):
            assert preset.chain(rate, 32).latency >= 0
        assert preset.description


def test_stages_get_their_own_values_in_order(folder: Path) -> None:
    """Two stages of one plugin do not share them."""
    path = write(
        folder,
        """
        description = "höher, tiefer"
        [[chain]]
        plugin = "gain"
        [chain.parameters]
        gain = 6
        [[chain]]
        plugin = "delay"
        milliseconds = 10
        [[chain]]
        plugin = "gain"
        [chain.parameters]
        gain = -7.5
        """,
    )
    preset = load_preset(path)
    chain = preset.chain(48000)
    assert preset.description == "höher, tiefer"
    assert values(chain) == [[6.0], [], [-7.5]]
    assert chain.latency == 480


def test_layers_and_amount_stand_in_for_the_files_own(folder: Path) -> None:
    save_model(folder / "m.safetensors", make_model())
    path = write(
        folder, '[[chain]]\nplugin = "denoise"\nmodel = "m.safetensors"\n[chain.parameters]\nlayers = 2\namount = 30\n'
    )
    preset = load_preset(path)
    assert values(preset.chain(16000)) == [[2, 30]]
    assert values(preset.chain(16000, layers=0, amount_db=0.0)) == [[0, 0]]
    assert values(preset.chain(16000, layers=3)) == [[3, 30]]
    assert preset.chain(16000, latency_ms=4).latency == 64


def test_no_stages_pass_the_sound_on(folder: Path) -> None:
    assert load_preset(write(folder, "chain = []")).chain(48000).latency == 0


def test_users_presets_come_first(folder: Path) -> None:
    write(folder, 'description = "my own"\nchain = []', "default")
    assert load_preset("default").description == "my own"
    listed = [preset for preset in list_presets() if preset.name == "default"]
    assert [preset.description for preset in listed] == ["my own"]
    assert BUILT_IN in presets.preset_folders()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("chain = [", "is not valid TOML"),
        ('\ufeff[[chain]]\nplugin = "gain"', "is not valid TOML"),
        ("", r"it needs \[\[chain\]\] entries"),
        ("chain = 5", r"it needs \[\[chain\]\] entries"),
        ("x = " + 3000 * "[", "is nested too deeply"),
        (f'[[chain]]\nplugin = "gain"\n[chain.parameters]\ngain = 1{400 * "0"}', r"it needs \[\[chain\]\] entries"),
        ("chain = [1]", r"it needs \[\[chain\]\] entries"),
        ("[[chain]]\nmodel = 'x'", r"it needs \[\[chain\]\] entries"),
        ('[[chain]]\nplugin = "gain"\nparameters = 3', r"it needs \[\[chain\]\] entries"),
        ('[[chain]]\nplugin = "gain"\n[chain.parameters]\ngain = "loud"', r"it needs \[\[chain\]\] entries"),
    ],
)
def test_malformed_files_are_one_sentence(folder: Path, content: str, sentence: str) -> None:
    path = write(folder, content)
    with pytest.raises(PresetError, match=sentence) as caught:
        load_preset(path)
    assert path in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(PresetError, match=sentence):
        list_presets()


@pytest.mark.parametrize(
    ("content", "kind", "sentence"),
    [
        ('plugin = "reverb"', PresetError, "there is no plugin 'reverb'; there are: "),
        ('plugin = "gain"\nsize = 3', PluginError, "plugin 'gain' cannot be made"),
        ('plugin = "delay"\nmilliseconds = -1', PluginError, "a delay of -1 ms was asked for"),
        ('plugin = "delay"\nmilliseconds = "long"', PluginError, "plugin 'delay' cannot be made"),
        ('plugin = "denoise"', PluginError, "missing 1 required positional argument: 'model'"),
        ('plugin = "denoise"\nmodel = "none.safetensors"', ModelError, "none.safetensors cannot be read"),
        ('plugin = "denoise"\nmodel = 5', ModelError, "5 cannot be read"),
        ('plugin = "denoise"\nmodel = "a\\u0000b"', ModelError, "cannot be read .embedded null byte"),
        (f'plugin = "delay"\nmilliseconds = 1{400 * "0"}', PluginError, "plugin 'delay' cannot be made"),
        ('plugin = "denoise"\nmodel = "mine.toml"', ModelError, "mine.toml is"),
        ('plugin = "gain"\n[chain.parameters]\nlevel = 3', PresetError, "plugin 'gain' has no parameter 'level'"),
        ('plugin = "gain"\n[chain.parameters]\ngain = 25', PresetError, "gain is 25 for preset 'mine'; -60 to 24 are"),
        ('plugin = "gain"\n[chain.parameters]\ngain = nan', PresetError, "gain is nan"),
        ('plugin = "gain"\n[chain.parameters]\ngain = -inf', PresetError, "gain is -inf"),
    ],
)
def test_chains_that_cannot_be_made_are_one_sentence(folder: Path, content: str, kind: type, sentence: str) -> None:
    preset = load_preset(write(folder, f"[[chain]]\n{content}"))
    with pytest.raises(kind, match=sentence) as caught:
        preset.chain(48000)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("asked", [{"layers": 26}, {"layers": -1}, {"amount_db": 101.0}, {"amount_db": np.nan}])
def test_values_beyond_the_model_are_refused(asked: dict[str, float]) -> None:
    with pytest.raises(PresetError, match=r"is (26|-1|101|nan) for preset 'sparse'; 0 to (25|100) are possible"):
        load_preset("sparse").chain(48000, **asked)


def test_layers_of_a_preset_without_the_denoiser_are_refused(folder: Path) -> None:
    preset = load_preset(write(folder, '[[chain]]\nplugin = "gain"'))
    with pytest.raises(PresetError, match="has no denoise stage, so no layers can be set"):
        preset.chain(48000, layers=3)


@pytest.mark.parametrize("wanted", ["nothing", "", "../default", "no/such.toml", "/"])
def test_what_is_not_there_is_one_sentence(wanted: str) -> None:
    with pytest.raises(UnfoldError) as caught:
        load_preset(wanted)
    assert "\n" not in str(caught.value)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(PresetError, match=r"no preset 'defualt'; there are: .*default"):
        load_preset("defualt")


def test_a_saved_preset_reads_back_the_same(tmp_path: Path) -> None:
    stages = (
        Stage("denoise", {"model": 'a "quoted" name.safetensors'}, {"layers": 2.0, "amount": 30.5}),
        Stage("delay", {}, {}),
        Stage("gain", {"flag": True, "count": 3}, {"gain": -6.0}),
    )
    preset = Preset("mine", "A line\nbreak, an ü and a \\.", tmp_path / "new" / "mine.toml", stages)
    save_preset(preset)
    assert load_preset(str(preset.path)) == preset
    (tmp_path / "file").write_text("")
    with pytest.raises(PresetError, match="cannot be written"):
        save_preset(replace(preset, path=tmp_path / "file" / "x.toml"))


@pytest.mark.parametrize("text", ["room 🎤", "a\x7fb\x00\x1f", 'C:\\ "x"\t', ""])
def test_any_text_number_and_key_reads_back_the_same(tmp_path: Path, text: str) -> None:
    options = {"a key, ü": text, "x.y": [1, 2.5, text], "low": -np.inf, "big": 1e300, "on": True, "t": {"é": {"k": 1}}}
    preset = Preset("mine", text, tmp_path / "mine.toml", (Stage("gain", options, {"a b": np.inf}),))
    save_preset(preset)
    assert load_preset(str(preset.path)) == preset
    assert list(tmp_path.iterdir()) == [preset.path]
    save_preset(replace(preset, stages=(Stage("gain", {"x": float("nan")}, {}),)))
    assert np.isnan(load_preset(str(preset.path)).stages[0].options["x"])


@pytest.mark.parametrize("value", ["\ud800", None, object(), {1}])
def test_what_toml_cannot_hold_is_one_sentence_and_writes_nothing(tmp_path: Path, value: object) -> None:
    preset = Preset("mine", "", tmp_path / "mine.toml", (Stage("gain", {"x": value}, {}),))
    with pytest.raises(PresetError, match="cannot hold this preset"):
        save_preset(preset)
    assert not list(tmp_path.iterdir())


def test_bad_files_do_not_hide_the_good_ones(folder: Path) -> None:
    write(folder, "chain = [", "broken")
    write(folder, "chain = [", "sparse")
    write(folder, "chain = []", "good")
    (folder / "backup.toml").mkdir()
    bad: list[UnfoldError] = []
    names = [preset.name for preset in list_presets(bad)]
    assert {"good", "default"} <= set(names) and not {"broken", "backup", "sparse"} & set(names)
    wanted = [f"{folder / name}.toml is not valid TOML" for name in ("broken", "sparse")]
    assert [str(error).partition(":")[0] for error in bad] == wanted
    with pytest.raises(PresetError) as caught:
        load_preset("nothing")
    assert "backup" not in str(caught.value)


def test_a_preset_whose_model_cannot_be_written_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up while the model is written: neither half a model nor a preset without one."""

    def fills_up(tensors: object, path: Path, meta: object) -> None:
        path.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("realtime.modelfile.save_file", fills_up)
    preset = Preset("base", "", BUILT_IN / "base.toml", (Stage("denoise", {"model": "other.safetensors"}, {}),))
    with pytest.raises(ModelError, match="No space left"):
        with_model(preset, make_model(), tmp_path / "new.toml", "")
    assert not list(tmp_path.iterdir())
