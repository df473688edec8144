"""Floor 3: one file per plugin. `gain` is the smallest complete one, the one to copy."""
