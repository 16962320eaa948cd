"""Which blocks are displayed formulas: they belong to the sentence around them. Judges by fonts and signs."""

import re

from ingest.layout.blocks import TextBlock

_MATH_FONT = re.compile(
    r"cmmi|cmsy|cmex|cmbsy|msam|msbm|math|symbol|mtmi|mtsy|mtex|txsy|txex|rtxmi|txmi|pxsy|lmmi|lmsy|lmex|eufm|rsfs"
    r"|euclid|esstix|bbold|dsrom",
    re.IGNORECASE,
)
_RELATION = re.compile(r"[=<>≤≥≈∝→∈∼∑∏∫≜≡←⊂⊆]|:=|\(\d{1,3}\)$")
_BIG_FONT = re.compile(r"cmex|mtex|txex|lmex", re.IGNORECASE)
_LONGEST = 60
"""Words: a longer block is a paragraph with formulas in it."""


def is_formula(block: TextBlock) -> bool:
    """Mostly letters of mathematical fonts, with a relation or a large sign among them."""
    words = [word for line in block.lines[:40] for word in line.words]
    if not 2 <= len(words) <= _LONGEST:
        return False
    fonts = [word.font for word in words]
    share = sum(bool(_MATH_FONT.search(font)) for font in fonts) / len(words)
    return share >= 0.25 and (bool(_RELATION.search(block.text)) or any(map(_BIG_FONT.search, fonts)))
