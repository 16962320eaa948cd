"""What an answer says beyond its words and quotes, as plain text, for whoever shows neither tables nor pages. Pure."""

from collections.abc import Iterator, Sequence

from ragqa.details import Comparison, NearestPage, ScoredChoice, Verdict
from ragqa.types import Answer, Citation


def citations_of(answer: Answer) -> tuple[Citation, ...]:
    """Those that bear it out: none of a refusal, whatever was stored with it."""
    return () if answer.abstained else answer.citations


def beside(answer: Answer) -> list[str]:
    """Paragraphs, of one or several lines: verdict, choices, table, summary; of a refusal where it was looked."""
    return list(_beside(answer))


def _beside(answer: Answer) -> Iterator[str]:
    if answer.abstained:
        if answer.searched:
            yield f"Searched {answer.searched}."
        if answer.nearest:
            yield "\n".join(["Nearest pages:", *(f"- {_place(page)}" for page in answer.nearest)])
        return
    if answer.verdict:
        yield _verdict(answer.verdict)
    if answer.choices:
        yield "\n".join(["Choices:", *(f"- {_choice(choice)}" for choice in answer.choices)])
    if answer.mode == "generative":  # else the answer's words are these
        if answer.comparison:
            yield "\n".join(_rows(answer.comparison))
        if answer.summary:
            yield "\n".join(f"- {part.heading}: {part.text}" for part in answer.summary)


def _place(page: NearestPage) -> str:
    section = f" ({page.section})" if page.section else ""
    return f"{page.title or page.file_name}, page {page.page}{section}"


def _verdict(verdict: Verdict) -> str:
    sides = (("for", verdict.supporting), ("against", verdict.opposing))
    said = "".join(f"; {side}: {_marks(numbers)}" for side, numbers in sides if numbers)
    return f"Yes {verdict.yes:.0%}, no {verdict.no:.0%}, maybe {verdict.maybe:.0%}{said}"


def _choice(choice: ScoredChoice) -> str:
    return f"{choice.text}: {choice.probability:.0%} {_marks(choice.citations)}".strip()


def _rows(comparison: Comparison) -> Iterator[str]:
    for paper in comparison.papers:
        cells = (
            f"{aspect}: {cell.text} {_marks([cell.citation])}" if cell.citation is not None else f"{aspect}: not found"
            for aspect, cell in zip(comparison.aspects, paper.cells, strict=True)
        )
        yield f"- {paper.title or paper.file_name}. {'; '.join(cells)}"


def _marks(numbers: Sequence[int]) -> str:
    return "".join(f"[{number}]" for number in numbers)
