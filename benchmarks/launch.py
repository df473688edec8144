"""Run a command and report its time and memory. As a program, the small parent that makes the memory figure right.

    python -S -m benchmarks.launch COMMAND ...

Linux counts towards a child's peak what its parent held when it forked, so a parent full of arrays would be measured
too; this one imports next to nothing.
"""

import json
import subprocess
import sys
import time


def measure(command: list[str], environ: dict[str, str]) -> tuple[float, float]:
    """Run a command to its end; return its s and its peak resident memory in MiB."""
    launcher = [sys.executable, "-S", "-m", "benchmarks.launch", *command]
    answer = subprocess.run(launcher, env=environ, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed: {answer.stderr.strip()[-500:]}")
    facts = json.loads(answer.stdout)
    return facts["seconds"], facts["peak_mib"]


def main() -> None:
    """Run the program."""
    import resource  # POSIX only

    began = time.perf_counter()
    subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"seconds": seconds, "peak_mib": peak / (2**20 if sys.platform == "darwin" else 2**10)}))


if __name__ == "__main__":
    main()
