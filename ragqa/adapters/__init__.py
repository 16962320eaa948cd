"""One file per heavy library; each translates its units and its errors. Wired in ``ragqa.compose`` only."""
