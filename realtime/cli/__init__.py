"""Floor 7: the command line. One file per group of commands."""
