"""Oracle: the words themselves."""

import numpy as np

from realtime.base.handover import USED, WANTED, WORDS, offer, take
from realtime.base.memory import aligned


def test_what_is_offered_is_in_use_once_it_is_taken() -> None:
    words = aligned(WORDS, np.int64)
    for address in (1 << 40, 7, 0):
        before = words[USED]
        offer(words, address)
        assert (words[WANTED], words[USED]) == (address, before)
        assert take(words.ctypes.data) == words[USED] == address
