"""Headings that share a block with other text: run-in headings that open a paragraph, headings right below each other.

Works on blocks whose captions, tables and front matter are told; cuts blocks, never moves a word.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingest.layout.blocks import TextBlock
from ingest.layout.lines import Line, line_of
from ingest.pdf.words import PlacedWord
from ragqa.document import BlockKind

_MOST_WORDS = 16
_REPEATED = 5
"""Labels of examples ("Prediction:") stand in a paper again and again."""
_STOPS = (".", ":", "?", "!", "—", "–")
_SECTION_NUMBER = re.compile(r"^(\d{1,2}(\.\d{1,2}){1,3}\.?|[A-Z](\.\d{1,2}){1,2}\.?|\d{1,2})$")
_NO_HEADING = re.compile(
    r"^(theorem|lemma|proof|proposition|definition|corollary|remark|claim|assumption|conjecture|additional file"
    r"|context|question|answer|passage|prompt|user|assistant|evidence|text:|source:|sentence|premise|hypothesis|person"
    r"|step \d|fig(ure)?s?|tab(le)?s?|algorithm|input|output|require|ensure|note|i\.e|e\.g|eq|equation)\b",
    re.IGNORECASE,
)
CODE_FONT = re.compile(r"mono|courier|typewriter|consol|zi4|cmtt|sftt|nimbusmon|busmon", re.IGNORECASE)
_UNFINISHED = re.compile(r"[^.!?:;\"”’)\]]$")


def part_headings(blocks: Sequence[TextBlock], body: tuple[float, str]) -> list[TextBlock]:
    """Headings that stand in one block with what follows become blocks of their own."""
    parted: list[TextBlock] = []
    rights = _right_edges(blocks)
    leads = [_lead_length(block) if block.kind is BlockKind.PARAGRAPH else 0 for block in blocks]
    counts = Counter(_lead_text(block, lead) for block, lead in zip(blocks, leads, strict=True) if lead)
    for block, lead in zip(blocks, leads, strict=True):
        if block.kind is not BlockKind.PARAGRAPH:
            parted.append(block)
        elif block.bold or block.size > 1.07 * body[0]:
            parted.extend(_stacked(block, rights))
        elif parted and _is_cut_sentence(parted[-1], block, body[0]):
            parted.append(block)
        elif lead and counts[_lead_text(block, lead)] < _REPEATED:
            parted.extend(_run_in(block, lead))
        else:
            parted.append(block)
    return parted


def _lead_text(block: TextBlock, lead: int) -> str:
    return " ".join(word.text for word in [word for line in block.lines[:4] for word in line.words][:lead])


def _right_edges(blocks: Sequence[TextBlock]) -> dict[tuple[int, int], float]:
    """How far text reaches to the right, by page and left edge in steps of 20 points."""
    edges: dict[tuple[int, int], float] = {}
    for block in blocks:
        if block.kind is BlockKind.PARAGRAPH and len(block.lines) > 2:
            key = (block.page, round(block.x0 / 20))
            edges[key] = max(edges.get(key, 0.0), block.x1)
    return edges


def _stacked(block: TextBlock, rights: dict[tuple[int, int], float]) -> Iterator[TextBlock]:
    """Cut above a line that opens with a number, or whose first word had room on the line before."""
    at = round(block.x0 / 20)
    right = max((rights.get((block.page, key), 0.0) for key in (at - 1, at, at + 1)), default=0.0)
    start = 0
    for index in range(1, len(block.lines)):
        above, line = block.lines[index - 1], block.lines[index]
        if len(block.lines) <= 6 and (_opens_section(line) or _had_room(above, line, right)):
            yield replace(block, lines=block.lines[start:index])
            start = index
    yield replace(block, lines=block.lines[start:]) if start else block


def _opens_section(line: Line) -> bool:
    return len(line.words) > 1 and bool(_SECTION_NUMBER.match(line.words[0].text)) and line.words[1].text[0].isupper()


def _had_room(above: Line, line: Line, right: float) -> bool:
    """Lines are broken only where the next word does not fit, but between two headings."""
    first = line.words[0]
    if above.text.endswith((":", "-", ",", "&", "–", "/")):
        return False
    is_below = line.y0 > above.y0 + 0.5 * above.size and abs(line.x0 - above.x0) < 2
    return is_below and above.x1 + 0.4 * above.size + (first.x1 - first.x0) < right - 2 and first.text[0].isupper()


def _is_cut_sentence(before: TextBlock, block: TextBlock, body: float) -> bool:
    """Bold words at the top of a column may stand inside a sentence."""
    if before.kind is not BlockKind.PARAGRAPH or before.bold or before.size > 1.07 * body or before.page != block.page:
        return False
    return len(before.lines) > 1 and bool(_UNFINISHED.search(before.lines[-1].text))


def _run_in(block: TextBlock, lead: int) -> Iterator[TextBlock]:
    lines = list(block.lines)
    head: list[Line] = []
    while lead >= len(lines[0].words):
        lead -= len(lines[0].words)
        head.append(lines.pop(0))
    if lead:
        words = lines[0].words
        head.append(line_of(words[:lead]))
        lines[0] = line_of(words[lead:])
    yield TextBlock(head, block.page, BlockKind.HEADING, RUN_IN)
    yield replace(block, lines=lines)


RUN_IN = 8
"""Stands for the level of a run-in heading until the level of its section is known."""


def _lead_length(block: TextBlock) -> int:
    """How many words the run-in heading has that opens a paragraph; 0 if none does."""
    words = [word for line in block.lines[:4] for word in line.words]
    first = words[0]
    if not (first.bold or first.font != words[-1].font) or not first.text[0].isupper():
        return 0
    if CODE_FONT.search(first.font):
        return 0
    length = 0
    while length < min(len(words), _MOST_WORDS + 1) and _is_set_alike(words[length], first):
        length += 1
    if not 1 <= length <= _MOST_WORDS or len(words) - length < 4:
        return 0
    return length if _reads_like_heading(words, length) else 0


def _is_name(word: str) -> bool:
    """LSTM, BERT-PT, ACE05: in a list of models a name is the subject of its sentence."""
    return sum(map(str.isupper, word)) > 1 or any(map(str.isdigit, word))


def _is_set_alike(word: PlacedWord, first: PlacedWord) -> bool:
    return word.bold == first.bold and (word.bold or word.font == first.font) and abs(word.size - first.size) < 0.6


def _reads_like_heading(words: Sequence[PlacedWord], length: int) -> bool:
    """Bold words need a stop or a capital behind them, italics and the like a stop and nothing that is set so later."""
    lead = " ".join(word.text for word in words[:length])
    if _NO_HEADING.match(lead) or sum(map(str.isalpha, lead)) < 3:
        return False
    following = words[length].text
    has_stop = lead.endswith(_STOPS) or following in _STOPS
    if words[0].bold:
        return has_stop or (following[0].isupper() and not (length == 1 and _is_name(lead)))
    return has_stop and lead[-1] in ".:" and length <= 10
