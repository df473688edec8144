"""Long work off the window's thread: one job at a time by name, with its result handed back on the main thread."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from realtime.base.errors import UnfoldError


@dataclass(frozen=True)
class _Order:
    label: str
    done: Callable[[Any], None]
    failed: Callable[[str], None]
    must: bool


class _Job(QRunnable):
    def __init__(self, number: int, work: Callable[[], Any], finished: Any, orders: dict[int, _Order]) -> None:
        super().__init__()
        self._number, self._work, self._finished, self._orders = number, work, finished, orders

    def run(self) -> None:
        if self._number not in self._orders:  # dropped while it waited
            return
        try:
            self._finished.emit(self._number, self._work(), "")
        except (UnfoldError, OSError) as error:
            self._finished.emit(self._number, None, str(error))
        except Exception as error:  # a job that never ends would look busy for ever
            traceback.print_exc()
            self._finished.emit(self._number, None, f"this program made an error, {error!r}; please report it")


class Worker(QObject):
    """Runs jobs in the background.

    `busy` carries the label of what runs, or "" when all is done; `cancelled` says that all jobs were forgotten but
    those that must be done.
    """

    busy = Signal(str)
    cancelled = Signal()
    _finished = Signal(int, object, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._n = 0
        self._jobs: dict[int, _Order] = {}
        self._finished.connect(self._hand_back)

    def start(
        self,
        label: str,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[str], None],
        must: bool = False,
    ) -> None:
        """Run `work` on a worker thread, then `done(result)` or `failed(sentence)` on this one.

        What `must` be done is done even if the jobs are cancelled or the program ends: it writes what a user asked for.
        """
        self._n += 1
        self._jobs[self._n] = _Order(label, done, failed, must)
        self._pool.start(_Job(self._n, work, self._finished, self._jobs))
        self.busy.emit(label)

    def cancel(self) -> None:
        """Forget all jobs but those that must be done: they never run, or their result is dropped."""
        self._drop()
        self._tell()
        self.cancelled.emit()

    def _drop(self) -> None:
        for number in [n for n, order in self._jobs.items() if not order.must]:
            del self._jobs[number]

    def _tell(self) -> None:
        self.busy.emit(next((order.label for order in self._jobs.values()), ""))

    def wait(self) -> None:
        """Block until no job runs and what must be done is done; for the end of the program."""
        self._drop()
        self._pool.waitForDone()

    def _hand_back(self, number: int, result: Any, problem: str) -> None:
        job = self._jobs.pop(number, None)
        self._tell()
        if job is not None and problem:
            job.failed(problem)
        elif job is not None:
            job.done(result)
