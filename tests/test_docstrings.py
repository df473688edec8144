"""Oracle: the syntax tree of every module of realtime/: what stands there says what it is and on which thread."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import realtime

ROOT = Path(realtime.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
TAG = re.compile(r"\[(main-thread|worker-thread|audio-thread|thread-safe)( & !?[a-z]+)?\]$")
COMPILED = {"realtime", "realtime_callback", "intrinsic"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def decorators(node: Function) -> set[str]:
    names = (d.func if isinstance(d, ast.Call) else d for d in node.decorator_list)
    return {name.id for name in names if isinstance(name, ast.Name)}


def definitions(node: ast.AST, public: bool = True) -> Iterator[tuple[Function | ast.ClassDef, bool]]:
    """Yield every class, and every function outside of functions, with whether it is public all the way up."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef):
            seen = public and not child.name.startswith("_")
            yield child, seen
            if isinstance(child, ast.ClassDef):
                yield from definitions(child, seen)
        elif isinstance(child, ast.If | ast.Try | ast.With):
            yield from definitions(child, public)


def summary(node: Function | ast.ClassDef) -> str:
    """Return the first paragraph of the docstring on one line."""
    return " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())


def complaints(source: str) -> list[str]:
    """Return what is wrong with the docstrings of a module."""
    tree, found = ast.parse(source), []
    if not ast.get_docstring(tree):
        found.append("the module has no docstring")
    for node, public in definitions(tree):
        compiled = isinstance(node, Function) and bool(decorators(node) & COMPILED)
        line, tag = summary(node), TAG.search(summary(node))
        if (public or compiled) and not line:
            found.append(f"{node.name} has no docstring")
        elif isinstance(node, Function) and (public or compiled) and tag is None:
            found.append(f"{node.name} names no thread")
        if compiled and tag is not None and tag[1] not in ("audio-thread", "worker-thread"):
            found.append(f"{node.name} is compiled for the audio thread and says {tag[0]}")
        if isinstance(node, Function) and not compiled and tag is not None and tag[1] == "audio-thread":
            found.append(f"{node.name} says [audio-thread] and is Python")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_definition_says_what_it_is_and_on_which_thread(path: Path) -> None:
    assert complaints(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("x = 1", "the module has no docstring"),
        ("'''M.'''\ndef f():\n    return 1", "f has no docstring"),
        ("'''M.'''\nclass C:\n    x = 1", "C has no docstring"),
        ("'''M.'''\nclass C:\n    '''C.'''\n    def f(self):\n        '''F.'''", "f names no thread"),
        ("'''M.'''\ndef f():\n    '''F. [some-thread]'''", "f names no thread"),
        ("'''M.'''\n@realtime('void()')\ndef _f():\n    return", "_f has no docstring"),
        ("'''M.'''\n@realtime('void()')\ndef _f():\n    '''F. [main-thread]'''", "_f is compiled for the audio thread"),
        ("'''M.'''\n@realtime_callback(S)\ndef f():\n    '''F.'''", "f names no thread"),
        ("'''M.'''\ndef f():\n    '''F. [audio-thread]'''", r"f says \[audio-thread\] and is Python"),
    ],
)
def test_what_is_missing_is_found(source: str, found: str) -> None:
    assert len(complaints(source)) == 1 and re.match(found, complaints(source)[0])


def test_what_is_private_or_inside_a_function_may_be_silent() -> None:
    quiet = "'''M.'''\ndef _f():\n    return 1\nclass _C:\n    def g(self):\n        return 1\n"
    nested = "def h():\n    '''H. [thread-safe]'''\n    def inner():\n        return 1\n"
    assert complaints(quiet + nested) == []
