"""Which block of the first page is the title, and what is no title at all."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from ingest.layout.blocks import TextBlock
from ingest.pdf.words import PlacedPage
from ingest.section_names import is_known
from ragqa.document import BlockKind

_JUNK = re.compile(
    r"^(microsoft (word|powerpoint)|untitled|title|document\d*|paper|manuscript|main|template|slide \d|pii:|doi:|arxiv"
    r"|layout \d|\(anonymous\)|proceedings of|instructions for|\W*$)|\.(docx?|tex|dvi|pdf|indd|qxd|ps|rtf)\b",
    re.IGNORECASE,
)
_DOI = re.compile(r"\b10\.\d{4,9}/")
_MARKS_BEHIND = re.compile(r"\s*[*∗†‡§¶⋆#]+$")
_LONGEST_RUN_ON = 0.6
"""In font sizes: the gap above a line that still belongs to the title."""
LONGEST_TITLE = 300
"""Characters. The title goes before every passage of its paper."""
_SHOWN = 0.8
"""Share of the words of the file's own title that one place of a page must have."""


def find_title(blocks: Sequence[TextBlock], told: str, body: float) -> TextBlock | None:
    """The block that repeats the file's own title, else the largest print in the upper part of page 1."""
    upper = [
        block for block in blocks if block.y0 < 480 and block.kind is BlockKind.PARAGRAPH and not is_known(block.text)
    ]
    for label, block in pairwise(upper):
        if label.text.casefold().strip(" :") == "title":  # the cover sheet of a repository
            return block
    wanted = letters(told)
    if len(wanted) > 10:
        for block in upper:
            if letters(block.text) == wanted:
                return block
    fit = [block for block in upper if len(block.text) >= 12 and len(block.text.split()) >= 2 and len(block.lines) <= 7]
    large = [block for block in fit if block.size >= 1.15 * body]
    if large:
        return max(large, key=lambda block: (round(block.size), -block.y0))
    # Manuscripts and reports set the title like the text: take the first short block of words without a full stop.
    plain = [block for block in fit if 4 <= len(block.text.split()) <= 30 and block.text[-1] not in ".,;:"]
    return next((block for block in plain if block.y0 < 260 and not _DOI.search(block.text)), None)


def absorb_title_lines(blocks: Sequence[TextBlock], title: TextBlock) -> list[TextBlock]:
    """A title in small capitals, or with a line of its own style, comes in pieces: join those right below."""
    kept: list[TextBlock] = []
    for block in blocks:
        is_candidate = block.page == 1 and block.kind is BlockKind.PARAGRAPH
        if is_candidate and -2 < block.y0 - title.y1 < _LONGEST_RUN_ON * title.size and _is_alike(block, title):
            title.lines.extend(block.lines)
        else:
            kept.append(block)
    return kept


def _is_alike(block: TextBlock, title: TextBlock) -> bool:
    # Small capitals have two sizes; the names of authors are smaller than both.
    smallest = min((word.size for line in title.lines for word in line.words if len(word.text) > 2), default=title.size)
    is_large = max(word.size for line in block.lines for word in line.words) >= 0.97 * smallest
    is_plain = not re.search(r"[\d@,]", block.text)
    return is_large and block.bold == title.bold and is_plain and block.text.isupper() == title.text.isupper()


def title_text(shown: str, told: str) -> str:
    """The title as the page has it, without a footnote's mark; in the file's letters if the page has capitals only."""
    shown = cut_title(_MARKS_BEHIND.sub("", shown))
    if not shown:
        return "" if is_junk_title(told) else told
    return told if shown.isupper() and not told.isupper() and letters(told) == letters(shown) else shown


def visible_title(told: str, pages: Sequence[PlacedPage]) -> str:
    """The file's own title, cut to length, if it stands on one of the pages; else '', as nobody can see it there."""
    title = cut_title(told)
    wanted = list(filter(None, map(letters, title.split())))
    return title if wanted and any(_stands_on(wanted, page) for page in pages) else ""


def _stands_on(wanted: Sequence[str], page: PlacedPage) -> bool:
    """All in a row, or most words near each other: the page may break or hyphenate some."""
    shown = [letters(word.text) for word in page.words]
    if "".join(wanted) in "".join(shown):
        return True
    count, least = len(wanted), _SHOWN * len(wanted)
    places = (Counter(shown[start : start + 3 * count]) for start in range(0, len(shown), count))
    return any((Counter(wanted) & place).total() >= least for place in places)


def cut_title(title: str) -> str:
    """At most LONGEST_TITLE characters, cut between words where there are any."""
    if len(title) <= LONGEST_TITLE:
        return title
    return title[: LONGEST_TITLE + 1].rpartition(" ")[0].rstrip() or title[:LONGEST_TITLE]


def is_junk_title(title: str) -> bool:
    """True for "Microsoft Word - x.doc", file names and the like."""
    is_one_word = " " not in title.strip() and title.isascii()
    return len(title) < 5 or is_one_word or bool(_JUNK.search(title))


def letters(text: str) -> str:
    """Letters and digits alone, for comparing."""
    return "".join(character for character in text.casefold() if character.isalnum())
