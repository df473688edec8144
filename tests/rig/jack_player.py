"""A JACK client that plays a file and records the answer, aligned by its own frame count.

PortAudio lists it as a device named after the client, with an input channel for every channel of the file (its output
ports) and 2 output channels (its input ports). Run it as a process of its own: `python -m tests.rig.jack_player
--play FILE.npy --capture OUT.npy --seconds S`. Lines on stdout: "ready" once it can be seen, "playing" once both sides
are connected.
"""

import argparse
import ctypes
import ctypes.util
import json
import sys
import threading
import time
from pathlib import Path

import jack
import numpy as np
from numba import carray, cfunc, types

from realtime.base.intrinsics import floats, integers

# Fields of the state table. First those fixed before activation; GO is the main thread's, the rest JACK's.
CLIENT, N_OUTS, OUTS, INS, PLAY, N_PLAY, CAPTURE, N_CAPTURE, GO, CAPTURED, PLAYED, START, FRAME, LOST = range(14)
N_FIELDS = 14
NOT_YET = -1
N_INS = 2

_libjack = ctypes.CDLL(ctypes.util.find_library("jack") or "libjack.so.0")
get_buffer = _libjack.jack_port_get_buffer
get_buffer.argtypes = [ctypes.c_size_t, ctypes.c_uint32]
get_buffer.restype = ctypes.c_size_t
last_frame_time = _libjack.jack_last_frame_time
last_frame_time.argtypes = [ctypes.c_size_t]
last_frame_time.restype = ctypes.c_uint32


@cfunc(types.int32(types.uint32, types.CPointer(types.int64)), error_model="numpy")
def process(n, table):
    """Record one cycle and play one. No Python, no allocation: the buffers are there before it is called."""
    state = carray(table, N_FIELDS)
    now = types.int64(last_frame_time(types.uint64(state[CLIENT])))
    if state[FRAME] != NOT_YET:
        state[LOST] += (now - state[FRAME] - n) & 0xFFFFFFFF
    state[FRAME] = now
    if state[GO] and state[START] == NOT_YET:
        state[START] = state[CAPTURED]
    n_played = min(types.int64(n), state[N_PLAY] - state[PLAYED]) if state[START] != NOT_YET else types.int64(0)
    n_captured = min(types.int64(n), state[N_CAPTURE] - state[CAPTURED])
    outs, ins = integers(state[OUTS], state[N_OUTS]), integers(state[INS], N_INS)
    for c in range(state[N_OUTS]):
        sink = floats(types.int64(get_buffer(types.uint64(outs[c]), types.uint32(n))), types.int64(n))
        play = floats(state[PLAY] + 4 * c * state[N_PLAY], state[N_PLAY])
        for i in range(n):
            sink[i] = play[state[PLAYED] + i] if i < n_played else 0.0
    for c in range(N_INS):
        source = floats(types.int64(get_buffer(types.uint64(ins[c]), types.uint32(n))), types.int64(n))
        capture = floats(state[CAPTURE] + 4 * c * state[N_CAPTURE], state[N_CAPTURE])
        for i in range(n_captured):
            capture[state[CAPTURED] + i] = source[i]
    state[PLAYED] += n_played
    state[CAPTURED] += n_captured
    return 0


class Player:
    """The client. Its callback is a C function, so this process's Python never delays a cycle.

    Parameters
    ----------
    name : str
        Client name.
    samples : float32[n_channels, n]
        What to play.
    seconds : float
        Longest recording.
    """

    def __init__(self, name: str, samples: np.ndarray, seconds: float) -> None:
        self.client = jack.Client(name, use_exact_name=True, no_start_server=True)
        self.rate, self.period = self.client.samplerate, self.client.blocksize
        self.samples = np.ascontiguousarray(samples, np.float32)
        self.outs = [self.client.outports.register(f"out_{i + 1}") for i in range(len(samples))]
        self.ins = [self.client.inports.register(f"in_{i + 1}") for i in range(N_INS)]
        self.capture = np.zeros((N_INS, int(seconds * self.rate)), np.float32)
        self.xruns = 0
        self.state = state = np.zeros(N_FIELDS, np.int64)
        address = lambda pointer: int(jack._ffi.cast("uintptr_t", pointer))  # noqa: E731
        self.ports = np.array([address(port._ptr) for port in (*self.outs, *self.ins)], np.int64)
        state[CLIENT], state[N_OUTS], state[OUTS] = address(self.client._ptr), len(self.outs), self.ports.ctypes.data
        state[INS] = self.ports[len(self.outs) :].ctypes.data
        state[PLAY], state[N_PLAY] = self.samples.ctypes.data, self.samples.shape[1]
        state[CAPTURE], state[N_CAPTURE] = self.capture.ctypes.data, self.capture.shape[1]
        state[START] = state[FRAME] = NOT_YET
        callback = jack._ffi.cast("JackProcessCallback", process.address)
        if jack._lib.jack_set_process_callback(self.client._ptr, callback, jack._ffi.cast("void*", state.ctypes.data)):
            raise jack.JackError("the process callback was refused")
        self.client.set_xrun_callback(self._count_xrun)

    def _count_xrun(self, _delay: float) -> None:
        self.xruns += 1

    @property
    def is_connected(self) -> bool:
        """True when something both listens and answers."""
        return bool(self.outs[0].connections and self.ins[0].connections)

    def run(self, closed: threading.Event, lead: float, tail: float) -> None:
        """Play and record from activation until the file and its tail are over, the recording is full or `closed`.

        Parameters
        ----------
        closed : threading.Event
            Ends the run at once.
        lead, tail : float
            Seconds of silence between the connection and the first sample, and after the last.
        """
        rate, state = self.rate, self.state
        ready = start = end = 0
        with self.client:
            print("ready", flush=True)
            while not closed.is_set() and state[CAPTURED] < state[N_CAPTURE]:
                if not start:
                    ready = ready or (int(state[CAPTURED]) if self.is_connected else 0)
                    start = ready and state[CAPTURED] >= ready + lead * rate
                    if start:
                        state[GO] = 1
                        print("playing", flush=True)
                elif state[PLAYED] == state[N_PLAY]:
                    end = end or int(state[CAPTURED] + tail * rate)
                    if state[CAPTURED] >= end:
                        break
                time.sleep(0.005)

    def save(self, path: Path) -> None:
        """Write the recording, and beside it as JSON what happened."""
        state = self.state
        np.save(path, self.capture[:, : state[CAPTURED]])
        facts = {
            "play_start": int(state[START]),
            "played": int(state[PLAYED]),
            "captured": int(state[CAPTURED]),
            "lost": int(state[LOST]),
            "xruns": self.xruns,
            "rate": self.rate,
            "period": self.period,
        }
        path.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n")


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--play", type=Path, required=True, metavar="FILE.npy", help="float32[n_channels, n]")
    parser.add_argument("--capture", type=Path, required=True, metavar="OUT.npy", help="OUT.json is written beside it")
    parser.add_argument("--seconds", type=float, required=True, help="longest recording, counted from activation")
    parser.add_argument("--name", default="rig", help="client name")
    parser.add_argument("--lead", type=float, default=0.2, help="seconds of silence after the connection")
    parser.add_argument("--tail", type=float, default=0.5, help="seconds of silence after the last sample")
    args = parser.parse_args()
    player = Player(args.name, np.load(args.play), args.seconds)
    closed = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), closed.set()), daemon=True).start()
    player.run(closed, args.lead, args.tail)
    player.save(args.capture)


if __name__ == "__main__":
    main()
