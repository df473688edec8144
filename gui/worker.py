"""Long work off the window's thread: one job at a time by name, with its result handed back on the main thread."""

import traceback
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from realtime.base.errors import UnfoldError


class _Job(QRunnable):
    def __init__(self, number: int, work: Callable[[], Any], finished: Any) -> None:
        super().__init__()
        self._number, self._work, self._finished = number, work, finished

    def run(self) -> None:
        try:
            self._finished.emit(self._number, self._work(), "")
        except (UnfoldError, OSError) as error:
            self._finished.emit(self._number, None, str(error))
        except Exception as error:  # a job that never ends would look busy for ever
            traceback.print_exc()
            self._finished.emit(self._number, None, f"this program made an error, {error!r}; please report it")


class Worker(QObject):
    """Runs jobs in the background.

    `busy` carries the label of what runs, or "" when all is done.
    """

    busy = Signal(str)
    _finished = Signal(int, object, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._n = 0
        self._jobs: dict[int, tuple[str, Callable[[Any], None], Callable[[str], None]]] = {}
        self._finished.connect(self._hand_back)

    def start(
        self, label: str, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[str], None]
    ) -> None:
        """Run `work` on a worker thread, then `done(result)` or `failed(sentence)` on this one."""
        self._n += 1
        self._jobs[self._n] = (label, done, failed)
        self._pool.start(_Job(self._n, work, self._finished))
        self.busy.emit(label)

    def cancel(self) -> None:
        """Forget all jobs: those that wait never run, the result of the one that runs is dropped."""
        self._pool.clear()
        self._jobs.clear()
        self.busy.emit("")

    def wait(self) -> None:
        """Block until no job runs; for the end of the program."""
        self._pool.clear()
        self._pool.waitForDone()

    def _hand_back(self, number: int, result: Any, problem: str) -> None:
        job = self._jobs.pop(number, None)
        self.busy.emit(next((label for label, _, _ in self._jobs.values()), ""))
        if job is not None:
            _, done, failed = job
            if problem:
                failed(problem)
            else:
                done(result)
