"""Who wrote a paper: its authors as they were read off its first page, each name cited there."""

import re

from ragqa.answer.asking import Asking, in_paper
from ragqa.answer.draft import Draft
from ragqa.answer.questions.named import meant_papers, named_papers
from ragqa.types import Hit, Paper

_ASKS = re.compile(
    r"^(?:who (?:is|are|was|were) (?:the |its |their )?(?:(?P<first>first|lead)|(?P<last>last|senior))? ?authors?\b|"
    r"who (?:wrote|authored|published)\b|(?:list|name|what are) (?:all )?(?:the )?(?:names of )?(?:the )?authors\b)",
    re.I,
)
READ_RIGHT = 0.92  # how well authors are read (README, "Reading": F1 on papers that the rules had not seen)
LOOKED_UP = 10  # hits, to find one on the first page


def asks_for_authors(question: str) -> bool:
    """True for "who wrote …" and "who are the authors of …"."""
    return bool(_ASKS.search(question))


def answer_with_authors(asking: Asking) -> Draft | None:
    """The names, in the order of the paper; None if it is not plain which paper is meant, or its page lacks them."""
    papers = _meant(asking)
    page = _first_page(papers[0], asking) if len(papers) == 1 else None
    if page is None:
        return None
    cited = [(name, asking.citer.cite(page, name, READ_RIGHT)) for name in _wanted(papers[0], asking.question)]
    said = [f"{name} [{citation.number}]" for name, citation in cited if citation]
    return Draft(", ".join(said), READ_RIGHT, kind="list" if len(said) > 1 else "span") if said else None


def _meant(asking: Asking) -> list[Paper]:
    scope = asking.scope()
    return named_papers(asking.question, scope) or meant_papers(asking.question, scope) or scope


def _first_page(paper: Paper, asking: Asking) -> Hit | None:
    of_paper = [hit for hit in asking.evidence if hit.paper_id == paper.id]
    found = [*of_paper, *asking.find(paper.title or asking.question, in_paper(paper.id), LOOKED_UP)]
    return next((hit for hit in found if hit.page == 1), None)


def _wanted(paper: Paper, question: str) -> tuple[str, ...]:
    found = _ASKS.search(question)
    if found and found["first"]:
        return paper.authors[:1]
    return paper.authors[-1:] if found and found["last"] else paper.authors
