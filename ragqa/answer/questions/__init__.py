"""What a question asks for, and of which papers: kinds, names, follow-ups, questions back."""
