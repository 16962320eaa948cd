"""From evidence to an answer: extractive and generative, quotes verified, follow-ups rewritten."""
