"""Answers in a language model's words: what it may write from, and how every claim is held to a page."""
