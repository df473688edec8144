"""Oracle: sockets that this test opens, in the places where the servers have theirs."""

import os
import socket
import sys
from pathlib import Path

import pytest

from realtime.cli.priority import priority
from realtime.cli.servers import sound_servers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sockets of Linux desktops")


@pytest.mark.parametrize("listening", [set(), {"PipeWire"}, {"PulseAudio"}, {"PipeWire", "PulseAudio"}])
def test_a_server_answers_where_its_socket_listens(
    listening: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket has at most 108 bytes
    for name in ("PIPEWIRE_RUNTIME_DIR", "PIPEWIRE_REMOTE", "PULSE_SERVER", "PULSE_RUNTIME_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", ".")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "none-of-this-name")
    Path("pulse").mkdir()
    sockets = []
    for name, path in (("PipeWire", "pipewire-0"), ("PulseAudio", "pulse/native")):
        sockets.append(socket.socket(socket.AF_UNIX))
        sockets[-1].bind(path)
        if name in listening:  # otherwise a server that died and left its socket behind
            sockets[-1].listen()
    assert sound_servers() == {
        "JACK": False,
        "PipeWire": "PipeWire" in listening,
        "PulseAudio": "PulseAudio" in listening,
    }
    for s in sockets:
        s.close()


def test_elsewhere_nothing_of_linux_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "none-of-this-name")
    assert set(sound_servers()) == {"JACK"}
    assert priority() is None


def test_trying_for_priority_leaves_this_thread_as_it_was() -> None:
    before = os.sched_getscheduler(0)
    assert priority() is not None
    assert os.sched_getscheduler(0) == before
