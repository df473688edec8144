"""A real window on a screen of its own, on a JACK server, never at rest. Oracle: the samples that were played.

$UNFOLD_RIG_SECONDS sets how long, a few seconds by default; $UNFOLD_PICTURE keeps the picture that is taken.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import numpy as np
import pytest
import soundfile
from PySide6.QtGui import QImage
from scipy.signal import resample_poly

from realtime.engine.preset import BUILT_IN
from realtime.model import save_model
from tests.rig.jack_server import JackServer
from tests.rig.player import PlayerProcess
from tests.test_model import make_model

SECONDS = float(os.environ.get("UNFOLD_RIG_SECONDS", "10"))
RATE = 48000


@pytest.mark.timeout(120 + 2 * SECONDS)
@pytest.mark.parametrize("jack", [(RATE, 256)], indirect=True, ids=["256"])
def test_nothing_the_window_does_costs_a_sample(jack: JackServer, tmp_path: Path) -> None:
    if shutil.which("xvfb-run") is None and not os.environ.get("CI"):
        pytest.skip("xvfb-run is not installed; on Debian: apt install xvfb xauth")
    save_model(tmp_path / "other.safetensors", make_model(context=3, n_layers=30))
    (tmp_path / "other.toml").write_text('[[chain]]\nplugin = "denoise"\nmodel = "other.safetensors"\n')
    clip, rate = soundfile.read(BUILT_IN / "demo.flac", dtype="float32")
    samples = np.resize(resample_poly(clip, RATE, rate), int(SECONDS * RATE)).astype(np.float32)
    picture = Path(os.environ.get("UNFOLD_PICTURE", tmp_path / "window.png"))
    command = ["xvfb-run", "-a", "-s", "-screen 0 1920x1080x24", sys.executable, "-m", "tests.gui.live_window"]
    command += ["--rate", str(RATE), "--block", str(jack.period), "--seconds", str(SECONDS)]
    command += ["--folder", str(tmp_path / "takes"), "--other", str(tmp_path / "other.toml"), "--picture", str(picture)]
    environ = jack.environ | {"QT_QPA_PLATFORM": "xcb", "XDG_CONFIG_HOME": str(tmp_path / "home")}
    with (
        PlayerProcess(jack, samples, tmp_path, "--lead", "1") as player,
        subprocess.Popen(command, env=environ, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True) as window,
    ):
        try:
            _, facts = player.result(1.5 * SECONDS + 60)  # a loaded machine lets JACK's cycles wait
            out, errors = window.communicate(timeout=60)
        finally:
            window.kill()
    assert window.returncode == 0, errors
    began, status = map(json.loads, out.splitlines())
    assert began["muted"] and "howls" in began["told"]
    print({k: status[k] for k in ("dropouts", "late_blocks", "load_p99", "load_max", "counts", "memory")}, facts)
    print({k: status[k] for k in ("frames", "dropped", "painted")})
    assert facts["played"] == len(samples) and facts["lost"] == 0
    (dry,) = (tmp_path / "takes").glob("*-dry.wav")
    heard = soundfile.read(dry, dtype="float32")[0]
    first = int(np.flatnonzero(heard == samples[0])[0])
    heard = heard[first:][: len(samples)]
    wrong = np.flatnonzero(heard != samples[: len(heard)])
    assert len(heard) == len(samples) and not len(wrong), f"{len(heard)} came, the first wrong one is {wrong[:1]}"
    assert status["failed_blocks"] == status["bad_blocks"] == status["refused_rows"] == 0
    assert status["counts"]["depth"] >= SECONDS / 2 and status["counts"]["swap"] >= SECONDS / 10
    assert status["painted"] > 10 * SECONDS
    if SECONDS >= 60:
        early, late = status["memory"]
        assert late <= 1.05 * early
    image = QImage(str(picture))
    assert image.width() >= 1280 and len({image.pixel(x, 250) for x in range(300, 900)}) > 50
