"""Oracle: real distributions, written as an installer leaves them on disk and put on the import path."""

import sys
from pathlib import Path

import numpy as np
import pytest

from realtime.base import safety
from realtime.base.errors import PluginError, PresetError
from realtime.engine.preset import list_presets, load_preset
from realtime.engine.registry import plugin_class, plugin_classes
from realtime.plugins.gain import Gain
from realtime.render import render

INVERTER = '''
import numpy as np
from numba import carray
from realtime.base.safety import realtime_callback
from realtime.plugin import RUN_SIGNATURE, Descriptor, Process

@realtime_callback(RUN_SIGNATURE)
def run(state, source, target, n_frames):
    """Turn the sound upside down. [audio-thread]"""
    x, y = carray(source, (n_frames,)), carray(target, (n_frames,))
    for i in range(n_frames):
        y[i] = -x[i]
    return 0

class Plugin:
    descriptor = Descriptor("{name}", "Inverter", "Turns the sound upside down.")
    def activate(self, sample_rate, max_block):
        return Process(run.address, 0, np.zeros(0, np.float32), 0)
    def deactivate(self):
        pass
'''
PYTHON_ONLY = """
import numpy as np
from realtime.plugin import Descriptor, Process

class Plugin:
    descriptor = Descriptor("{name}", "Python", "Would run Python on the audio thread.")
    def activate(self, sample_rate, max_block):
        return Process(self.run, 0, np.zeros(0, np.float32), 0)
    def run(self, state, source, target, n_frames):
        return 0
    def deactivate(self):
        pass
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function that installs a distribution with one plugin, whose module holds the given source."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(safety.FLAGS, "cache", False)  # its kernels would outlive it in the user's cache
    modules = []

    def put(name: str, source: str, module: str | None = None, entry: str = "Plugin") -> Path:
        module = module or f"stranger_{name}"
        modules.append(module)
        (tmp_path / f"{module}.py").write_text(source.replace("{name}", name))
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[unfold.plugins]\n{name} = {module}:{entry}\n")
        preset = tmp_path / f"{name}.toml"
        preset.write_text(f'[[chain]]\nplugin = "gain"\n[[chain]]\nplugin = "{name}"\n')
        return preset

    yield put
    for module in modules:
        sys.modules.pop(module, None)


def test_built_ins_come_through_the_entry_points() -> None:
    classes = plugin_classes()
    assert {"denoise", "gain", "delay"} <= set(classes) and classes["gain"] is Gain
    assert all(name == made.descriptor.id for name, made in classes.items())


def test_a_stranger_runs_beside_the_built_ins(install) -> None:
    preset = install("inverter", INVERTER)
    assert plugin_classes()["inverter"].descriptor.name == "Inverter"
    x = np.linspace(-1, 1, 3000, dtype=np.float32)
    assert np.array_equal(render(x, load_preset(str(preset)).chain(48000)), -x)


def test_python_on_the_audio_thread_is_refused_with_what_to_do(install) -> None:
    preset = install("snake", PYTHON_ONLY)
    with pytest.raises(PluginError, match=r"no Python runs on the audio thread; give the address of compiled code"):
        load_preset(str(preset)).chain(48000)


@pytest.mark.parametrize(
    ("source", "entry", "sentence"),
    [
        (
            "def process(x): return x",
            "process",
            "has no descriptor and no activate and no deactivate; a plugin is a class",
        ),
        ("raise RuntimeError('no licence')", "Plugin", "cannot be imported: no licence"),
        ("import a_module_that_is_not_there", "Plugin", "cannot be imported: No module named"),
        ("x = 1", "Plugin", "cannot be imported: module 'stranger_broken' has no attribute 'Plugin'"),
    ],
)
def test_a_broken_stranger_is_named_and_hurts_nobody_else(install, source, entry, sentence) -> None:
    preset = install("broken", source, entry=entry)
    with pytest.raises(PluginError, match=sentence):
        plugin_classes()
    with pytest.raises(PresetError, match=sentence):
        load_preset(str(preset)).chain(48000)
    assert plugin_class("gain") is Gain
    assert load_preset("default").chain(48000).latency == 1536
    assert list_presets()


def test_two_plugins_of_one_id_are_refused(install) -> None:
    install("gain", INVERTER, module="imposter")
    with pytest.raises(PluginError, match="two plugins are called 'gain'"):
        plugin_class("gain")


def test_an_unknown_plugin_names_what_is_there() -> None:
    with pytest.raises(PluginError, match=r"no plugin 'reverb'; there are: .*delay, denoise, gain"):
        plugin_class("reverb")
