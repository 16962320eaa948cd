"""What a PDF holds: words with places, pictures, metadata, and what of it nobody can see."""
