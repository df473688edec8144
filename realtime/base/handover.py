"""One pointer from the main thread, or a worker, to the audio thread, which takes it over when it is ready to.

Two words: the address that is wanted and the one in use, on cache lines of their own. Whoever owns the memory keeps it
until another is in use.
"""

import numpy as np
from numpy.typing import NDArray

from realtime.base.intrinsics import integers, load_acquire, store_release
from realtime.base.safety import realtime

WANTED, USED, WORDS = 0, 16, 32
"""Indices of the two words, int64, and the size of the array that holds them."""


@realtime("void(int64[::1], int64)")
def offer(words: NDArray[np.int64], address: int) -> None:
    """Publish the address of something that is complete. [worker-thread]

    Parameters
    ----------
    words : int64[WORDS]
        Any thread may offer, one at a time.
    address : int64
        Of anything, or 0.
    """
    store_release(words, WANTED, address)


@realtime("int64(int64)")
def take(address: int) -> int:
    """Return the address that is wanted, and say that it is in use. [audio-thread]

    Parameters
    ----------
    address : int64
        Of the words.
    """
    words = integers(address, WORDS)
    wanted = load_acquire(words, WANTED)
    store_release(words, USED, wanted)
    return wanted
