"""Floor 5: where blocks come from. A device is given the address of the callback and of its record, nothing else."""
