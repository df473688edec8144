"""The simplest stream there is, as its own process: an ordinary Python callback that copies its input.

Prints the opened device and the latency it claims as JSON, runs until stdin closes, then prints what it counted.
"""

import argparse
import json
import sys
from typing import Any

import sounddevice as sd


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="rig")
    parser.add_argument("--rate", type=int, default=48000)
    parser.add_argument("--block", type=int, default=128)
    args = parser.parse_args()
    counts = {"callbacks": 0, "flagged": 0, "longest": 0}

    def copy(source: Any, target: Any, frames: int, _time: Any, flags: sd.CallbackFlags) -> None:
        target[:] = source
        counts["callbacks"] += 1
        counts["flagged"] += bool(flags)
        counts["longest"] = max(counts["longest"], frames)

    device = sd.query_devices(args.device)
    with sd.Stream(args.rate, args.block, args.device, 1, "float32", callback=copy) as stream:
        facts = {
            "device": device["name"],
            "api": sd.query_hostapis(device["hostapi"])["name"],
            "inputs": device["max_input_channels"],
            "outputs": device["max_output_channels"],
            "latency": stream.latency,
        }
        print(json.dumps(facts), flush=True)
        sys.stdin.read()
    print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    main()
