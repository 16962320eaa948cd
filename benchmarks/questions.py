"""Evaluation questions, and what counts as having found their page. Pure; knows no pipeline.

*given*: the paper is known and the search is restricted to it. *open*: all papers are searched.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path
from typing import Any, NamedTuple

GIVEN_SETS = frozenset({"qasper", "ncg", "mmlongbench"})
"""Sets whose questions make no sense without their paper ("Which baselines do they use?")."""

CUTOFFS = (1, 5, 10)
DISTINCT_CUTOFF = 3
"""Nearly every list of ten hits has this many distinct pages, so no pipeline runs out of them."""


class Hit(NamedTuple):
    """A paper and the pages, counted from 1, that a hit covers; those of most pipelines cover one."""

    paper: Path
    first: int
    last: int

    @property
    def pages(self) -> range:
        """From the first to the last, both included."""
        return range(self.first, self.last + 1)


@dataclass(frozen=True, slots=True)
class Question:
    """One question; ``pages`` is empty where nobody marked the evidence."""

    qid: str
    set: str
    text: str
    papers: tuple[Path, ...]
    pages: frozenset[int]

    @property
    def given(self) -> Path | None:
        """The paper that the search is restricted to, None in the open setting."""
        return self.papers[0] if self.set in GIVEN_SETS else None


def load_questions(file: Path, papers: Sequence[Path]) -> list[Question]:
    """Questions on ``papers`` that can be scored; ``docs`` are paths relative to ``file``."""
    known = set(papers)
    found = [_question(json.loads(line), file.parent) for line in file.read_text(encoding="utf-8").splitlines()]
    return [q for q in found if known.issuperset(q.papers) and (q.pages or q.given is None)]


def _question(row: dict[str, Any], folder: Path) -> Question:
    papers = tuple((folder / doc).resolve() for doc in row["docs"])
    return Question(row["qid"], row["set"], row["question"], papers, frozenset(row["evidence_pages"]))


def page_found(question: Question, hits: Sequence[Hit], k: int) -> bool:
    """Whether one of the first k hits (not distinct pages) covers one of the gold pages."""
    return any(hit.paper in question.papers and not question.pages.isdisjoint(hit.pages) for hit in hits[:k])


def paper_found(question: Question, hits: Sequence[Hit]) -> bool:
    """Whether the first hit is from the right paper."""
    return bool(hits) and hits[0].paper in question.papers


def outcomes(question: Question, hits: Sequence[Hit]) -> dict[str, bool]:
    """Every measure that the question allows: of pages if it has gold pages, paper@1 in the open setting."""
    found = {f"page@{k}": page_found(question, hits, k) for k in CUTOFFS if question.pages}
    if question.pages:
        found[f"distinct@{DISTINCT_CUTOFF}"] = page_found(question, list(dict.fromkeys(hits)), DISTINCT_CUTOFF)
    return found | ({} if question.given else {"paper@1": paper_found(question, hits)})


def sign_test(gained: int, lost: int) -> float:
    """Two-sided p of this many gains and losses, were both equally likely."""
    n = gained + lost
    tail = sum(comb(n, i) for i in range(min(gained, lost) + 1))
    return min(1.0, 2.0 * tail * 0.5**n)
