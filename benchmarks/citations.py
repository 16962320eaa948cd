"""Whether every citation stands on its page: ``python -m benchmarks.citations E2E-FOLDER --library DIR``.

DIR holds a library with the papers of the questions. All are asked without a language model; exit code 1 if a quote is
not found word for word on its page, or has no rectangles.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

from benchmarks.ablation import load
from ragqa.compose import open_engine
from ragqa.engine import Engine
from ragqa.quotes import locate
from ragqa.settings import load_settings
from ragqa.types import Answer, AnswerDone, AskRequest, Citation, Filter


def main() -> None:
    """Ask, look up, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--library", type=Path, required=True)
    args = parser.parse_args()
    engine = open_engine(load_settings(data=args.library, llm="none"))
    try:
        asked = load(args.folder / "questions.jsonl", frozenset(paper.id for paper in engine.catalogue.papers()))
        answers = [answer_to(one.question.text, one.paper_ids if one.question.given else None, engine) for one in asked]
        cited = [citation for answer in answers for citation in answer.citations]
        missing = [citation for citation in cited if not stands(citation, engine)]
    finally:
        engine.close()
    print(
        f"{len(answers)} questions, {sum(not a.abstained for a in answers)} answered", dict(Counter(map(kind, answers)))
    )
    print(f"{len(cited)} citations, {len(missing)} not found", *(c.quote for c in missing), sep="\n")
    sys.exit(bool(missing))


def answer_to(question: str, paper_ids: tuple[str, ...] | None, engine: Engine) -> Answer:
    *_, done = engine.ask(AskRequest(question=question, filter=Filter(paper_ids=paper_ids), keep=False))
    assert isinstance(done, AnswerDone)
    return done.answer


def stands(citation: Citation, engine: Engine) -> bool:
    """Word for word on its page, with something to draw."""
    page = engine.catalogue.page(citation.paper_id, citation.page)
    return locate(citation.quote, page) is not None and bool(citation.rects)


def kind(answer: Answer) -> str:
    return answer.kind


if __name__ == "__main__":
    main()
