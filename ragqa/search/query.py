"""What a question says of where its answer stands: papers, authors, years, sections, tables, pages. Pure.

Looks at the words of the question alone; what is in the library is for others to know.
"""

import re
from dataclasses import dataclass

from ragqa.document import SectionKind
from ragqa.section_kinds import section_kind

EARLIEST, LATEST = 1600, 9999
LONGEST_NAME = 40
LOOKED_AT = 1000
"""Characters of a question: longer ones are texts, whose every name is not a wish."""

Years = tuple[int, int]
"""First and last, both included."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was told. ``only_*`` ask for papers of those authors or years and no others; the rest are hints.

    ``names`` may stand in a title: quoted words, file names, ids, and words such as SpanBERT. ``works`` are papers
    named by family name and year, 0 if none is said. ``labels`` are such as ("table", "2").
    """

    names: tuple[str, ...] = ()
    works: tuple[tuple[str, int], ...] = ()
    only_authors: tuple[str, ...] = ()
    only_years: Years | None = None
    sections: frozenset[SectionKind] = frozenset()
    headings: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    pages: frozenset[int] = frozenset()
    is_of_whole_paper: bool = False
    asks_for_papers: bool = False

    @property
    def points_somewhere(self) -> bool:
        """Within a paper."""
        return bool(self.sections or self.headings or self.labels or self.pages)

    @property
    def years_in_words(self) -> str:
        """As a note says it; empty without years."""
        first, last = self.only_years or (EARLIEST, LATEST)
        bounds = (f"from {first} on" if first > EARLIEST else "", f"up to {last}" if last < LATEST else "")
        return f"of {first}" if first == last else " and ".join(filter(None, bounds))


NOTHING = Analysis()

_PAPER = r"(?:papers?|articles?|stud(?:y|ies)|works?|publications?|manuscripts?|authors?)"
_PAPERS = r"(?:papers|articles|studies|works|publications)"
_FAMILY = r"(?:(?:van|von|de|der|den|la|le|di|da) ){0,2}[A-Z][^\W\d_]{1,30}(?:[-'’][^\W\d_]{2,30}){0,2}"
_YEAR = r"((?:1[6-9]|20)\d\d)"

_QUOTED = re.compile(r"[\"“”„‟«»]([^\"“”„‟«»]{4,200})[\"“”„‟«»]")
_FILE = re.compile(r"[\w.()+-]+\.pdf\b", re.IGNORECASE)
_ID = re.compile(r"\b10\.\d{4,9}/[^\s\"<>]+[^\s\"<>.,;:?)]|\b\d{4}\.\d{4,5}\b")
_WORD = re.compile(r"[\w-]+")

_ET_AL = re.compile(rf"\b({_FAMILY})(?: (?:and|&) {_FAMILY})?,? et al\.?(?:'s|’s)?,? ?\(?(?:{_YEAR})?")
_CITED = re.compile(rf"\b({_FAMILY})(?: (?:and|&) {_FAMILY})?(?:'s|’s)?,? \(?{_YEAR}\b")
_BY = re.compile(rf"\b{_PAPER} (?:\w+ ){{0,3}}by (?:[A-Z]\S{{0,30}} ){{0,3}}?({_FAMILY})(?=[\s,.?!]*$|[,.]? (?![A-Z]))")
_NO_FAMILY = frozenset(
    "in since from of by until before after during table figure section page chapter the january february march april"
    " may june july august september october november december semeval conll wmt icml neurips acl emnlp".split()
)

_IN = re.compile(rf"\b{_PAPERS}(?: \w+){{0,3}}? (?:in|from|of) {_YEAR}\b(?!\s*(?:-|–|to|and)\s*\d)")
_SINCE = re.compile(rf"\b{_PAPERS}(?: \w+){{0,3}}? (since|after|until|before) {_YEAR}\b")
_BETWEEN = re.compile(rf"\b{_PAPERS}(?: \w+){{0,3}}? (?:between|from) {_YEAR} ?(?:and|to|-|–) ?{_YEAR}\b")

_LABEL = re.compile(r"\b(tab(?:le|\.)|fig(?:ure|\.)|algorithm)s?\s*([A-Z]?\.?\d{1,3}|[IVX]{1,5})\b", re.IGNORECASE)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_ORDINAL_LABEL = re.compile(rf"\b({'|'.join(_ORDINALS)}) (table|figure|algorithm)\b", re.IGNORECASE)
_PAGE = re.compile(r"\b(?:page|p\.)\s?(\d{1,4})\b", re.IGNORECASE)

_SECTION = re.compile(
    r"\b(?:in|from|of|to|does|do) (?:the|their|its) [\"“]?([\w\s/&-]{3,40}?)[\"”]? (?:sub)?sections?\b"
    r"|\b(?:sub)?section ([A-Z]?\d+(?:\.\d+)*)\b",
    re.IGNORECASE,
)
_PART = re.compile(
    r"\bin (?:the|their|its) (abstract|introduction|related work|conclusions?|discussion|appendix)\b", re.IGNORECASE
)

_OF_THIS = rf"\b(?:the|this|that|these|which|what|their|a) (?:\w+ )?{_PAPER}\b"
_WHOLE = re.compile(
    rf"\b(?:is|are|was|were) (?:the|this|that) {_PAPER} about\b|\b(?:which|what) {_PAPER}\b(?! (?:is|are) cited)"
    rf"|{_OF_THIS}.{{0,40}}\b(?:propos|introduc|present|address|tackl|solv|contribut|investigat|deal|about)"
    rf"|\b(?:problem|task|topic|goal|aim|purpose|objective|question|contribution|idea|finding|message|point)s?\b"
    rf".{{0,40}}{_OF_THIS}|\bsummar(?:y|i[sz]e)\b.{{0,40}}{_OF_THIS}|\b(?:main|key) contributions?\b",
    re.IGNORECASE,
)
_ASKS_FOR_PAPERS = re.compile(
    rf"\b(?:which|what|list|find|show|all|are there(?: any)?)(?: me)?(?: of)?(?: the| these)? (?:\w+ )?{_PAPERS}\b"
    rf"|\b(?:across|among|between|compare)(?: all)?(?: of)?(?: the| these)? {_PAPERS}\b",
    re.IGNORECASE,
)


def analysed(question: str) -> Analysis:
    """What a question says; nothing of what is not said plainly."""
    question = question[:LOOKED_AT]
    authors, years = _only_authors(question), _only_years(question)
    kinds, headings = _sections(question)
    return Analysis(
        names=_names(question),
        works=_works(question) if not authors else (),
        only_authors=authors,
        only_years=years,
        sections=kinds,
        headings=headings,
        labels=_labels(question),
        pages=frozenset(int(number) for number in _PAGE.findall(question)),
        is_of_whole_paper=bool(_WHOLE.search(question)),
        asks_for_papers=bool(_ASKS_FOR_PAPERS.search(question)),
    )


def _names(question: str) -> tuple[str, ...]:
    rest = re.sub(r"(?:'|’)s\b", "", question)
    found: list[str] = []
    for pattern in (_QUOTED, _FILE, _ID):
        found += pattern.findall(rest)
        rest = pattern.sub(" ", rest)
    # Of a question in capitals no word is told from others.
    if not rest.isupper():
        found += filter(_is_name, _WORD.findall(rest))
    return tuple(filter(None, dict.fromkeys(name.strip(" .,;:?!-_") for name in found)))


def _is_name(word: str) -> bool:
    """As SpanBERT, T5 and anti-CD19 are: a capital or a figure after the first letter."""
    is_telling = any(character.isupper() or character.isdigit() for character in word[1:])
    return len(word) <= LONGEST_NAME and is_telling and any(character.isalpha() for character in word)


def _works(question: str) -> tuple[tuple[str, int], ...]:
    """Papers called by who wrote them: "Vaswani et al.", "Smith and Jones (2019)"."""
    found = [*_ET_AL.findall(question), *_CITED.findall(question)]
    works = {(_family(name), int(year or 0)) for name, year in found if name.casefold() not in _NO_FAMILY}
    return tuple(sorted(works))


def _only_authors(question: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_family(name) for name in _BY.findall(question)))


def _family(name: str) -> str:
    return re.sub(r"(?:'|’)s$", "", name)


def _only_years(question: str) -> Years | None:
    if between := _BETWEEN.search(question):
        first, last = sorted(map(int, between.groups()))
        return first, last
    if since := _SINCE.search(question):
        word, year = since[1], int(since[2])
        bounds = {"since": (year, LATEST), "after": (year + 1, LATEST), "until": (EARLIEST, year)}
        return bounds.get(word, (EARLIEST, year - 1))
    if single := _IN.search(question):
        return int(single[1]), int(single[1])
    return None


def _sections(question: str) -> tuple[frozenset[SectionKind], tuple[str, ...]]:
    """Kinds of sections that are named, and the words of headings that are no kind."""
    said = [phrase or number for phrase, number in _SECTION.findall(question)] + _PART.findall(question)
    kinds = {section_kind(phrase) for phrase in said} - {SectionKind.OTHER}
    return frozenset(kinds), tuple(dict.fromkeys(phrase.strip().lower() for phrase in said))


def _labels(question: str) -> tuple[tuple[str, str], ...]:
    numbered = [(_label_kind(kind), number.lstrip(".")) for kind, number in _LABEL.findall(question)]
    counted = [
        (kind.lower(), str(_ORDINALS.index(word.lower()) + 1)) for word, kind in _ORDINAL_LABEL.findall(question)
    ]
    return tuple(dict.fromkeys([*numbered, *counted]))


def _label_kind(said: str) -> str:
    first = said.lower()[:3]
    return {"tab": "table", "fig": "figure"}.get(first, "algorithm")
