"""Oracles: an exact delay, the render itself, a program that copies its file."""

import sys

import numpy as np
import pytest

from realtime.base.errors import UnfoldError
from realtime.engine.preset import BUILT_IN, load_preset
from realtime.model import Model, load_model
from realtime.render import render
from training.systems import PEERS, System, command_system, lined_up, peer_system, preset_system

X = (0.1 * np.random.default_rng(0).standard_normal(16000)).astype(np.float32)
FAILS = 'cp "$1" "$2"; echo no more >&2; exit 3'
NAN = (
    f"{sys.executable} -c 'import sys, numpy, soundfile; "
    'soundfile.write(sys.argv[2], numpy.full(9, numpy.nan), 16000, subtype="FLOAT")\' {in} {out}'
)
COPY = f"{sys.executable} -c 'import sys,shutil; shutil.copy(sys.argv[1], sys.argv[2])' {{in}} {{out}}"


def test_a_preset_is_rendered_at_the_depth_asked_for() -> None:
    system = preset_system("sparse", layers=2)
    assert np.array_equal(system.enhance(X), render(X, load_preset("sparse").chain(16000, layers=2)))
    model = load_model(BUILT_IN / "models" / "sparse.safetensors")
    assert isinstance(model, Model) and system.n_parameters == model.n_parameters
    assert system.macs_per_column == 2 * 2 * model.weights[0].size + model.weights[1].size


@pytest.mark.parametrize("lag", [0, 1, 320, 3000])
def test_a_constant_delay_is_taken_out_exactly(lag: int) -> None:
    late = System("late", lambda x: np.concatenate([np.zeros(lag, np.float32), x])[: len(x)])
    assert np.array_equal(lined_up(late, [X, X[:8000]]).enhance(X), X)


def test_a_program_gets_the_samples_and_gives_them_back() -> None:
    assert np.array_equal(command_system("copy", COPY).enhance(X), X)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: command_system("none", "true"), "write where the two files belong"),
        (lambda: command_system("none", "true {in} {out}").enhance(X), "wrote no output"),
        (lambda: command_system("false", "false {in} {out}").enhance(X), "ended with exit status 1"),
        (lambda: command_system("late", f"sh -c '{FAILS}' - {{in}} {{out}}").enhance(X), "exit status 3: no more"),
        (lambda: command_system("absent", "nosuchprogram {in} {out}").enhance(X), "nosuchprogram: No such file"),
        (lambda: command_system("quote", "prog ' {in} {out}"), "close its quotes"),
        (lambda: command_system("", "prog {in} {out}"), "write NAME="),
        (lambda: command_system("nan", NAN).enhance(X), "no numbers"),
        (lambda: peer_system("nobody"), "there are: rnnoise"),
    ],
)
def test_bad_input_gives_one_sentence(make, words: str) -> None:
    with pytest.raises(UnfoldError, match=words):
        make()


@pytest.mark.parametrize("name", PEERS)
def test_an_installed_peer_returns_as_many_samples(name: str) -> None:
    try:
        system = peer_system(name)
    except UnfoldError as missing:
        pytest.skip(str(missing))
    assert system.enhance(X).shape == X.shape
