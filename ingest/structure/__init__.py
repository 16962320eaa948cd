"""What the blocks of a paper are: title page, headings, captions, references."""
