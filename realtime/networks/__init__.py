"""Floor 1: the networks. A column of magnitudes in, k layers, a mask out. Audio thread."""
