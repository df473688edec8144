"""The latency as the window measures it. Oracle: a loop in JACK, one period long, behind blocks of a known size."""

import json
import re
import sys
import time
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from tests.rig.jack_server import JackServer

BLOCK = 256


@pytest.mark.parametrize("jack", [(48000, 256)], indirect=True, ids=["256"])
def test_the_latency_told_is_that_of_the_loop(jack: JackServer, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.gui.live_window", "--device", "loop", "--rate", "48000", "--measure"]
    command += ["--block", str(BLOCK), "--seconds", "30", "--folder", str(tmp_path / "takes"), "--other", "default"]
    command += ["--picture", str(tmp_path / "window.png")]
    environ = jack.environ | {"QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path / "home")}
    with Popen([sys.executable, "-m", "tests.rig.loop"], env=environ, stdin=PIPE, stdout=PIPE) as loop:
        assert loop.stdout is not None and loop.stdout.readline() == b"ready\n"
        with Popen(command, env=environ, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True) as window:
            try:
                time.sleep(13)  # until the window measures, and the two seconds that it takes
                out, errors = window.communicate(timeout=60)
            finally:
                window.kill()
                loop.communicate()
    assert window.returncode == 0, errors
    ended = json.loads(out.splitlines()[-1])
    latency = ended["latency_ms"]
    assert latency["measured"] == pytest.approx(latency["algorithm"] + 1000 * (jack.period + BLOCK) / jack.rate)
    told = [re.match(r"([\d.]+) ms from the input to the output, measured", sentence) for sentence in ended["said"]]
    assert [float(found[1]) for found in told if found] == [pytest.approx(latency["measured"], abs=0.06)]
