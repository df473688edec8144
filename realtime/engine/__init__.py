"""Floor 4: plugins in series, the messages between the threads, and the one callback."""
