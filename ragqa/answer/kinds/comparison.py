"""Several papers side by side: each is asked each aspect by itself, and every cell is cited."""

from collections.abc import Sequence

from ragqa.answer.asking import Asking, in_paper
from ragqa.answer.confidence import confidence
from ragqa.answer.draft import Draft, refusal
from ragqa.answer.evidence import sentences_of
from ragqa.answer.kinds.compared import asked_aspects, compared, compares_all
from ragqa.answer.questions.named import works
from ragqa.answer.questions.question_kind import names_many
from ragqa.answer.spans import evidence_of, read
from ragqa.details import Cell, ComparedPaper, Comparison, Details
from ragqa.types import Hit, Paper

LEAST_COMPARED, MOST_PAPERS = 2, 8
MOST_ASPECTS = 4
READ_FOR_A_CELL = 5  # passages
LEAST_FOR_A_CELL = 0.3  # a cell is asked for by a name alone, so its question has few words to be found


def answer_with_comparison(asking: Asking) -> Draft:
    """A row for each paper that is named, or for each in scope; a refusal if no cell could be filled."""
    papers, note = compared_papers(asking.question, asking.evidence, asking.scope())
    questions = asked_aspects(asking.question, papers)
    left_out, questions = list(questions)[MOST_ASPECTS:], dict(list(questions.items())[:MOST_ASPECTS])
    rows = tuple(_row(paper, list(questions.values()), asking) for paper in papers)
    filled = sum(cell.citation is not None for row in rows for cell in row.cells)
    if not filled:
        return refusal(0.0)
    comparison = Comparison(aspects=tuple(questions), papers=rows)
    share = round(filled / (len(rows) * len(questions)), 3)
    if left_out:
        note = f"{note} Compared by {MOST_ASPECTS} aspects; left out: {', '.join(left_out)}.".strip()
    return Draft(as_text(comparison), share, kind="comparison", details=Details(comparison=comparison), note=note)


def compared_papers(question: str, evidence: Sequence[Hit], scope: Sequence[Paper]) -> tuple[list[Paper], str]:
    """The papers that are named, or all if fewer than two are, those first that the question's words found.

    At most MOST_PAPERS. A note tells which were left out, and what is named and is no paper here.
    """
    asked = compared(question, scope)
    note = " ".join(f"There is no paper “{name}” among those searched." for name in asked.absent)
    named = works(asked.papers)
    if len(named) >= LEAST_COMPARED or (named and asked.absent):
        papers = named
    else:
        order = list(dict.fromkeys(hit.paper_id for hit in evidence))
        papers = sorted(works(scope), key=lambda paper: order.index(paper.id) if paper.id in order else len(order))
    if len(papers) <= MOST_PAPERS:
        return papers, note
    cut = f"Compared {MOST_PAPERS} of {len(papers)} papers: name papers or a collection to choose others."
    return papers[:MOST_PAPERS], f"{note} {cut}".strip()


def can_compare(question: str, says_so: bool, scope: Sequence[Paper]) -> bool:
    """True if there is more than one thing to set side by side; ``says_so`` if the question begins with "compare"."""
    asked = compared(question, scope)
    if len(asked.papers) >= LEAST_COMPARED or not says_so:
        return len(asked.papers) >= LEAST_COMPARED
    few = compares_all(question) and len(scope) <= MOST_PAPERS
    return bool(asked.absent) or ((names_many(question) or few) and len(scope) >= LEAST_COMPARED)


def as_text(comparison: Comparison) -> str:
    """The table as lines of text, with marks: what is shown where there are no tables."""
    lines = []
    for paper in comparison.papers:
        lines.append(f"{paper.title or paper.file_name}")
        for aspect, cell in zip(comparison.aspects, paper.cells, strict=True):
            said = f"{cell.text} [{cell.citation}]" if cell.citation is not None else "not found"
            lines.append(f"- {aspect}: {said}")
    return "\n".join(lines)


def _row(paper: Paper, questions: Sequence[str], asking: Asking) -> ComparedPaper:
    cells = tuple(_cell(paper, question, asking) for question in questions)
    return ComparedPaper(paper_id=paper.id, file_name=paper.file_name, title=paper.title, cells=cells)


def _cell(paper: Paper, question: str, asking: Asking) -> Cell:
    """The sentence of the paper that answers best, if it answers at all."""
    evidence = asking.find(question, in_paper(paper.id), READ_FOR_A_CELL)
    quoted = _quoted(question, evidence, asking)
    if quoted is None:
        return Cell()
    hit, quote, sure = quoted
    citation = asking.citer.cite(hit, quote, sure)
    return Cell(text=citation.quote, citation=citation.number) if citation else Cell()


def _quoted(question: str, evidence: Sequence[Hit], asking: Asking) -> tuple[Hit, str, float] | None:
    if not evidence:
        return None
    if asking.reader is not None:
        found = read(question, evidence, asking.reader)
        sure = confidence(question, evidence, found)
        if not found or sure < LEAST_FOR_A_CELL:
            return None
        # These passages were not re-ranked: the reader knows better than their order.
        best = max(found, key=lambda f: f.probability)
        return best.hit, evidence_of(best) or best.sentence, sure
    sentences = sentences_of(evidence)
    scored = zip(asking.scorer.scores(question, sentences), sentences, strict=True)
    score, sentence = max(scored, key=lambda pair: pair[0])
    return sentence.hit, sentence.text, score
