"""From placed words to lines, blocks in reading order, and tables. Geometry; knows no PDF library."""
