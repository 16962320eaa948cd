"""Which papers of the library a question names: by title, short name, file name, or author and year. Pure."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ragqa.answer.questions.cited import LONGEST_TITLE
from ragqa.answer.words import STOP_WORDS, stem
from ragqa.document import Span
from ragqa.types import Paper

SHORTEST_NAME = 3
MASK = "§"
# "BERT: Pre-training of …", "DistilBERT, a distilled version of …", "LLaMA - Open …"
_SHORT_NAME = re.compile(r"^([^\s:,–—-][^\s:,]*(?:[ -][A-Z0-9][^\s:,]*){0,2})(?::|,| [–—-]) ")
_WORD = re.compile(r"\w+")
_THE_PAPER = re.compile(
    r"\bthe ((?:[\w-]+ ){1,4})(?:paper|article|study|manuscript|preprint)\b(?! by)|"
    r"\b(?:paper|article|study|preprint) (?:on|about|called|titled|entitled) [\"“]?([\w -]{3,80})",
    re.I,
)


def named_papers(question: str, papers: Sequence[Paper]) -> list[Paper]:
    """Papers whose own name stands in the question, in the order in which they are named.

    A name inside a longer one names nothing: "DistilBERT, a distilled version of BERT" is not about BERT's paper too.
    """
    words = f" {_plain(question)} "
    said = [
        (place, paper) for paper in papers for name in _names(paper, question) for place in _places(f" {name} ", words)
    ]
    own = [(place, paper) for place, paper in said if not any(_holds(other, place) for other, _ in said)]
    return list({paper.id: paper for _, paper in sorted(own, key=lambda pair: pair[0])}.values())


def _places(name: str, words: str) -> Iterator[Span]:
    """Where the name begins and ends, each time that it is said."""
    start = words.find(name)
    while start >= 0:
        yield start, start + len(name)
        start = words.find(name, start + 1)


def _holds(other: Span, place: Span) -> bool:
    return other[0] <= place[0] and place[1] <= other[1] and other != place


def meant_papers(question: str, papers: Sequence[Paper]) -> list[Paper]:
    """Papers that "the marmot paper" or "the study on hibernation" may mean, by the words of their titles."""
    found = _THE_PAPER.search(question)
    if found is None:
        return []
    words = [stem(w) for w in _plain(found[1] or found[2]).split() if w not in STOP_WORDS and len(w) > 1]
    meant: list[Paper] = []
    for word in words:
        fitting = [paper for paper in (meant or papers) if word in map(stem, _plain(paper.title).split())]
        if not fitting and found[2]:
            break  # "the study on hibernation find" goes on with the question
        meant = fitting or meant
    return meant


def meant_in(text: str, papers: Sequence[Paper]) -> list[Paper]:
    """Papers that one "the … paper" of the text means, and no other paper with it."""
    meant = [meant_papers(found[0], papers) for found in _THE_PAPER.finditer(text)]
    return [several[0] for several in meant if len(several) == 1]


def masked(text: str, papers: Sequence[Paper]) -> str:
    """The text with MASK for each of these papers' names, so that its words are not taken for the question's."""
    for name in sorted({name for paper in papers for name in _names(paper, text)}, key=len, reverse=True):
        words = r"(?:['’]s)?\W+".join(map(re.escape, name.split()))
        text = re.sub(rf"[\"“]?(?<!\w){words}(?!\w)[\"”]?", MASK, text, flags=re.I)
    return _THE_PAPER.sub(lambda found: MASK if len(meant_papers(found[0], papers)) == 1 else found[0], text)


def works(papers: Sequence[Paper]) -> list[Paper]:
    """The papers without further files of the same work."""
    ids = {paper.id for paper in papers}
    return [paper for paper in papers if paper.same_as not in ids]


def _names(paper: Paper, question: str) -> set[str]:
    """Whole title, the name before its colon, the file's name if it is no mere word, and "author year"."""
    title, stem_of_file = _plain(paper.title), _plain(Path(paper.file_name).stem)
    short = _SHORT_NAME.match(paper.title)
    # A rewritten question carries no more of a long title (ragqa.answer.questions.cited).
    begun = title if len(title) <= LONGEST_TITLE else _plain(paper.title[:LONGEST_TITLE])
    names = {title, begun, _plain(paper.file_name), _plain(short[1]) if short else "", *_by_author(paper)}
    if not _is_word(stem_of_file, question):
        names.add(stem_of_file)
    return {name for name in names if len(name) >= SHORTEST_NAME and name not in STOP_WORDS}


def _is_word(name: str, question: str) -> bool:
    """True if it is one word without digits that the question says in small letters: "main" of main.pdf."""
    said = [word for word in _WORD.findall(question) if word.casefold() == name]
    return name.isalpha() and all(word.islower() for word in said)


def _by_author(paper: Paper) -> set[str]:
    """ "vaswani et al", "vaswani 2017" and "vaswani et al 2017"; nothing without an author."""
    if not paper.authors or not paper.authors[0].strip():
        return set()
    family = _plain(paper.authors[0].split()[-1])
    alone = {f"{family} et al"} if len(paper.authors) > 1 else set()
    return alone | ({f"{family} {paper.year}", f"{family} et al {paper.year}"} if paper.year else set())


def _plain(text: str) -> str:
    """Words in small letters, one space between them; a possessive s is left out."""
    return " ".join(_WORD.findall(re.sub(r"['’]s\b", "", text.casefold())))
