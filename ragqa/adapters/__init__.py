"""One file per heavy library: each translates its units and its errors, and is imported by the composition root only."""
