"""What makes a function fit for the audio thread: compiled, GIL-free, and proved so by its machine code.

`realtime` compiles a function without the GIL and without a raise path, `realtime_callback` turns one
into a C function with an address. Both keep their product in a cache folder named by a hash of every
source file of this package, since Numba's own cache watches only the caller's file and would serve a
stale kernel after an edit elsewhere. `audit` reads the optimised IR and names every call that does not
belong on an audio thread. Main thread only; what it makes runs on the audio thread.
"""

import hashlib
import os
import platform
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llvmlite
import numba
import platformdirs

PACKAGE = Path(__file__).resolve().parent.parent


def cache_folder() -> Path:
    """Return the folder of compiled kernels for exactly these sources, this Numba and this CPU. [main-thread]

    Returns
    -------
    Path
        ``$UNFOLD_CACHE_DIR`` or the user's cache folder, then a hash.
    """
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.read_bytes())
    for word in (numba.__version__, llvmlite.__version__, platform.python_version(), platform.machine()):
        digest.update(word.encode())
    root = os.environ.get("UNFOLD_CACHE_DIR") or platformdirs.user_cache_dir("unfold")
    return Path(root) / "kernels" / digest.hexdigest()[:16]


def clear_cache() -> str:
    """Return the line to type that removes all compiled kernels. [main-thread]"""
    return f"rm -r {shlex.quote(str(cache_folder().parent))}"


def prepare_cache() -> None:
    """Point Numba at `cache_folder`, or switch caching off where it cannot be written. [main-thread]"""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    FLAGS["cache"] = writable
    if writable:
        numba.config.CACHE_DIR = str(folder)


FLAGS: dict[str, Any] = {
    "nogil": True,
    "cache": True,
    "boundscheck": False,
    # Division by zero must yield inf, not an exception: Numba's default model has a raise path.
    "error_model": "numpy",
    # As fast as full fastmath, yet NaN and infinity checks keep their meaning.
    "fastmath": {"contract", "reassoc", "nsz"},
}

prepare_cache()


@dataclass(frozen=True)
class Compiled:
    """One function of the audio thread: its source, its C or Numba signature, and its kind."""

    function: Callable[..., Any]
    signature: Any
    is_callback: bool

    @property
    def name(self) -> str:
        """Return the dotted name, for reports. [thread-safe]"""
        return f"{self.function.__module__}.{self.function.__qualname__}"


REGISTRY: list[Compiled] = []
"""Every audio-thread function compiled so far, in order of compilation."""

progress: list[Callable[[int], None]] = []
"""Called after each compilation with the number compiled so far (the command line shows a bar)."""


def n_declared() -> int:
    """Return how many audio-thread functions the package declares. [main-thread]"""
    return sum(
        len(re.findall(r"^@realtime", p.read_text(encoding="utf-8"), re.MULTILINE)) for p in PACKAGE.rglob("*.py")
    )


def _register(function: Callable[..., Any], signature: Any, is_callback: bool) -> None:
    REGISTRY.append(Compiled(function, signature, is_callback))
    for report in progress:
        report(len(REGISTRY))


def realtime(signature: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a function for the audio thread, callable from other such functions. [main-thread]

    Parameters
    ----------
    signature : str or numba signature
        Its types; explicit, so that nothing compiles later.
    """

    def compile_it(function: Callable[..., Any]) -> Callable[..., Any]:
        compiled: Callable[..., Any] = numba.njit(signature, **FLAGS)(function)
        _register(function, signature, is_callback=False)
        return compiled

    return compile_it


def realtime_callback(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function to a C function; its ``address`` is what audio libraries are given. [main-thread]

    Parameters
    ----------
    signature : numba signature
        Its C types.
    """

    def compile_it(function: Callable[..., Any]) -> Any:
        flags = {k: v for k, v in FLAGS.items() if k != "nogil"}  # a C function never holds the GIL
        compiled = numba.cfunc(signature, **flags)(function)
        _register(function, signature, is_callback=True)
        return compiled

    return compile_it


# Calls that are bounded in time, take no lock and allocate nothing.
_ALLOWED = re.compile(
    r"^(llvm\..*|mem(cpy|move|set)|(sqrt|cos|sin|exp|exp2|log|log2|log10|pow|ldexp|floor|fmod|tanh)f?"
    r"|__powi[sd]f2|clock_gettime|QueryPerformanceCounter|NRT_(incref|decref))$"
)


def audit(function: Callable[..., Any], signature: Any, is_callback: bool = False) -> list[str]:
    """Return what in a function's optimised IR does not belong on an audio thread. [main-thread]

    Parameters
    ----------
    function : callable
        The Python source function.
    signature : str or numba signature
        Its types.
    is_callback : bool
        Whether it is compiled as a C function.

    Returns
    -------
    list of str
        One sentence per finding (allocation, exception, call into Python or any unknown function); empty if clean.
    """
    flags = dict(FLAGS, cache=False)
    if is_callback:
        flags.pop("nogil")
        compiled = numba.cfunc(signature, **flags)(function)
        entry, ir = compiled.native_name, compiled.inspect_llvm()
        # The C wrapper around it enters Python only to report an exception, and `entry` must raise none.
        entry = entry.removeprefix("cfunc.")
    else:
        overload = next(iter(numba.njit(signature, **flags)(function).overloads.values()))
        entry, ir = overload.fndesc.llvm_func_name, overload.library.get_llvm_str()
    return _findings(ir, entry)


def _findings(ir: str, entry: str) -> list[str]:
    pattern = re.compile(r'^define [^\n]*?@"?([^"(\s]+)"?\((?:.|\n)*?^}', re.MULTILINE)
    bodies = {match.group(1): match.group(0) for match in pattern.finditer(ir)}
    found, seen, waiting = set(), set(), [entry]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in bodies:
            if not _ALLOWED.match(name):
                found.add(f"calls {name}")
            continue
        body = bodies[name]
        # An exception is born where a constant is stored; callers only pass on what they were given.
        if re.search(r"store ptr @[^\n]*ptr %excinfo", body):
            found.add("can raise an exception")
        waiting += re.findall(r'\b(?:call|invoke)\b[^@%\n]*@"?([^"(\s]+)"?\(', body)
    return sorted(found)
