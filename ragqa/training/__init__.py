"""Trains the reader: one small model that finds answer spans, tells when there is none, and re-ranks."""
