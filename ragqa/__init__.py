"""ragqa: answers from research papers, every claim tied to the words on the page."""

__version__ = "0.1.0"
