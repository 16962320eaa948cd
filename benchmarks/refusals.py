"""What the product refuses: ``python -m benchmarks.refusals DATA/e2e --library DIR [--limit N] [--rows FILE]``.

The pairs of abstention.py (own paper, another paper) are asked as a user asks them, without a language model: what is
refused is searched for a second time, more widely, which the fit of the logistic does not see. Writes
benchmarks/results/refusals.json. ``--rows`` keeps what came of each question, and goes on from there when run again.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import ceil
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.abstention import Pair, first_look, pairs
from benchmarks.environment import HERE
from ragqa.answer.confidence import LEAST_CONFIDENCE, confidence
from ragqa.answer.retry import WIDER, reworded, wider_evidence
from ragqa.answer.spans import MOST_READ, read
from ragqa.compose import open_engine, open_reader
from ragqa.engine import Engine
from ragqa.evaluation.measures import auroc, interval, token_f1
from ragqa.protocols import PassageReader
from ragqa.settings import load_settings
from ragqa.types import Answer, AnswerDone, AskRequest, Filter, SearchRequest

RIGHT_F1 = 0.5
SHORT_WORDS = 6
ROUNDING = 1e-9
SHARES = (0.9, 0.8, 0.7, 0.6, 0.5, 0.3)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a question asked of a paper; ``first`` and ``second`` are the confidences after each search.

    ``has_page``, ``has_words``: somebody marked the question's pages, wrote down a short answer; or it has none.
    ``on_page``: a citation is on a gold page; ``in_words``: a short answer is a gold one, by F1.
    """

    qid: str
    set: str
    paper: str
    answerable: bool
    answered: bool
    retried: bool
    confidence: float
    first: float
    second: float
    kind: str
    has_page: bool
    has_words: bool
    on_page: bool
    in_words: bool


def main() -> None:
    """Ask, count, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="questions, evenly taken")
    parser.add_argument("--rows", type=Path, help="keep what came of each question here, and ask none of them again")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "refusals.json")
    given = parser.parse_args()
    result = summary(list(asked(pairs(given.folder, given.limit), given.library, given.rows)))
    given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


def asked(wanted: Sequence[Pair], library: Path, rows: Path | None) -> Iterator[Outcome]:
    """In the order of ``wanted``; what ``rows`` remembers is not asked again."""
    lines = rows.read_text(encoding="utf-8").splitlines() if rows and rows.is_file() else []
    known = {(one.qid, one.paper): one for one in (Outcome(**json.loads(line)) for line in lines)}
    settings = load_settings(data=library, llm="none")
    engine, reader = open_engine(settings), open_reader(settings)
    try:
        for pair in wanted:
            one = known.get((pair.question.qid, pair.paper))
            if one is None:
                one = outcome(engine, reader, pair)
                if rows:
                    with rows.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(asdict(one)) + "\n")
            yield one
    finally:
        engine.close()


def outcome(engine: Engine, reader: PassageReader | None, pair: Pair) -> Outcome:
    """The question asked of the paper alone, through the engine."""
    question = pair.question
    only = Filter(paper_ids=(pair.paper,))
    choices = question.choices or None
    *_, done = engine.ask(AskRequest(question=question.question, filter=only, choices=choices, keep=False))
    assert isinstance(done, AnswerDone)
    answer = done.answer
    answered = not answer.abstained and answer.kind != "clarification"
    first, second = both_looks(engine, reader, pair)
    judged = answered and pair.answerable
    return Outcome(
        qid=question.qid,
        set=question.set,
        paper=pair.paper,
        answerable=pair.answerable,
        answered=answered,
        retried=answer.retried,
        confidence=answer.confidence,
        first=first,
        second=second,
        kind=answer.kind,
        has_page=bool(question.evidence_pages) or not question.answerable,
        has_words=_are_short(question.answers) or not question.answerable,
        on_page=judged and _on_page(answer, pair),
        in_words=judged and _in_words(answer, question.answers),
    )


def both_looks(engine: Engine, reader: PassageReader | None, pair: Pair) -> tuple[float, float]:
    """Confidence over the evidence of the first search, and over what a second one adds, whether it is made or not."""
    text = pair.question.question
    evidence, found = first_look(engine, reader, pair)
    request = SearchRequest(question=reworded(text, None), k=WIDER, filter=Filter(paper_ids=(pair.paper,)))
    wider = wider_evidence(evidence, engine.search(request).hits, MOST_READ)
    again = read(text, wider, reader) if reader and wider else []
    return confidence(text, evidence, found), confidence(text, wider, again) if wider else 0.0


def _on_page(answer: Answer, pair: Pair) -> bool:
    return any(citation.page in pair.question.evidence_pages for citation in answer.citations)


def _are_short(golds: Sequence[str]) -> bool:
    """Nobody can tell by words in common whether a long answer is right."""
    return bool(golds) and all(len(gold.split()) <= SHORT_WORDS for gold in golds)


def _in_words(answer: Answer, golds: Sequence[str]) -> bool:
    """The short answers together or one of them, the verdict, or the text is nearly a gold answer."""
    shorts = [short.text for short in answer.short]
    verdict = [answer.verdict.answer] if answer.verdict else []
    if not golds:
        return False
    return max(token_f1(said, golds) for said in (*shorts, ", ".join(shorts), *verdict, answer.answer)) >= RIGHT_F1


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What is refused, how well confidence tells, and the risk of what is answered; with the second search and without.

    A threshold lets a question through if either search passes it: the greater of both confidences stands for both.
    """
    ways = {
        "one search": [replace(o, answered=o.answered and not o.retried, confidence=o.first) for o in outcomes],
        "two searches": list(outcomes),
    }
    return {
        "least confidence": LEAST_CONFIDENCE,
        "second search": second_search(outcomes),
        "trade": {way: trade(found) for way, found in ways.items()},
        "by threshold": by_threshold(outcomes),
        "sets": {
            name: {way: trade([o for o in found if o.set == name]) for way, found in ways.items()}
            for name in sorted({o.set for o in outcomes})
        },
        "risk": {way: risks(found) for way, found in ways.items()},
    }


def trade(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """AUROC of the answers' confidence, and the shares refused at the product's threshold."""
    own, other = _parted(outcomes)
    return {
        "n": [len(own), len(other)],
        "AUROC": _auroc([o.confidence for o in own], [o.confidence for o in other]),
        "refused of those with an answer": _share([not o.answered for o in own]),
        "refused of those without": _share([not o.answered for o in other]),
    }


def second_search(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """How often it was made, whom it let through that the first had refused, and whether they then got a right page."""
    own, other = _parted([o for o in outcomes if o.retried and o.answered])
    pages = [o.on_page for o in own if o.has_page]
    return {
        "made": sum(o.retried for o in outcomes),
        "let through": {"with an answer": len(own), "without": len(other)},
        "of those with an answer and a gold page": {"n": len(pages), "on it": sum(pages)},
    }


def by_threshold(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """AUROC of one and of both searches, and what each share of answered questions costs."""
    own, other = _parted(outcomes)
    ways = {
        "one search": ([o.first for o in own], [o.first for o in other]),
        "two searches": ([max(o.first, o.second) for o in own], [max(o.first, o.second) for o in other]),
    }
    return {
        way: {"AUROC": _auroc(*scores)} | {f"{share:.0%} answered": _refused_at(share, *scores) for share in SHARES}
        for way, scores in ways.items()
    }


def _refused_at(share: float, own: Sequence[float], other: Sequence[float]) -> Mapping[str, Any]:
    least = _reached_by(share * len(own), own)
    return {"least": round(least, 3), "refused of those without": _share([score < least for score in other])}


def _reached_by(count: float, scores: Sequence[float]) -> float:
    """The score that so many of them reach; 0 if there are none."""
    return sorted(scores, reverse=True)[ceil(count - ROUNDING) - 1] if scores else 0.0


def risks(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Of the surest answers, the share that is wrong: to a question without an answer, or off the gold pages or words.

    Coverage is of the questions with an answer: those that the product answers, then as a higher threshold on the
    answer's confidence leaves them. A question that nobody can judge by pages (words) is not in that column, nor is it
    when asked of another paper.
    """
    own, _ = _parted(outcomes)
    answered = [o for o in outcomes if o.answered]
    sure = [o.confidence for o in answered if o.answerable]
    most = len(sure) / len(own) if own else 0.0
    table = []
    for share in (most, *(share for share in SHARES if share < most)):
        least = LEAST_CONFIDENCE if share == most else _reached_by(share * len(own), sure)
        kept = [o for o in answered if o.confidence >= least or share == most]
        table.append(
            {
                "answered": round(share, 3),
                "least confidence": round(least, 3),
                "no answer there": _risk([not o.answerable for o in kept]),
                "off the gold pages, or no answer there": _risk([not o.on_page for o in kept if o.has_page]),
                "other words, or no answer there": _risk([not o.in_words for o in kept if o.has_words]),
            }
        )
    return table


def _risk(wrong: Sequence[bool]) -> dict[str, Any]:
    return {"n": len(wrong)} | _share(wrong)


def _parted(outcomes: Sequence[Outcome]) -> tuple[list[Outcome], list[Outcome]]:
    """With and without an answer."""
    return [o for o in outcomes if o.answerable], [o for o in outcomes if not o.answerable]


def _auroc(own: Sequence[float], other: Sequence[float]) -> float | None:
    told = auroc(own, other)
    return None if told is None else round(told, 3)


def _share(values: Sequence[bool]) -> dict[str, float]:
    """With its 95 % interval; empty of none."""
    if not values:
        return {}
    low, high = interval([float(value) for value in values])
    return {"share": round(fmean(values), 3), "low": round(low, 3), "high": round(high, 3)}


if __name__ == "__main__":
    main()
