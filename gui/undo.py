"""One change of one value, undone and done again; a drag of a slider becomes a single step. Main thread."""

import time
import zlib
from collections.abc import Callable
from typing import Any

from PySide6.QtGui import QUndoCommand, QUndoStack

TOGETHER_S = 1.0
"""Changes of one value that follow each other faster are one step."""


class Change(QUndoCommand):
    """Sets `name` to a value through `apply`."""

    def __init__(self, text: str, name: str, before: Any, after: Any, apply: Callable[[str, Any], None]) -> None:
        super().__init__(text)
        self._name, self._before, self._after, self._apply = name, before, after, apply
        self._when = time.monotonic()

    def id(self) -> int:
        """Return what may be merged: the value's name; -1 for what never is."""
        return zlib.crc32(self._name.encode()) & 0x7FFFFFFF if self._name else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Become one step with the change that follows."""
        if not isinstance(other, Change) or other._when - self._when > TOGETHER_S:
            return False
        self._after, self._when = other._after, other._when
        return True

    def redo(self) -> None:
        """Set the new value."""
        if not self.isObsolete():
            self._apply(self._name, self._after)

    def undo(self) -> None:
        """Set the value from before."""
        if not self.isObsolete():
            self._apply(self._name, self._before)


def withdraw(stack: QUndoStack, step: Change) -> None:
    """Take a step that could not be done out of its stack; nothing is set by it any more."""
    place = next((i for i in range(stack.count()) if stack.command(i) is step), None)
    if place is None:
        return
    step.setObsolete(True)  # the stack deletes it the next time it comes by
    if place == stack.index() - 1:
        stack.undo()
    elif place == stack.index():
        stack.redo()
