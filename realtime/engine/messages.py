"""The messages of the two rings between the host and the callback, each one row.

Commands go down (host -> callback), reports come up (callback -> host). Both threads.
"""

import numpy as np

MESSAGE = np.dtype([("kind", np.int64), ("address", np.int64), ("value", np.float64)], align=True)

# Commands. A SWAP that arrives while another runs waits, and all behind it with it, so order is kept.
SET = 1  # address of a float32 parameter, value
SWAP = 2  # address of a CHAIN: warmed up, faded to, then RETIRED names the old one
BYPASS = 3  # value 1: hear the delayed input; 0: the chain
MUTE = 4  # value 1: silence; 0: sound
RECORD = 5  # value 1: rows go to the wave ring; 0: they do not
RESET = 6  # drop-out counts, peaks and load start anew
PROBE = 7  # address of a PROBE record: its burst is played once and its echo kept, then PROBED names it

# Reports.
RETIRED = 101  # address of a CHAIN the callback will never touch again
FAILED = 102  # address of the CHAIN, value its status; the delayed input is heard instead
PROBED = 103  # address of a PROBE record whose echo is all there
