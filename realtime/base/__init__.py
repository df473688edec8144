"""Floor 0: errors, units, the real-time safety tools and the lock-free ring."""
