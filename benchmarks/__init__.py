"""Measures ragqa: against the tutorial pipeline, on retrieval test sets, and on its own parts."""
