"""Several papers side by side: each is asked each aspect by itself, and every cell is cited."""

import re
from collections.abc import Sequence

from ragqa.answer.asking import Asking, in_paper
from ragqa.answer.confidence import confidence
from ragqa.answer.draft import Draft, refusal
from ragqa.answer.evidence import sentences_of
from ragqa.answer.named import named_papers
from ragqa.answer.question_kind import names_many, plain
from ragqa.answer.spans import evidence_of, read
from ragqa.details import Cell, ComparedPaper, Comparison, Details
from ragqa.types import Hit, Paper

MOST_PAPERS = 8
MOST_ASPECTS = 4
READ_FOR_A_CELL = 5  # passages
LEAST_FOR_A_CELL = 0.3  # a cell is asked for by a name alone, so its question has few words to be found

# What is compared if the question names nothing, each with the question that every paper is asked.
USUAL_ASPECTS = {
    "Problem": "What research problem does the paper address?",
    "Approach": "What approach or method does the paper propose?",
    "Data": "What data was used?",
    "Main result": "What are the main results of the paper?",
}
_ASPECTS = r"(?:the |their |its )?(?P<aspects>[^?.]+)[?.]*$"
_NAMED_BEHIND = re.compile(
    rf"\b(?:by|in terms of|with (?:respect|regard) to|regarding|concerning|according to) {_ASPECTS}", re.I
)
# "Compare BERT and ELMo on training data", but not "Compare the papers on sentiment".
_NAMED_BEHIND_NAMES = re.compile(rf"\b(?:based on|on|with|for) {_ASPECTS}", re.I)
_NAMED_BEFORE = re.compile(
    r"^(?:compare|contrast|comparison of|(?:make|give|show)(?: me)? a (?:comparison|table) of|"
    r"what are the differences in|"
    r"(?:what|which)(?! (?:is|are|was|were)\b))\s+(?:the )?(?P<aspects>.+?)\s+"
    r"(?:of|in|used (?:in|by)|between|across|among|do(?:es)?|did|reported in)\b",
    re.I,
)
_AND = re.compile(r"\s*(?:,|;|\band\b|&)\s*(?:the |their |its )?", re.I)
_PAPERS = re.compile(r"\b(?:papers?|articles?|stud(?:y|ies)|these|those|them|each other|all)\b", re.I)
LONGEST_ASPECT = 6  # words


def answer_with_comparison(asking: Asking) -> Draft:
    """A row for each paper that is named, or for each in scope; a refusal if no cell could be filled."""
    papers, note = compared_papers(asking.question, asking.evidence, asking.scope())
    questions = asked_aspects(asking.question, papers)
    rows = tuple(_row(paper, list(questions.values()), asking) for paper in papers)
    filled = sum(cell.citation is not None for row in rows for cell in row.cells)
    if not filled:
        return refusal(0.0)
    comparison = Comparison(aspects=tuple(questions), papers=rows)
    share = round(filled / (len(rows) * len(questions)), 3)
    return Draft(as_text(comparison), share, kind="comparison", details=Details(comparison=comparison), note=note)


def compared_papers(question: str, evidence: Sequence[Hit], scope: Sequence[Paper]) -> tuple[list[Paper], str]:
    """The papers that are named, or all if fewer than two are, those first that the question's words found.

    At most MOST_PAPERS, with a note on those left out.
    """
    named = named_papers(question, scope)
    order = list(dict.fromkeys(hit.paper_id for hit in evidence))
    found = sorted(scope, key=lambda paper: order.index(paper.id) if paper.id in order else len(order))
    papers = named if len(named) > 1 else found
    if len(papers) <= MOST_PAPERS:
        return papers, ""
    note = f"Compared {MOST_PAPERS} of {len(papers)} papers: name papers or a collection to choose others."
    return papers[:MOST_PAPERS], note


def asked_aspects(question: str, papers: Sequence[Paper]) -> dict[str, str]:
    """Aspects by name, each with the question that every paper is asked; the usual ones if none is named."""
    asked = plain(question)
    patterns = (_NAMED_BEHIND, *(() if names_many(asked) else (_NAMED_BEHIND_NAMES,)), _NAMED_BEFORE)
    for pattern in patterns:
        found = pattern.search(asked)
        aspects = _aspects(found["aspects"], papers) if found else []
        if aspects:
            return {aspect[0].upper() + aspect[1:]: _question(aspect) for aspect in aspects}
    return dict(USUAL_ASPECTS)


def as_text(comparison: Comparison) -> str:
    """The table as lines of text, with marks: what is shown where there are no tables."""
    lines = []
    for paper in comparison.papers:
        lines.append(f"{paper.title or paper.file_name}")
        for aspect, cell in zip(comparison.aspects, paper.cells, strict=True):
            said = f"{cell.text} [{cell.citation}]" if cell.citation is not None else "not found"
            lines.append(f"- {aspect}: {said}")
    return "\n".join(lines)


def _aspects(phrase: str, papers: Sequence[Paper]) -> list[str]:
    """The parts of the phrase, if they are aspects and not the papers themselves."""
    parts = [part.strip() for part in _AND.split(phrase) if part.strip()]
    about_papers = any(_PAPERS.search(part) or named_papers(part, papers) for part in parts)
    too_long = any(len(part.split()) > LONGEST_ASPECT for part in parts)
    return [] if about_papers or too_long else list(dict.fromkeys(parts))[:MOST_ASPECTS]


def _question(aspect: str) -> str:
    verb = "are" if aspect.split()[-1].lower().endswith("s") and not aspect.endswith("ss") else "is"
    return f"What {verb} the {aspect}?"


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
