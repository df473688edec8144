"""The machine in words, for `doctor`, `bench` and whoever writes figures down. Main thread."""

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import llvmlite.binding
import numba
import numpy as np

SIMD = ("sse2", "avx", "avx2", "fma", "avx512f", "neon", "sve")


@dataclass(frozen=True)
class Machine:
    """What runs the kernels. None where the system does not say."""

    cpu: str
    llvm_cpu: str
    cores: int
    simd: tuple[str, ...]
    memory_gib: float | None
    load_average: float | None
    system: str
    python: str
    numba: str
    numpy: str

    def __str__(self) -> str:
        memory = f", {self.memory_gib:.0f} GiB" if self.memory_gib else ""
        busy = f", load average {self.load_average:.1f}" if self.load_average is not None else ""
        return (
            f"{self.cpu} ({self.llvm_cpu}: {', '.join(self.simd)}), {self.cores} cores{memory}{busy}, {self.system}, "
            f"Python {self.python}, Numba {self.numba}, NumPy {self.numpy}"
        )


def machine() -> Machine:
    """Describe this machine. [main-thread]"""
    return Machine(
        cpu=_cpu(),
        llvm_cpu=llvmlite.binding.get_host_cpu_name(),
        cores=os.cpu_count() or 1,
        simd=simd_features(),
        memory_gib=_memory_gib(),
        load_average=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        system=_system(),
        python=platform.python_version(),
        numba=numba.__version__,
        numpy=np.__version__,
    )


def simd_features() -> tuple[str, ...]:
    """Return the vector instruction sets for which LLVM compiles the kernels. [main-thread]"""
    there = llvmlite.binding.get_host_cpu_features()
    return tuple(name for name in SIMD if there.get(name))


def _cpu() -> str:
    name = ""
    try:
        if sys.platform == "linux":
            lines = Path("/proc/cpuinfo").read_text().splitlines()
            name = next((line.partition(":")[2] for line in lines if line.startswith("model name")), "")
        elif sys.platform == "darwin":
            command = ["sysctl", "-n", "machdep.cpu.brand_string"]
            name = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:  # no /proc, no sysctl: the short name will do
        pass
    return name.strip() or platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf, others not these names
        return None


def _system() -> str:
    try:
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, Linux {platform.release()}"
    except (OSError, KeyError):
        return platform.platform()
