"""A device that is silent, and then dies under a running take. Oracles: what the window says, and the files."""

import json
import sys
import time
from pathlib import Path
from subprocess import PIPE, Popen

import numpy as np
import pytest
import soundfile

from tests.rig.jack_server import JackServer


@pytest.mark.parametrize("jack", [(48000, 256)], indirect=True, ids=["256"])
def test_silence_and_death_of_a_device_are_told_and_the_take_is_kept(jack: JackServer, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.gui.live_window", "--device", "system", "--rate", "48000", "--block", "256"]
    command += ["--seconds", "30", "--folder", str(tmp_path / "takes"), "--other", "default"]
    command += ["--picture", str(tmp_path / "window.png")]
    environ = jack.environ | {"QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path / "home")}
    with Popen(command, env=environ, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True) as window:
        try:
            assert window.stdout is not None and json.loads(window.stdout.readline())["muted"]
            time.sleep(5)  # of digital zero
            jack.kill()
            time.sleep(8)  # until it is noticed
            out, errors = window.communicate(timeout=60)
        finally:
            window.kill()
    assert window.returncode == 0, errors
    said = json.loads(out)["said"]
    assert any("digital zero" in sentence for sentence in said)
    assert any("The device stopped" in sentence for sentence in said)
    dry, wet = (next((tmp_path / "takes").glob(f"*-{side}.wav")) for side in ("dry", "wet"))
    silence = soundfile.read(dry)[0]
    assert len(silence) == soundfile.info(wet).frames > 3 * 48000 and not np.any(silence)
