"""Puts the best candidates in order by reading them with the question. Knows the protocol, no model."""

from collections.abc import Sequence
from dataclasses import replace

from ragqa.protocols import Passage, Reranker
from ragqa.search.candidates import Candidate, by_score

DEPTH = 30
"""Candidates that are read at most."""

BATCH = 10
"""Candidates read at a time; then it is seen whether reading on could change the first places."""

TOP = 5
"""Places that a further batch must reach for another one to be read."""


def reranked(
    question: str, candidates: Sequence[Candidate], reranker: Reranker, weight: float, *, early_exit: bool = True
) -> list[Candidate]:
    """Candidates, best first, by score as a part of the best one plus ``weight`` times the logit of relevance.

    Read batch by batch, best first, until one puts nothing into the first places. Those not read follow as they were.
    """
    best = max((candidate.score for candidate in candidates), default=0.0) or 1.0
    read: list[Candidate] = []
    for at in range(0, min(DEPTH, len(candidates)), BATCH):
        batch = candidates[at : min(at + BATCH, DEPTH)]
        logits = reranker.relevance(question, [_passage_of(candidate) for candidate in batch])
        judged = [
            replace(one, score=one.score / best + weight * logit, relevance=logit)
            for one, logit in zip(batch, logits, strict=True)
        ]
        read = by_score([*read, *judged])
        if early_exit and at and not any(one in judged for one in read[:TOP]):
            break
    least = read[-1].score if read else 0.0
    rest = candidates[len(read) :]
    below = [replace(one, score=least - (rest[0].score - one.score) / best) for one in rest]
    return [*read, *below]


def _passage_of(candidate: Candidate) -> Passage:
    return Passage.below(candidate.chunk.title, candidate.chunk.section, candidate.chunk.text)
