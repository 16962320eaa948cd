"""The names of the authors, from the lines between a paper's title and its abstract.

Judges by typeface, marks, separators and the order of names, places and addresses. Knows no list of names or towns.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ingest.layout.lines import Line, dominant_style
from ingest.pdf.accents import mend_accents
from ingest.pdf.words import PlacedWord, is_right_to_left

_CELL_GAP = 1.2
_NAME_GAP = 0.5
"""In ems: a wider gap parts two columns of authors; a narrower one, without a comma, two names."""

_MOST_LINES = 400
"""A page may be made of thousands of scraps; no list of authors has that many lines on a first page."""

_PLACE = re.compile(
    r"\b(universi|institut|depart|dept\b|laborator|labs?\b|schools?\b|college|cent(re|er)s?\b|facult|research|academ"
    r"|hospital|clinic|inc\b|ltd|llc|gmbh|corp(oration)?\b|group\b|google|microsoft|facebook|(?-i:AI)\b|team\b|division|program|campus"
    r"|street|road\b|avenue|technolog|sciences?\b|engineering|informatics|society|association|foundation|consulting"
    r"|partners\b|company|usa\b|u\.s\.a|uk\b|polytechni|hochschule|ecole|école|fondazione|consortium|ministry"
    r"|университет|институт|академи)|大学|学院|研究|公司|학교|연구|جامعة|كلية|معهد|אוניברסיט|מכללת",
    re.IGNORECASE,
)
_CONTACT = re.compile(r"@|https?:|www\.|[{}]|\b(e-?mail|correspond|contact|equal(ly)?|contribut|orcid)", re.IGNORECASE)
_NOTICE = re.compile(
    r":|©|\b(article|abstract|preprint|paper|review|letter|journal|volume|open access|received|accepted|published|draft"
    r"|version|editor|edited|keywords|summary|title|permalink|updates?|peer.review\w*|authors?|et al|supplement\w*)\b",
    re.IGNORECASE,
)
_DEGREE = re.compile(
    r"^(ph\.? ?d|m\.? ?d|m\.? ?sc|b\.? ?sc|m\.? ?a|m\.? ?p\.? ?h|d\.? ?phil|pharm\.?d|mbbs|frcp|facc|rn|dvm|dr|prof"
    r"|((senior|student|life) )?(member|fellow)|ieee)\.?$",
    re.IGNORECASE,
)
_PARTICLES = frozenset(
    "de da di do dos das du del della der den des van von vom zu zur ter ten la le el al bin ibn ben y e af av".split()
)
_TOKEN = re.compile(r"^[^\W\d_][\w.'’‘-]*$")
_ELIDED = re.compile(r"^[dl]['’][^\W\d_]")
_JUNIOR = re.compile(r"^(jr|sr|ii|iii|iv)\.?$", re.IGNORECASE)
_AND = frozenset(("and", "&", "und", "et", "y", "·", "•", "|", "⋅", "∙", "/", "with", "by"))
_SEPARATOR = re.compile(r"[,;，、；·•|]$")
_MARK_CHARACTERS = r"\d*†‡§¶∗⋆♦♠♥♣♯#∥‖\\✉🖂☯✝※⊥△◦°?♮♭¹²³⁰-⁹ªº"
_ONLY_MARKS = re.compile(rf"^[{_MARK_CHARACTERS}\[\](){{}},;.^+−–-]+$")
_MARKS_BEHIND = re.compile(rf"(?<=[^\W\d_])\.?[{_MARK_CHARACTERS}\[(^][{_MARK_CHARACTERS},\[\]()^]*$")
_MARKS_BEFORE = re.compile(rf"^[{_MARK_CHARACTERS}(\[][{_MARK_CHARACTERS},.()\[\]]*")


@dataclass(slots=True)
class _Cell:
    """Words of one row that stand together. ``names`` are those of its pieces that could be names."""

    words: list[PlacedWord]
    kind: str = "other"
    names: list[str] = field(default_factory=list)
    marked: bool = False
    open: bool = False

    @property
    def x0(self) -> float:
        return self.words[0].x0

    @property
    def x1(self) -> float:
        return self.words[-1].x1

    @property
    def middle(self) -> float:
        return (self.words[0].y0 + self.words[0].y1) / 2

    @property
    def style(self) -> tuple[float, str, bool]:
        """Size, font and weight of most letters that are no marks."""
        size = max(word.size for word in self.words)
        full = [word for word in self.words if word.size >= 0.85 * size and _has_letters(word.text)] or self.words
        bold = sum(len(word.text) for word in full if word.bold) > 0.5 * sum(len(word.text) for word in full)
        return (*dominant_style(full), bold)


def authors_of(lines: Sequence[Line], known: Sequence[str], opens_abstract: bool) -> tuple[str, ...]:
    """Full names in the order of the page; ``known`` are the file's own, which settle doubtful ones.

    ``opens_abstract`` is true where an abstract follows, which makes a lone line below the title the author's.
    """
    cells = [_judged(cell) for cell in _continued([cell for row in _rows(lines[:_MOST_LINES]) for cell in _cells(row)])]
    inverted = _inverted(cells)
    if inverted:
        return inverted
    first = next((cell for cell in cells if cell.kind == "names"), None)
    if first is None:  # reports set "Name, University" in one line
        return tuple(dict.fromkeys(name for cell in cells for name in cell.names))
    folded = {fold_name(name) for name in known}
    others = [cell for cell in cells if cell.kind == "place"]
    alike = [cell for cell in cells if cell.kind == "names" and _same_style(cell, first)]
    if others and not any(_same_style(cell, first) for cell in others):
        taken = alike
    else:
        taken = list(_by_place(cells, first, folded))
    names = tuple(dict.fromkeys(name for cell in taken for name in cell.names))
    # One lone line below a title may be anything; a byline says more than a name.
    is_byline = len(names) > 1 or others or any(cell.kind == "contact" or cell.marked for cell in cells)
    return names if is_byline or opens_abstract or {fold_name(name) for name in names} <= folded else ()


def fold_name(name: str) -> str:
    """Letters without accents and marks, for comparing."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in decomposed if character.isalnum())


def is_person(name: str) -> bool:
    """True for what is written as people's names are: two to six words with capitals, or a few letters without case."""
    if _PLACE.search(name) or _NOTICE.search(name):
        return False
    tokens = name.split()
    if not any(character.islower() or character.isupper() for character in name):
        return _is_caseless_name(name)
    has_full = any(len(token.strip(".")) > 1 for token in tokens)
    return 2 <= len(tokens) <= 6 and has_full and all(map(_is_name_token, tokens)) and tokens[-1] not in _PARTICLES


def _is_name_token(token: str) -> bool:
    is_capital = token[0].isupper() and bool(_TOKEN.match(token))
    return is_capital or token.casefold() in _PARTICLES or bool(_ELIDED.match(token))


def _is_caseless_name(name: str) -> bool:
    """Up to six letters in Chinese, Japanese and Korean, two to four words in other scripts without capitals."""
    letters = [character for character in name if character.isalpha()]
    if len(letters) < 2 or not all(
        character.isalpha() or character in " ·-.'’־" or ord(character) > 0x300 for character in name
    ):
        return False
    is_han = any("\u3040" <= character <= "\u9fff" or "\uac00" <= character <= "\ud7af" for character in letters)
    return len(letters) <= 6 if is_han else 2 <= len(name.split()) <= 4 and len(name) <= 30


def _rows(lines: Sequence[Line]) -> list[list[PlacedWord]]:
    """Words side by side; a raised mark and a lone accent belong to the row that they touch."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: -line.size):
        row = next((row for row in rows if abs(row[0].middle - line.middle) < 0.42 * row[0].size), None)
        if row is None:
            rows.append([line])
        else:
            row.append(line)
    rows.sort(key=lambda row: row[0].middle)
    words = [sorted((word for line in row for word in line.words), key=lambda word: word.x0) for row in rows]
    return [mend_accents(row) for row in words]


def _cells(row: Sequence[PlacedWord]) -> Iterator[_Cell]:
    """From left to right, or the other way in scripts that run so."""
    cells = [_Cell([row[0]])]
    for last, word in pairwise(row):
        if word.x0 - last.x1 > _CELL_GAP * max(last.size, word.size):
            cells.append(_Cell([word]))
        else:
            cells[-1].words.append(word)
    if sum(is_right_to_left(word.text) for word in row) > len(row) / 2:
        cells.reverse()
        for cell in cells:
            cell.words.reverse()
    yield from cells


def _continued(cells: Sequence[_Cell]) -> list[_Cell]:
    """A list of names may break a line between the given name and the family name."""
    whole: list[_Cell] = []
    for cell in cells:
        upper = whole[-1] if whole else None
        if upper and _same_style(cell, upper) and _breaks_name(upper, cell):
            upper.words.extend(cell.words)
        else:
            whole.append(cell)
    return whole


def _breaks_name(upper: _Cell, lower: _Cell) -> bool:
    above, below = list(_pieces(upper.words)), list(_pieces(lower.words))
    if len(above) < 2 or not below or not 0 < lower.words[0].y0 - upper.words[-1].y0 < 2 * lower.style[0]:
        return False
    is_closed = _is_mark(upper.words[-1], upper.style[0]) or bool(_SEPARATOR.search(upper.words[-1].text))
    is_half = not is_person(above[-1]) and is_person(f"{above[-1]} {below[0]}")
    return not is_closed and is_half and all(map(is_person, above[:-1]))


def _judged(cell: _Cell) -> _Cell:
    """With its kind: names, place, contact, other."""
    text = " ".join(word.text for word in cell.words)
    pieces = _with_generation(_pieces(cell.words))
    persons = [piece for piece in pieces if is_person(piece)]
    size = cell.style[0]
    cell.marked = any(_is_mark(word, size) or _MARKS_BEHIND.search(word.text) for word in cell.words[1:])
    cell.open = bool(re.search(r"([,;，、]|\band|&)$", text))
    if _CONTACT.search(text):
        cell.kind = "contact"
    elif _starts_with_label(cell, size):
        cell.kind = "place"
    elif (persons and len(persons) == len(pieces)) or len(persons) > max(2, 0.6 * len(pieces)):
        cell.kind, cell.names = "names", persons
    elif _PLACE.search(text):
        cell.kind, cell.names = "place", persons[:1] if pieces[:1] == persons[:1] else []
    return cell


def _starts_with_label(cell: _Cell, size: float) -> bool:
    """Places carry their mark in front: ``1 Department``, ``†Google``."""
    first = cell.words[0]
    is_label = _is_mark(first, size) or bool(_MARKS_BEFORE.match(first.text))
    return is_label and any(_has_letters(word.text) for word in cell.words)


def _pieces(words: Sequence[PlacedWord]) -> Iterator[str]:
    """What stands between commas, marks, wide gaps and "and"."""
    size = max(word.size for word in words)
    has_commas = any(_SEPARATOR.search(word.text) for word in words)
    piece: list[str] = []
    last: PlacedWord | None = None
    for word in words:
        is_sign = _is_mark(word, size) or word.text.casefold() in _AND
        if is_sign or (last and not has_commas and _gap(last, word) > _NAME_GAP * size):
            yield from _joined(piece)
            piece = []
        last = word
        if is_sign:
            continue
        for part in _parts(word.text):
            if part == ",":
                yield from _joined(piece)
                piece = []
            else:
                piece.append(part)
    yield from _joined(piece)


def _gap(last: PlacedWord, word: PlacedWord) -> float:
    """Between two words side by side, whichever way the script runs; 0 from one line to the next."""
    if word.y0 > last.y1 - 1:
        return 0.0
    return word.x0 - last.x1 if word.x0 > last.x0 else last.x0 - word.x1


def _parts(text: str) -> Iterator[str]:
    """``Yang,Biqing`` is two parts of two names; marks behind a name end it, too."""
    for n, part in enumerate(re.split(r"[,;，、；·•|]", text)):
        if n:
            yield ","
        bare = _MARKS_BEHIND.sub("", part)
        if bare:
            yield bare
        if bare != part:
            yield ","


def _with_generation(pieces: Iterable[str]) -> list[str]:
    """``Smith, Jr.`` is one name; degrees are none."""
    whole: list[str] = []
    for piece in pieces:
        if whole and _JUNIOR.match(piece):
            whole[-1] += f" {piece}"
        elif not _DEGREE.match(piece):
            whole.append(piece)
    return whole


def _joined(piece: Sequence[str]) -> Iterator[str]:
    name = " ".join(piece).strip(" :∗*").replace("‑", "-").replace("‐", "-")
    if name:
        # An initial may end a name, and so may "Jr."; a sentence's full stop is none of it.
        yield name[:-1] if re.search(r"\w{4}\.$", name) else name


def _is_mark(word: PlacedWord, size: float) -> bool:
    if _ONLY_MARKS.match(word.text):
        return True
    return word.size < 0.85 * size and len(word.text.strip(",.;")) <= 2


def _has_letters(text: str) -> bool:
    return len(text) > 1 and (text.isalpha() or sum(character.isalpha() for character in text) > 1)


def _same_style(cell: _Cell, first: _Cell) -> bool:
    (size, font, bold), (size_of_first, font_of_first, bold_of_first) = cell.style, first.style
    is_alike = font == font_of_first or (bold and bold_of_first)
    return is_alike and bold == bold_of_first and abs(size - size_of_first) <= 0.04 * size_of_first


def _by_place(cells: Sequence[_Cell], first: _Cell, known: set[str]) -> Iterator[_Cell]:
    """Names and places are set alike: in each column names come first, and again below an address or a wide gap."""
    above: list[_Cell] = []
    for cell in cells:
        if cell.kind == "names" and _same_style(cell, first):
            column = [other for other in above if other.x0 < cell.x1 and cell.x0 < other.x1]
            is_known = all(fold_name(name) in known for name in cell.names)
            if is_known or not column or _may_follow(column[-1], cell):
                yield cell
            else:
                cell.kind = "place"
        above.append(cell)


def _may_follow(above: _Cell, cell: _Cell) -> bool:
    """A list goes on; a lone name below a lone name or a list that has ended is where these people work."""
    is_near = cell.middle - above.middle < 1.7 * cell.style[0]
    if above.kind == "names":
        return above.open or cell.marked or (len(cell.names) > 1 and is_near)
    return above.kind == "contact" or not is_near


def _inverted(cells: Sequence[_Cell]) -> tuple[str, ...]:
    """``Family, Given`` in lines one below the other, as the cover sheets of repositories have them."""
    texts = [" ".join(word.text for word in cell.words) for cell in cells]
    found = [match for text in texts if (match := re.fullmatch(r"([^\W\d_][\w’'-]+), ([^,\d]{2,30})", text))]
    lone = [match for match in found if is_person(f"{match[2]} {match[1]}") and " " not in match[1]]
    if len(lone) < 2 or len(lone) < len([cell for cell in cells if cell.kind == "names"]):
        return ()
    lefts = {round(cell.x0) for cell, text in zip(cells, texts, strict=True) if any(text == m[0] for m in lone)}
    return tuple(f"{match[2]} {match[1]}" for match in lone) if len(lefts) == 1 else ()
