"""Drivers of other retrieval pipelines, each run by the Python of its own environment; nothing of ragqa is here."""
