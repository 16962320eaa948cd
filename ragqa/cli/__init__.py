"""The command line: each command turns options into one call of the library and prints what comes back."""
