"""Whether this user's threads may have real-time priority. Linux says so; other systems give it themselves.

Main thread.
"""

import os
import sys
import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Priority:
    """Highest priority a user may ask for, memory it may lock in KiB (both None: no limit), and what a trial gave."""

    rtprio: int | None
    memlock_kib: int | None
    fifo: bool


def priority() -> Priority | None:
    """Try SCHED_FIFO on a thread of its own; None where the system has no such limits. [main-thread]"""
    if sys.platform != "linux":
        return None
    import resource

    def limit(which: int) -> int | None:
        soft = resource.getrlimit(which)[0]
        return None if soft == resource.RLIM_INFINITY else soft

    memlock = limit(resource.RLIMIT_MEMLOCK)
    granted: list[bool] = []

    def ask() -> None:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        except OSError:
            return
        granted.append(True)

    trial = threading.Thread(target=ask)  # its policy ends with it
    trial.start()
    trial.join()
    return Priority(
        rtprio=limit(resource.RLIMIT_RTPRIO),
        memlock_kib=None if memlock is None else memlock // 1024,
        fifo=bool(granted),
    )
