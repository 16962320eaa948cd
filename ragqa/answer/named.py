"""Which papers of the library a question names: by title, short name, file name, or author and year. Pure."""

import re
from collections.abc import Sequence
from pathlib import Path

from ragqa.answer.words import STOP_WORDS
from ragqa.types import Paper

SHORTEST_NAME = 3
# "BERT: Pre-training of …", "DistilBERT, a distilled version of …", "LLaMA - Open …"
_SHORT_NAME = re.compile(r"^([^\s:,–—-][^\s:,]*(?:[ -][A-Z0-9][^\s:,]*){0,2})(?::|,| [–—-]) ")
_WORD = re.compile(r"\w+")
_THE_PAPER = re.compile(
    r"\bthe ((?:[\w-]+ ){1,4})(?:paper|article|study|manuscript|preprint)\b(?! by)|"
    r"\b(?:paper|article|study|preprint) (?:on|about|called|titled|entitled) [\"“]?([\w -]{3,80})",
    re.I,
)


def named_papers(question: str, papers: Sequence[Paper]) -> list[Paper]:
    """Papers whose own name stands in the question, in the order in which they are named."""
    words = f" {_plain(question)} "
    found = []
    for paper in papers:
        places = [words.find(f" {name} ") for name in _names(paper)]
        said = [place for place in places if place >= 0]
        if said:
            found.append((min(said), paper))
    return [paper for _, paper in sorted(found, key=lambda pair: pair[0])]


def meant_papers(question: str, papers: Sequence[Paper]) -> list[Paper]:
    """Papers that "the marmot paper" or "the study on hibernation" may mean, by the words of their titles."""
    found = _THE_PAPER.search(question)
    if found is None:
        return []
    words = [word for word in _plain(found[1] or found[2]).split() if word not in STOP_WORDS and len(word) > 1]
    meant: list[Paper] = []
    for word in words:
        fitting = [paper for paper in (meant or papers) if word in _plain(paper.title).split()]
        if not fitting:
            break  # "the study on hibernation find" goes on with the question
        meant = fitting
    return meant


def _names(paper: Paper) -> set[str]:
    """Whole title, the name before its colon, the file's name, and "author year"."""
    title, stem = _plain(paper.title), _plain(Path(paper.file_name).stem)
    short = _SHORT_NAME.match(paper.title)
    names = {title, stem, _plain(short[1]) if short else "", *_by_author(paper)}
    return {name for name in names if len(name) >= SHORTEST_NAME and name not in STOP_WORDS}


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
