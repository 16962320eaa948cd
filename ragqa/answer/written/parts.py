"""What a language model wrote, cut into parts that can be checked: sentences, items of lists, rows. Pure.

Put together again, the parts are the text: line breaks and bullets are kept, and only the model's marks are
gone, with lines of nothing else.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from ragqa.answer.untrusted import harmless
from ragqa.answer.words import content_words
from ragqa.answer.written.claims import MARK, PAGE, WRITTEN_MARK
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
    r"\b(?:(?:according to|based on|as \w+ (?:in|by)|in|from) )?(?:evidence|source|excerpt)s? #?\d+\b,?", re.I
)
PAGE_OF_EVIDENCE = re.compile(rf"(?:,|\bon|\bat) {PAGE}", re.I)  # as the prompt names it; no figure of the claim
# "Sources: [1], [2]"
SOURCES = re.compile(r"\W*(?:sources?|references?|citations?|evidence)(?: used| cited)?(?:\W*:\W*|\W*$)", re.I)
UNKNOWN = re.compile(
    r"(?:(?:is|are|was|were) )?"
    r"(?:not (?:reported|available|applicable|given|stated|specified|mentioned|provided)"
    r"(?: (?:in|by) the (?:\w+ )?(?:evidence|papers?|text|stud(?:y|ies)|authors?))?"
    r"|unknown|none reported|unspecified|n/?a|n\.a\.|nr|[-–—?…]+)\.?",
    re.I,
)

# A number in round brackets is a mark at the end of a sentence only; "Eq. (1)." is the number of something else.
_ROUND = rf"\s*\((\d{{1,2}}(?:\s*[,;–-]\s*\d{{1,2}})*)(?:,?\s*{PAGE})?\)"
ROUND_MARK = re.compile(rf"{_ROUND}(?=[.!?]+(?:\s|$)|\s*$)|(?<=[.!?]){_ROUND}(?=\s)")
NUMBERED_THING = re.compile(
    r"(?:^|\W)(?:eqs?|eqns?|equations?|figs?|figures?|tables?|steps?|sections?|phases?|stages?|models?|groups?|stud(?:y|ies)"
    r"|experiments?|hypothes[ie]s|algorithms?|conditions?|theorems?)\.?$",
    re.I,
)

JOINING = frozenset({"while", "whereas", "but"})
CONTRASTING = frozenset({"while", "whereas", "although", "though"})
LEADING = re.compile(r"(?:(?:and|but|while|whereas|although|though)\b|[,;])\s*", re.I)
LEAST_CLAUSE = 2  # content words; what has fewer is no clause of its own
SHORTEST_WRAPPED = 40  # characters of a line that may have been broken because it was full
MOST_BREAKS = 2
TOP = -10  # depth above that of a heading with one "#"
MOST_INDENT = 1000

Kind = Literal["sentence", "item", "heading", "row"]
DEPTHS: dict[Kind, int] = {"heading": -3, "sentence": -1, "row": MOST_INDENT}  # of lines without a bullet


@dataclass(frozen=True, slots=True)
class Clause:
    """Words to be borne out, and the numbers of evidence marked at their end."""

    text: str
    numbers: frozenset[int]


@dataclass(frozen=True, slots=True)
class Part:
    """``before`` and ``after`` are what surrounds the text where it is shown: line breaks, bullets, bars of a table.

    ``clauses`` are empty if the text has but one. ``lead`` is the line or item that introduces a list, ``labels`` all
    headings and lines with a colon that an item or row stands below, ``leads`` how many items or rows this one leads.
    """

    before: str
    text: str
    after: str
    kind: Kind
    numbers: frozenset[int]
    clauses: tuple[Clause, ...] = ()
    lead: str = ""
    labels: tuple[str, ...] = ()
    leads: int = 0

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


def parts(written: str, count: int) -> list[Part]:
    """In the order of the text. ``count`` is how much evidence there is; numbers beyond it mean nothing.

    Marks on a line of their own belong to the part before.
    """
    found: list[Part] = []
    outline, head = _Outline(), tuple[str, ...]()
    lines = list(_lines(written))
    for line, below in zip(lines, [*lines[1:], None], strict=False):
        if line.kind == "row":
            is_head = below is not None and below.kind == "row" and _is_rule(below.body)
            head = _cells(line.body) if is_head else head
            made = [_row(line, head, count, is_head)]
        else:
            made = _sentences(line, count)
        if not made[0].text and found:
            found[-1] = replace(found[-1], numbers=found[-1].numbers | made[0].numbers)
        if made[0].text or any(c.isalnum() for c in made[0].before):
            found += outline.placed(line, made, len(found))
    return [replace(part, leads=outline.led[at]) for at, part in enumerate(found)]


class _Outline:
    """What stands above a line and leads it: headings, and lines and items with a colon. Counts what each leads."""

    def __init__(self) -> None:
        self.led = Counter[int]()
        self._above: list[tuple[int, str, int]] = []

    def placed(self, line: _Line, made: Sequence[Part], at: int) -> list[Part]:
        """The line's parts, the first of which is the text's ``at``-th, with what leads them."""
        depth = _depth(line)
        self._above = [above for above in self._above if above[0] < depth]
        above = [claim for _, claim, _ in self._above] if line.kind in ("item", "row") else []
        lead = above[-1] if above and above[-1].endswith(":") and line.kind == "item" else ""
        if above and made[0].kind != "heading" and not _is_rule(line.body):
            self.led[self._above[-1][2]] += 1
        last = made[-1].claim
        if line.kind != "row" and (line.kind == "heading" or last.endswith(":")):
            self._above.append((depth, last, at + len(made) - 1))
        return [replace(part, lead=lead, labels=tuple(above)) for part in made]


def _depth(line: _Line) -> int:
    """Headings stand above lines, lines above lists, numbered items above those with other bullets."""
    bullet = line.before.lstrip("\n")
    if "#" in bullet:
        return bullet.count("#") + TOP
    if line.kind in DEPTHS and not bullet.strip():
        return DEPTHS[line.kind]
    indent = len(bullet) - len(bullet.lstrip())
    return 2 * indent + (not any(c.isalnum() for c in bullet))


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


def _sentences(line: _Line, count: int) -> list[Part]:
    """The line's sentences; the first has the line's bullet before it."""
    words, marks = _without_marks(line.body, count)
    if marks and SOURCES.fullmatch(" ".join(words)):
        return [Part("", "", "", line.kind, frozenset())]
    numbers = frozenset[int]().union(*(n for _, n in marks))
    if not words:
        return [Part(line.before, "", "", line.kind, numbers)]
    made: list[Part] = []
    for start, end in _whole_quotations(_spans(words), words):
        own = [(at, n) for at, n in marks if start < at <= end or (at == 0 and start == 0)]
        text = " ".join(words[start:end])
        number = LIST_NUMBER.match(text)
        before = (" " if made else line.before) + (number[0] if number else "")
        text = text[number.end() :] if number else text
        clauses = tuple(_clauses(words, start, end, own))
        numbers = frozenset[int]().union(*(n for _, n in own))
        made.append(Part(before, text, "", line.kind, numbers, clauses))
    return made


def _spans(words: Sequence[str]) -> list[tuple[int, int]]:
    """As ``sentence_spans``, but a "No." that answers is a sentence, and no short form of "number"."""
    answers = [at for at, word in enumerate(words, start=1) if word.strip("*_") == "No." and _answers(words[: at - 1])]
    starts = [0, *(at for at in answers if words[at : at + 1] and not words[at][0].isdigit())]
    runs = pairwise([*starts, len(words)])
    return [(begin + start, begin + end) for begin, stop in runs for start, end in sentence_spans(words[begin:stop])]


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
    found = [m for kind in (WRITTEN_MARK, MARK) for m in kind.finditer(text) if _is_ours(text, m, quotations, count)]
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
    numbers = [int(number) for number in re.findall(r"\d+", mark[1] or mark[2])]
    is_enumerated = text.startswith("(") or _is_numbered(text[: mark.start()])
    return mark.start() > 0 and not is_enumerated and all(1 <= number <= count for number in numbers)


def _is_numbered(before: str) -> bool:
    return NUMBERED_THING.search(before.rstrip()) is not None


def numbers_of(mark: str, count: int) -> frozenset[int]:
    """Of evidence that there is: ``[1-3; 99]`` → 1, 2, 3."""
    plain = re.sub(PAGE, "", re.sub(r":[^】]*】|(?::\d+)?†[^\]】]*", "", mark), flags=re.I)
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
        sides = (words[bounds[-2] : at], words[at:end])
        if all(len(content_words(" ".join(side))) >= LEAST_CLAUSE for side in sides):
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
        plain = re.sub(r"\(\d\)\s*", lambda m: m[0] if _is_numbered(plain[: m.start()]) else "", plain)
    plain = PAGE_OF_EVIDENCE.sub("", plain)
    return OPENER.sub("", " ".join(plain.split()), count=1)


def _cells(body: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in body.strip("|").split("|"))


def _is_rule(body: str) -> bool:
    return all(RULE_CELL.fullmatch(cell) for cell in _cells(body))


def _row(line: _Line, head: Sequence[str], count: int, is_head: bool) -> Part:
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
    told = [(column, cell) for column, cell in cells if cell and not UNKNOWN.fullmatch(cell)]
    clauses = tuple(Clause(" ".join(f"{name} {column} {cell}".split()), numbers) for column, cell in told)
    return Part(line.before + bars, text, ends, "heading" if is_head else "row", numbers, clauses)
