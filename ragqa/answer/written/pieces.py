"""What a language model wrote, cut into pieces that can be checked: sentences, items of lists, rows. Pure.

Put together again, the pieces are the text: line breaks and bullets are kept, and only the model's marks are gone.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from ragqa.answer.untrusted import harmless
from ragqa.answer.words import content_words
from ragqa.answer.written.claims import MARK
from ragqa.sentences import sentence_spans

# A straight mark right behind a word or its point ends a quotation, whose beginning may be missing.
QUOTED = re.compile(r"(?:(?<![\w.,;:!?)\]])\"|“)([^\"“”]*)[\"”]")
BULLET = re.compile(
    r"(?:(?:[-*+•‣◦▪·>–—]|#{1,6}|\(?\d{1,2}[.)]|\(?[A-Za-z][.)]|\(?[ivx]{1,4}[.)]|\[[ xX]\])\s+)+(?=\S)"
)
LIST_NUMBER = re.compile(r"\(?\d{1,2}[.)]\s+(?=\S)")
BOLD_LINE = re.compile(r"(\*\*|__)[^*_]+(?:\1:?|:\1)")
RULE_CELL = re.compile(r"\s*:?-+:?\s*")
EMPHASIS = re.compile(r"\*\*|__|(?<!\w)[*_`]+(?=\S)|(?<=\S)[*_`]+(?!\w)")
OPENER = re.compile(
    r"(?:(?:yes|no|maybe|overall|however|therefore|thus|moreover|additionally|finally|in (?:summary|conclusion|short)"
    r"|(?:final )?answer|(?:based on|according to|from) the (?:\w+ )?(?:evidence|passages?|text|papers?|sources?"
    r"|context|excerpts?)(?: \w+)?)(?:,|:|;|\s[–—-])\s+)+",
    re.I,
)
NUMBERED_EVIDENCE = re.compile(
    r"\b(?:(?:according to|based on|as \w+ (?:in|by)|in|from) )?(?:evidence|source|passage|excerpt)s? #?\d+\b,?", re.I
)

# A number in round brackets is a mark at the end of a sentence only; "Eq. (1)." is the number of something else.
_ROUND = r"\s*\((\d{1,2}(?:\s*[,;–-]\s*\d{1,2})*)\)"
ROUND_MARK = re.compile(rf"{_ROUND}(?=[.!?]+(?:\s|$)|\s*$)|(?<=[.!?]){_ROUND}(?=\s)")
NUMBERED_THING = re.compile(
    r"(?:^|\W)(?:eqs?|eqns?|equations?|figs?|figures?|tables?|steps?|sections?|phases?|stages?)\.?$", re.I
)

JOINING = frozenset({"while", "whereas", "but"})
CONTRASTING = frozenset({"while", "whereas", "although", "though"})
LEADING = re.compile(r"(?:(?:and|but|while|whereas|although|though)\b|[,;])\s*", re.I)
LEAST_CLAUSE = 2  # content words; what has fewer is no clause of its own
SHORTEST_WRAPPED = 40  # characters of a line that may have been broken because it was full
MOST_BREAKS = 2

Kind = Literal["sentence", "item", "heading", "row"]


@dataclass(frozen=True, slots=True)
class Clause:
    """Words to be borne out, and the numbers of evidence marked at their end."""

    text: str
    numbers: frozenset[int]


@dataclass(frozen=True, slots=True)
class Piece:
    """``before`` and ``after`` are what surrounds the text where it is shown: line breaks, bullets, bars of a table.

    ``lead`` is the line that introduces a list; ``clauses`` are empty if the text has but one.
    """

    before: str
    text: str
    after: str
    kind: Kind
    numbers: frozenset[int]
    clauses: tuple[Clause, ...] = ()
    lead: str = ""

    @property
    def claim(self) -> str:
        """The text as it is compared: without emphasis, bars and what only opens a sentence."""
        return _plain(self.text)


@dataclass(frozen=True, slots=True)
class _Line:
    before: str
    body: str
    kind: Kind


Marks = list[tuple[int, frozenset[int]]]
"""Behind how many words of the text each mark stands, and its numbers."""


def pieces(written: str, count: int) -> list[Piece]:
    """In the order of the text. ``count`` is how much evidence there is; numbers beyond it mean nothing.

    Marks on a line of their own belong to the piece before.
    """
    found: list[Piece] = []
    lead, head = "", tuple[str, ...]()
    lines = list(_lines(written))
    for line, below in zip(lines, [*lines[1:], None], strict=False):
        if line.kind == "row":
            is_head = below is not None and below.kind == "row" and _is_rule(below.body)
            head = _cells(line.body) if is_head else head
            made = [_row(line, head, count, is_head)]
        else:
            lead = "" if line.kind != "item" else lead
            made = _sentences(line, count, lead)
        if not made[0].text and found:
            found[-1] = replace(found[-1], numbers=found[-1].numbers | made[0].numbers)
        if made[0].text or made[0].before.strip():
            found += made
            lead = made[-1].claim if made[-1].claim.endswith(":") and line.kind != "item" else lead
    return found


def _lines(written: str) -> Iterator[_Line]:
    """Lines with words, those joined that were broken only because they were full."""
    held: _Line | None = None
    breaks, last = 0, ""
    for raw in written.splitlines():
        body = raw.strip()
        if held and body and breaks == 1 and _goes_on(held, last, body):
            held, last = replace(held, body=f"{held.body} {body}"), body
            continue
        if body:
            if held:
                yield held
            indent = raw[: len(raw) - len(raw.lstrip())]
            held, last, breaks = _line(f"{chr(10) * min(breaks, MOST_BREAKS)}{indent}", body), body, 0
        breaks += 1
    if held:
        yield held


def _goes_on(held: _Line, above: str, body: str) -> bool:
    is_full = len(above) >= SHORTEST_WRAPPED and above[-1] not in ":.!?|"
    may_follow = (body[0].islower() or body[0].isdigit() or body[0] in "([") and not BULLET.match(body)
    return is_full and may_follow and held.kind in ("sentence", "item") and not body.startswith("|")


def _line(before: str, body: str) -> _Line:
    if body.startswith("|") and body.count("|") > 1:
        return _Line(before, body, "row")
    bullet = BULLET.match(body)
    rest = body[bullet.end() :] if bullet else body
    is_heading = BOLD_LINE.fullmatch(rest) or (bullet and "#" in bullet[0])
    kind: Kind = "heading" if is_heading else "item" if bullet else "sentence"
    return _Line(before + (bullet[0] if bullet else ""), rest, kind)


def _sentences(line: _Line, count: int, lead: str) -> list[Piece]:
    """The line's sentences; the first has the line's bullet before it."""
    words, marks = _without_marks(line.body, count)
    numbers = frozenset[int]().union(*(n for _, n in marks))
    if not words:
        return [Piece(line.before, "", "", line.kind, numbers)]
    made: list[Piece] = []
    for start, end in _whole_quotations(_spans(words), words):
        own = [(at, n) for at, n in marks if start < at <= end or (at == 0 and start == 0)]
        text = " ".join(words[start:end])
        number = LIST_NUMBER.match(text)
        before = (" " if made else line.before) + (number[0] if number else "")
        text = text[number.end() :] if number else text
        clauses = tuple(_clauses(words, start, end, own))
        numbers = frozenset[int]().union(*(n for _, n in own))
        made.append(Piece(before, text, "", line.kind, numbers, clauses, lead))
    return made


def _spans(words: Sequence[str]) -> list[tuple[int, int]]:
    """As ``sentence_spans``, but a "No." that answers is a sentence, and no short form of "number"."""
    answers = [at for at, word in enumerate(words, start=1) if word.strip("*_") == "No." and _answers(words[: at - 1])]
    starts = [0, *(at for at in answers if words[at : at + 1] and not words[at][0].isdigit())]
    parts = pairwise([*starts, len(words)])
    return [(begin + start, begin + end) for begin, stop in parts for start, end in sentence_spans(words[begin:stop])]


def _answers(before: Sequence[str]) -> bool:
    return not before or before[-1].endswith(":")


def _without_marks(text: str, count: int) -> tuple[list[str], Marks]:
    """The words, and behind how many of them marks stood."""
    kept, marks, end = "", Marks(), 0
    for start, stop, numbers in _marks(text, count):
        kept += text[end:start]
        marks.append((len(kept.split()), numbers))
        # Words that only a mark kept apart stay apart.
        kept += " " if kept[-1:].isalnum() and text[stop : stop + 1].isalnum() else ""
        end = stop
    # Without the marks, what they kept apart may be a link or a tag.
    return harmless(kept + text[end:]).split(), marks


def _marks(text: str, count: int) -> Iterator[tuple[int, int, frozenset[int]]]:
    """Where the model's marks stand, and their numbers; those inside a quotation are the paper's own."""
    quotations = [found.span() for found in QUOTED.finditer(text)]
    found = [m for m in MARK.finditer(text) if _is_ours(text, m, quotations, count)]
    found += [m for m in ROUND_MARK.finditer(text) if _is_round_mark(text, m, count)]
    end = 0
    for mark in sorted(found, key=lambda m: m.start()):
        if mark.start() >= end:
            end = mark.end()
            yield mark.start(), end, numbers_of(mark[0], count)


def _is_ours(text: str, mark: re.Match[str], quotations: Sequence[tuple[int, int]], count: int) -> bool:
    """True outside quotations, and where a model ends a quotation by its mark and sets none behind it."""
    around = next((span for span in quotations if span[0] < mark.start() and mark.end() < span[1]), None)
    if around is None:
        return True
    ends_it = not any(c.isalnum() for c in text[mark.end() : around[1]])
    is_marked = MARK.match(text, around[1] + len(re.match(r"[.,;]?", text[around[1] :])[0]))  # type: ignore[index]
    return ends_it and not is_marked and bool(numbers_of(mark[0], count))


def _is_round_mark(text: str, mark: re.Match[str], count: int) -> bool:
    numbers = [int(number) for number in re.findall(r"\d+", mark[0])]
    is_enumerated = text.startswith("(") or NUMBERED_THING.search(text[: mark.start()])
    return mark.start() > 0 and not is_enumerated and all(1 <= number <= count for number in numbers)


def numbers_of(mark: str, count: int) -> frozenset[int]:
    """Of evidence that there is: ``[1-3; 99]`` → 1, 2, 3."""
    plain = re.sub(r"[:†][^】]*】", "", mark) if "【" in mark else mark
    found = re.findall(r"(\d+)(?:\s*[-–—]\s*(\d+))?", plain)
    ranges = (range(max(1, int(first)), min(count, int(last or first)) + 1) for first, last in found)
    return frozenset(number for numbers in ranges for number in numbers)


def _whole_quotations(spans: Sequence[tuple[int, int]], words: Sequence[str]) -> list[tuple[int, int]]:
    """The spans, those joined that one quotation runs through."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and _breaks_off(" ".join(words[joined[-1][0] : start]), " ".join(words[start:])):
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return joined


def _breaks_off(text: str, rest: str) -> bool:
    """True if a quotation is open at the end of the text, and closed in the rest."""
    is_open = text.count('"') % 2 == 1 or text.count("“") > text.count("”")
    return is_open and bool(re.search('["”]', rest))


def _clauses(words: Sequence[str], start: int, end: int, marks: Marks) -> Iterator[Clause]:
    """What the sentence says one after the other; nothing if it says one thing."""
    bounds = [start, end]
    for at in _boundaries(words, start, end, {at for at, _ in marks}):
        parts = (words[bounds[-2] : at], words[at:end])
        if all(len(content_words(" ".join(part))) >= LEAST_CLAUSE for part in parts):
            bounds.insert(-1, at)
    for first, last in pairwise(bounds) if len(bounds) > 2 else ():
        numbers = frozenset[int]().union(*(n for at, n in marks if first < at <= last))
        yield Clause(LEADING.sub("", _plain(" ".join(words[first:last])), count=1), numbers)


def _boundaries(words: Sequence[str], start: int, end: int, marked: set[int]) -> Iterator[int]:
    """Where a clause may begin: behind a mark or a semicolon, and at words like "while"; never inside a quotation."""
    contrasts = words[start].casefold() in CONTRASTING
    for at in range(start + 1, end):
        above = words[at - 1]
        turns = words[at].casefold() in JOINING or above.endswith(";")
        if contrasts and above.endswith(","):
            turns, contrasts = True, False
        if (turns or at in marked) and not _breaks_off(" ".join(words[start:at]), " ".join(words[at:end])):
            yield at


def _plain(text: str) -> str:
    plain = NUMBERED_EVIDENCE.sub("", EMPHASIS.sub("", text)).replace("|", ",")
    if "(1)" in plain and "(2)" in plain:  # things counted as they are told
        plain = re.sub(r"\(\d\)\s*", "", plain)
    return OPENER.sub("", " ".join(plain.split()), count=1)


def _cells(body: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in body.strip("|").split("|"))


def _is_rule(body: str) -> bool:
    return all(RULE_CELL.fullmatch(cell) for cell in _cells(body))


def _row(line: _Line, head: Sequence[str], count: int, is_head: bool) -> Piece:
    """A table's row; each of its cells with the names of row and column is a clause."""
    words, marks = _without_marks(line.body, count)
    body = " ".join(words)
    text = body.strip("| ") or body
    bars, _, ends = body.partition(text)
    numbers = frozenset[int]().union(*(n for _, n in marks))
    name, *rest = _cells(body)
    columns = [_cells(" ".join(_without_marks(cell, count)[0]))[0] for cell in head[1:]]
    columns += [""] * (len(rest) - len(columns))
    cells = zip(columns, rest, strict=False)
    clauses = tuple(Clause(" ".join(f"{name} {column} {cell}".split()), numbers) for column, cell in cells if cell)
    return Piece(line.before + bars, text, ends, "heading" if is_head else "row", numbers, clauses)
