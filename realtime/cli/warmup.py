"""Compile or load every audio kernel, with a progress bar where it takes long (once per version). Main thread."""

import re
from importlib import import_module

from realtime.base import safety


def kernels_are_cached() -> bool:
    """Return whether the cache folder holds every kernel of these sources. [main-thread]"""
    return bool(safety.FLAGS["cache"]) and sum(1 for _ in safety.cache_folder().rglob("*.nbi")) >= safety.n_declared()


def _modules() -> list[str]:
    """Return the modules that declare kernels."""
    paths = sorted(safety.PACKAGE.rglob("*.py"))
    declaring = [p for p in paths if re.search(r"^@realtime", p.read_text(encoding="utf-8"), re.MULTILINE)]
    return [".".join(p.relative_to(safety.PACKAGE.parent).with_suffix("").parts) for p in declaring]


def warm_up() -> None:
    """Compile what is not cached, and show how far it is on stderr; do nothing where all is cached. [main-thread]"""
    if kernels_are_cached():
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    often = "first start only" if safety.FLAGS["cache"] else "at every start: the cache folder cannot be written"
    title = f"Compiling the audio kernels ({often})"
    if not console.is_terminal:
        console.print(f"{title} ...")
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=safety.n_declared())

        def advance(n_compiled: int) -> None:
            bar.update(task, completed=n_compiled)

        safety.progress.append(advance)
        for module in _modules():
            import_module(module)
        safety.progress.remove(advance)
