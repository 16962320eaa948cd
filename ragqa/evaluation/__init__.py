"""Measures how well ragqa finds pages, answers and refuses, on anybody's questions."""
