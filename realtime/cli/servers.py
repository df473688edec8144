"""Which sound servers answer. PipeWire and PulseAudio by their Unix sockets, JACK through its library. Main thread."""

import ctypes
import ctypes.util
import os
import socket
import sys
from pathlib import Path

NO_START_SERVER = 1  # JackNoStartServer of jack/types.h
PATIENCE_S = 1.0

_Printer = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
_silent = _Printer(lambda _: None)  # kept here: libjack holds its address


def sound_servers() -> dict[str, bool]:
    """Return whether each sound server that this system can have answers. [main-thread]"""
    found = {"JACK": _jack_answers()}
    if sys.platform == "linux":  # the sockets of Linux desktops
        found |= {"PipeWire": _answers(_pipewire_socket()), "PulseAudio": _answers(_pulse_socket())}
    return found


def _jack_answers() -> bool:
    name = ctypes.util.find_library("jack") or ctypes.util.find_library("libjack64")
    try:
        jack = ctypes.CDLL(name) if name else None
    except OSError:
        return False
    if jack is None:
        return False
    jack.jack_client_open.restype = ctypes.c_void_p
    for setter in (jack.jack_set_error_function, jack.jack_set_info_function):
        setter(_silent)  # it complains on stderr where no server runs, which is our answer and no error
    status = ctypes.c_int()
    client = jack.jack_client_open(b"unfold-doctor", NO_START_SERVER, ctypes.byref(status))
    if client:
        jack.jack_client_close(ctypes.c_void_p(client))
    return bool(client)


def _runtime_folder() -> Path:
    return Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")


def _pipewire_socket() -> Path:
    folder = os.environ.get("PIPEWIRE_RUNTIME_DIR")
    return (Path(folder) if folder else _runtime_folder()) / os.environ.get("PIPEWIRE_REMOTE", "pipewire-0")


def _pulse_socket() -> Path:
    named = os.environ.get("PULSE_SERVER", "").removeprefix("unix:")
    if named.startswith("/"):
        return Path(named)
    folder = os.environ.get("PULSE_RUNTIME_PATH")
    return (Path(folder) if folder else _runtime_folder() / "pulse") / "native"


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE_S)
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True
