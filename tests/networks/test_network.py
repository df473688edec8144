"""Oracle: which sets of bases a network may still look at, by the definition of `handover`."""

import numpy as np

from realtime.base.handover import USED, WANTED, take
from realtime.networks.network import choose
from realtime.networks.nmf import network


def test_a_choice_is_kept_until_another_is_in_use_and_not_longer() -> None:
    w = np.ones((5, 3), np.float32)
    net = network([w], [w], [0.0], 5, 1)
    words, kept = net.keep["choice"], net.keep["choices"]
    for i in range(3):
        choose(net, {i})
    assert [address for address, _ in kept[1:]] == [chosen.ctypes.data for _, chosen in kept[1:]]
    assert kept[0][0] == words[USED] == 0 and len(kept) == 4, "the audio thread may be about to use any of them"
    assert take(words.ctypes.data) == words[WANTED] == words[USED] == kept[-1][0]
    assert kept[-1][1][:4].tolist() == [0, 0, 1, 0]
    choose(net, None)
    assert [chosen is None for _, chosen in kept] == [False, True] and words[WANTED] == 0
