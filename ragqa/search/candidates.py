"""Chunks on their way to hits: scores, pages, near-duplicates. Pure; knows no index and no model."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ragqa.store.catalogue import StoredChunk

PAGE_SUPPORT = 0.2
"""Part of its lead over the worst candidate that the second best chunk of a page adds to the best; the third adds the
square of it, and so on."""

SAME_WORDS = 0.9
"""Share of words in common from which a chunk says nothing new."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk with the score that ranks it, and the logit of the re-ranker if one has read it."""

    chunk: StoredChunk
    score: float
    relevance: float | None = None

    @property
    def place(self) -> tuple[str, int]:
        """Paper and page."""
        return self.chunk.paper_id, self.chunk.page


def page_supported(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Each page's best chunk gains a little by every other one of the page; so pages are ranked, not chunks."""
    worst = min((candidate.score for candidate in candidates), default=0.0)
    seen: dict[tuple[str, int], list[int]] = defaultdict(list)
    for at, one in enumerate(candidates):
        seen[one.place].append(at)
    gained = [one.score for one in candidates]
    for places in seen.values():
        for n, at in enumerate(places[1:], start=1):
            gained[places[0]] += PAGE_SUPPORT**n * (candidates[at].score - worst)
    return by_score(replace(one, score=score) for one, score in zip(candidates, gained, strict=True))


def unlike(candidates: Sequence[Candidate], k: int) -> list[Candidate]:
    """The first k; of nearly the same words (a preprint beside the article, a repeated table) only the better."""
    kept: list[tuple[Candidate, frozenset[str]]] = []
    for one in candidates:
        if len(kept) == k:
            break
        words = frozenset(one.chunk.text.casefold().split())
        if not any(_are_same(words, better) for _, better in kept):
            kept.append((one, words))
    return [one for one, _ in kept]


def _are_same(a: frozenset[str], b: frozenset[str]) -> bool:
    fewer, more = sorted((len(a), len(b)))
    return fewer >= SAME_WORDS * more and len(a & b) >= SAME_WORDS * len(a | b)


def by_score(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Best first; equal scores stay in their order."""
    return sorted(candidates, key=lambda candidate: -candidate.score)
