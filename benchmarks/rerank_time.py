"""How long the shipped reader takes for the best chunks of a question: ``python -m benchmarks.rerank_time LIBRARY QUESTIONS``."""
