"""Answers that need no language model, kind by kind; the registry names them all."""
