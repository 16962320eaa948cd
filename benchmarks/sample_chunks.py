"""Experiment of "What a chunk should be": size, section boundaries and heading context vs. the right page."""

from collections.abc import Sequence

import numpy as np

from benchmarks.sample_corpora import TEMPLATED, CachedEmbedder, Question
from benchmarks.sample_measures import hit, interval, reciprocal_rank, rounded
from benchmarks.sample_pages import PageSearch, Papers, Piece, Recipe, cut

SIZES = (50, 100, 150, 200, 250, 400)
BUDGET = 1000
SHIPPED = 200
WAYS = {
    "sections_context": Recipe(SHIPPED),
    "sections_plain": Recipe(SHIPPED, context=False),
    "windows_plain": Recipe(SHIPPED, sections=False, context=False),
    "windows_overlap": Recipe(SHIPPED, sections=False, context=False, overlap=0.2),
}
Row = dict[str, float]


def measure_chunks(papers: Papers, questions: Sequence[Question], embedder: CachedEmbedder) -> dict[str, object]:
    """Every size with and without context; every way of cutting at the shipped size."""
    ways = {name: _measure(recipe, papers, questions, embedder) for name, recipe in WAYS.items()}
    sizes = {size: _measure(Recipe(size), papers, questions, embedder) for size in SIZES}
    first = [rounded(np.mean([row["hit1"] for row in rows])) for rows, _ in sizes.values()]
    return {
        "budget": BUDGET,
        "shipped": SHIPPED,
        "ways": {name: _summary(rows, chunks) for name, (rows, chunks) in ways.items()},
        "context_gain": _gains(ways["sections_context"][0], ways["sections_plain"][0]),
        "section_gain": _gains(ways["sections_plain"][0], ways["windows_plain"][0]),
        "overlap_gain": _gains(ways["windows_overlap"][0], ways["windows_plain"][0]),
        "sizes": {str(size): _summary(*found) for size, found in sizes.items()},
        "hit1_low": min(first),
        "hit1_high": max(first),
        "against_shipped": {str(size): _gains(rows, sizes[SHIPPED][0]) for size, (rows, _) in sizes.items()},
    }


def cut_all(papers: Papers, recipe: Recipe, embedder: CachedEmbedder) -> list[Piece]:
    """The chunks of all papers, paper by paper."""
    return [piece for name, document in papers.items() for piece in cut(name, document, recipe, embedder.model)]


def _measure(
    recipe: Recipe, papers: Papers, questions: Sequence[Question], embedder: CachedEmbedder
) -> tuple[list[Row], list[Piece]]:
    pieces = cut_all(papers, recipe, embedder)
    search = PageSearch(pieces, embedder)
    sizes = embedder.model.token_counts([piece.text for piece in pieces])
    rows = [_question(search, question, sizes) for question in questions]
    search.close()
    return rows, pieces


def _question(search: PageSearch, question: Question, sizes: Sequence[int]) -> Row:
    """Hits on the right page: first, mean reciprocal rank, within the budget; in the paper and among all."""
    ranked = search.hybrid(question.text, question.paper)
    pages = [page for _, page in search.pages(ranked)]
    everywhere = search.pages(search.hybrid(question.text, None))
    wanted = {(question.paper, page) for page in question.pages}
    spent = np.cumsum([sizes[i] for i, _ in ranked])
    within = {search.pieces[i].page for (i, _), used in zip(ranked, spent, strict=True) if used <= BUDGET}
    return {
        "free": float(question.set != TEMPLATED),
        "hit1": hit(pages, set(question.pages), 1),
        "mrr": reciprocal_rank(pages, set(question.pages)),
        "budget": float(bool(within & question.pages)),
        "pages_within": float(len(within)),
        "all_hit1": float(bool(everywhere) and everywhere[0] in wanted),
        "all_hit5": float(bool(wanted & set(everywhere[:5]))),
    }


def _summary(rows: Sequence[Row], pieces: Sequence[Piece]) -> dict[str, object]:
    free = [row for row in rows if row["free"]]
    return {
        "chunks": len(pieces),
        "hit1": interval([row["hit1"] for row in rows]),
        "mrr": interval([row["mrr"] for row in rows]),
        "budget": interval([row["budget"] for row in rows]),
        "pages_within": rounded(np.mean([row["pages_within"] for row in rows])),
        "free_hit1": interval([row["hit1"] for row in free]),
        "all_hit1": interval([row["all_hit1"] for row in free]),
        "all_hit5": interval([row["all_hit5"] for row in free]),
    }


def _gains(ours: Sequence[Row], theirs: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Paired differences; among all papers only for questions that were written for one paper."""
    pairs = list(zip(ours, theirs, strict=True))
    return {
        "mrr": interval([a["mrr"] - b["mrr"] for a, b in pairs]),
        "hit1": interval([a["hit1"] - b["hit1"] for a, b in pairs]),
        "budget": interval([a["budget"] - b["budget"] for a, b in pairs]),
        "free_hit1": interval([a["hit1"] - b["hit1"] for a, b in pairs if a["free"]]),
        "all_hit5": interval([a["all_hit5"] - b["all_hit5"] for a, b in pairs if a["free"]]),
        "all_hit1": interval([a["all_hit1"] - b["all_hit1"] for a, b in pairs if a["free"]]),
    }
