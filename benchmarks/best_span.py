"""Which span to show: ``python -m benchmarks.best_span DATA/e2e --library DIR
[--reading DIR] [--out FILE]``.

Prints, for weights of a span's own logit and of its passage's place (ragqa/answer/spans.py), how often the chosen span
stands on a gold page and in gold evidence, the F1 of span and sentence at several thresholds of SURE, a mean over
sets, and the weights of the probability that a span answers. Sets whose questions name no paper are asked of their own
one.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import numpy as np

from benchmarks.abstention import KEPT_APART
from benchmarks.logistic import fit_logistic, with_constant
from benchmarks.questions import GIVEN_SETS
from ingest.folder.files import content_hash
from ragqa.answer.evidence import choose_evidence
from ragqa.answer.questions.question_kind import kind_of, wants_sentence, wants_words
from ragqa.answer.spans import MOST_READ, read
from ragqa.ask import HITS_READ
from ragqa.compose import open_engine, open_reader
from ragqa.evaluation.formats import PaperQuestion, read_paper_questions
from ragqa.evaluation.measures import contains, token_f1
from ragqa.settings import Settings
from ragqa.training.evaluate import of_articles
from ragqa.training.mix import DEV
from ragqa.types import Filter, Hit, SearchRequest

EVERY = {"ncg": 5}
"""Of large sets, one question in so many."""
WEIGHTS = [
    (0.2, 0.0),
    (0.2, 0.5),
    (0.2, 1.0),
    (0.2, 2.0),
    (0.2, 4.0),
    (0.5, 0.25),
    (0.5, 1.0),
    (0.5, 2.0),
    (0.0, 100.0),
]
THRESHOLDS = (-99.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 99.0)


@dataclass(frozen=True, slots=True)
class Span:
    """The best span of one passage: its place in the evidence, its logits, and whether it is right.

    ``odds`` are those of the span against the others of its passage, as a logarithm.
    """

    rank: int
    logit: float
    answerable: float
    on_page: float | None
    in_evidence: float | None
    f1: float | None
    sentence_f1: float | None
    odds: float
    right: float | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the spans to choose from."""

    set: str
    question: str
    spans: list[Span]


def main() -> None:
    """Collect, or read what was collected before, and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="keep the spans here, and use them if they are there")
    parser.add_argument("--reading", type=Path, help="folder of the training sets: adds questions of one paragraph")
    given = parser.parse_args()
    if given.out and given.out.is_file():
        rows = json.loads(given.out.read_text(encoding="utf-8"))
        asked = [Asked(row["set"], row["question"], [Span(**span) for span in row["spans"]]) for row in rows]
    else:
        asked = list(_collected(given.folder, given.library))
        if given.out:
            given.out.write_text(json.dumps([asdict(one) for one in asked]), encoding="utf-8")
    print("| span, place | gold page | gold evidence |\n|---|---|---|")
    for own, place in WEIGHTS:
        chosen = [(one.set, _chosen(one.spans, own, place)) for one in asked]
        print(f"| {own}, {place} | {_mean(chosen, 'on_page')} | {_mean(chosen, 'in_evidence')} |")
    print("\n| words if surer than | F1 |\n|---|---|")
    for least in THRESHOLDS:
        print(f"| {least} | {_f1(asked, least)} |")
    _print_probability([*asked, *(_of_paragraphs(given.reading) if given.reading else ())])


def _collected(folder: Path, library: Path) -> Iterator[Asked]:
    settings = Settings(data=library, llm="none")
    engine, reader = open_engine(settings), open_reader(settings)
    assert reader is not None, "RAGQA_READER is none"
    seen: dict[str, int] = defaultdict(int)
    for question in read_paper_questions(folder):
        seen[question.set] += 1
        if question.set in KEPT_APART or not question.answerable or seen[question.set] % EVERY.get(question.set, 1):
            continue
        gold = frozenset(content_hash(folder / doc) for doc in question.docs)
        only = Filter(paper_ids=tuple(gold)) if question.set in GIVEN_SETS else Filter()
        hits = engine.search(SearchRequest(question=question.question, k=HITS_READ, filter=only)).hits
        found = read(question.question, choose_evidence(hits, MOST_READ), reader)
        best = {f.rank: f for f in sorted(found, key=lambda f: f.logit)}  # the last, which is the best, of each
        yield Asked(
            question.set,
            question.question,
            [
                Span(
                    f.rank, f.logit, f.reading.answerable,
                    float(f.hit.paper_id in gold and f.hit.page in question.evidence_pages)
                    if question.evidence_pages else None,
                    float(contains(f.sentence, question.evidence)) if question.evidence else None,
                    _told(f.text, question), _told(f.sentence, question), f.odds, _right(f.text, question),
                )
                for f in best.values()
            ],
        )  # fmt: skip
    engine.close()


def _of_paragraphs(folder: Path) -> Iterator[Asked]:
    """The answerable questions of SQuAD's dev articles, which are kept apart from training."""
    reader = open_reader(Settings(llm="none"))
    assert reader is not None
    for row in of_articles(folder, DEV):
        if row["unanswerable"]:
            continue
        hit = Hit(
            chunk_id="", paper_id="", file_name="", title=row["title"].replace("_", " "), page=1, section="",
            score=0.0, text=row["context"],
        )  # fmt: skip
        question = PaperQuestion(question=row["question"], docs=(), answers=tuple(a["text"] for a in row["answers"]))
        found = max(read(question.question, [hit], reader), key=lambda f: f.logit)
        right = _right(found.text, question)
        yield Asked("squad", row["question"], [Span(
            0, found.logit, found.reading.answerable, None, None, _told(found.text, question), None, found.odds, right
        )])  # fmt: skip


def _told(text: str, question: PaperQuestion) -> float | None:
    return token_f1(text, question.answers) if question.answers else None


def _right(text: str, question: PaperQuestion) -> float | None:
    """Half of the words in common with the answer, or all of them in it."""
    if not question.answers:
        return None
    return float(token_f1(text, question.answers) >= 0.5 or contains(text, question.answers))


def _chosen(spans: Sequence[Span], own: float, place: float) -> Span | None:
    return max(spans, key=lambda s: own * s.logit + s.answerable - place * s.rank, default=None)


def _print_probability(asked: Sequence[Asked]) -> None:
    """Weights for ``Found.probability``, fitted on the first passage's span of every question that wants one."""
    first = [next((s for s in one.spans if s.rank == 0), None) for one in asked if _wants_span(one)]
    known = [span for span in first if span is not None and span.right is not None]
    rows = np.array([[span.odds] for span in known])
    right = np.array([span.right for span in known]) > 0.5
    weights = fit_logistic(rows[right], rows[~right], balanced=False)
    chances = 1 / (1 + np.exp(-with_constant(rows) @ weights))
    print(f"\nprobability: weights {weights.round(3).tolist()}, {len(known)} spans, {right.mean():.0%} right")
    print(f"squared error {np.square(chances - right).mean():.3f}, of the mean {right.mean() * (1 - right.mean()):.3f}")
    for low, high in pairwise(np.quantile(chances, [0, 0.25, 0.5, 0.75, 1])):
        inside = (chances >= low) & (chances <= high)
        print(f"said {chances[inside].mean():.0%}, right {right[inside].mean():.0%} of {inside.sum()}")


def _wants_span(one: Asked) -> bool:
    return one.set == "squad" or kind_of(one.question) == "span"


def _mean(chosen: Sequence[tuple[str, Span | None]], name: str) -> str:
    """Over sets, each counted once."""
    by_set: dict[str, list[float]] = defaultdict(list)
    for each, span in chosen:
        value = getattr(span, name) if span else 0.0
        if value is not None:
            by_set[each].append(value)
    return f"{fmean(fmean(values) for values in by_set.values()):.3f}"


def _f1(asked: Sequence[Asked], least: float) -> str:
    """Of the first passage's span, or of its sentence where words are not sure enough."""
    by_set: dict[str, list[float]] = defaultdict(list)
    for one in asked:
        best = next((span for span in one.spans if span.rank == 0), None)
        if best is None or best.f1 is None or best.sentence_f1 is None or kind_of(one.question) != "span":
            continue
        short = (best.logit >= least or wants_words(one.question)) and not wants_sentence(one.question)
        by_set[one.set].append(best.f1 if short else best.sentence_f1)
    sets = ", ".join(f"{name} {fmean(values):.3f}" for name, values in sorted(by_set.items()))
    return f"{fmean(fmean(values) for values in by_set.values()):.3f} ({sets})"


if __name__ == "__main__":
    main()
