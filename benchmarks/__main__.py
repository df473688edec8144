"""Run the benchmarks: all, and write the page of results, or one by name, and print it."""

import argparse
import datetime
from importlib import import_module
from pathlib import Path

from realtime.cli.machine import machine

NAMES = ("kernel", "callback", "enhance", "startup")
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=NAMES)
    name = parser.parse_args().name
    if name:
        print(import_module(f"benchmarks.{name}").run())
        return
    sections = ["# Benchmarks", "", f"Made by `make bench` on {datetime.date.today()}:", f"{machine()}.", ""]
    for name in NAMES:
        print(f"{name} ...", flush=True)
        before = machine().load_average
        sections += [import_module(f"benchmarks.{name}").run().strip(), ""]
        if before is not None:  # other programs on the machine make every figure worse
            sections += [f"Load average before and after: {before:.1f} and {machine().load_average:.1f}.", ""]
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text("\n".join(sections), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
