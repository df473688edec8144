"""`unfold live` in a process whose main thread holds the interpreter lock, half a second again and again.

Prints the engine's status as JSON lines, the last one marked final. With --other it also swaps between two presets,
changes the depth and toggles bypass in random order, and says in the end how often.
"""

import argparse
import ctypes
import json
import threading
import time
from pathlib import Path

import numpy as np

from realtime.cli.live import Live, Session, run_live
from realtime.engine.preset import load_preset

HOLD_US = 500_000
DEPTHS = (1, 3)  # besides a preset's own


def meddle(session: Session, other: str) -> None:
    """Run for the session's seconds, one random change after the other."""
    rng = np.random.default_rng(0)
    presets = [load_preset(session.preset), load_preset(other)]
    counts = {"swap": 0, "layers": 0, "bypass": 0}
    heard, bypassed = 0, False
    running = Live(session)
    running.start()
    began = time.monotonic()
    while time.monotonic() - began < (session.seconds or 0):
        action = str(rng.choice(list(counts)))
        if action == "swap":
            heard = 1 - heard
            running.host.swap(presets[heard].chain(running.host.sample_rate))
        elif action == "layers":
            running.host.set("denoise", "layers", float(rng.choice(DEPTHS)))
        else:
            bypassed = not bypassed
            running.host.bypass(bypassed)
        counts[action] += 1
        time.sleep(0.09)
    running.stop()
    print(json.dumps(running.host.status().as_dict() | {"final": True, "counts": counts}))


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="rig")
    parser.add_argument("--rate", type=int, default=48000)
    parser.add_argument("--block", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--preset", default="default")
    parser.add_argument("--other", help="second preset; without it nothing is changed")
    parser.add_argument("--release", type=float, default=0.05, help="seconds between two holds")
    args = parser.parse_args()
    times = {"block": args.block, "rate": args.rate, "seconds": args.seconds}
    session = Session(args.device, args.device, args.preset, record=args.record, **times)
    work = (lambda: meddle(session, args.other)) if args.other else (lambda: run_live(session, as_json=True))
    thread = threading.Thread(target=work)
    hold = ctypes.PyDLL(None).usleep  # a PyDLL call keeps the lock
    thread.start()
    while thread.is_alive():
        hold(HOLD_US)
        thread.join(args.release)


if __name__ == "__main__":
    main()
