"""Whether every citation stands on its page: ``python -m benchmarks.citations E2E-FOLDER --library DIR [--mode MODE]``.

DIR holds a library with the papers of the questions. All are asked, with their choices if they have any, without a
language model and of a small model server that quotes, shortens and makes things up (tests/free_writer.py). Exit code 1
if a quote is not found word for word on its page, has no rectangles, or a mark in a text has no citation.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.questions import GIVEN_SETS
from ingest.folder.files import content_hash
from ragqa.answer.written.parts import QUOTED
from ragqa.compose import open_engine
from ragqa.engine import Engine
from ragqa.evaluation.formats import PaperQuestion, read_paper_questions
from ragqa.quotes import locate
from ragqa.settings import load_settings
from ragqa.types import LEAST_CHOICES, Answer, AnswerDone, AnswerMode, AskRequest, Citation, Filter
from tests.free_writer import write_freely
from tests.ollama_server import OllamaServer

MODES: tuple[AnswerMode, ...] = ("extractive", "generative")
_MARK = re.compile(r"\[(\d+)\]")


def main() -> None:
    """Ask, look up, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--mode", choices=MODES, help="this one alone")
    parser.add_argument("--limit", type=int, help="questions, evenly taken")
    args = parser.parse_args()
    with OllamaServer() as model:
        model.behaviour.answer = write_freely
        engine = open_engine(load_settings(data=args.library, llm="ollama:llama3.2", ollama_url=model.url))
        try:
            requests = list(requests_of(args.folder, frozenset(paper.id for paper in engine.catalogue.papers())))
            some = requests[:: max(1, len(requests) // args.limit)] if args.limit else requests
            wrong = [count(some, mode, engine) for mode in ([args.mode] if args.mode else MODES)]
        finally:
            engine.close()
    sys.exit(any(wrong))


def requests_of(folder: Path, known: frozenset[str]) -> Iterator[AskRequest]:
    """The questions whose papers are in the library, asked of these alone where they make no sense without."""
    questions = read_paper_questions(folder)
    ids = {doc: content_hash(folder / doc) for doc in sorted({doc for one in questions for doc in one.docs})}
    for one in questions:
        papers = tuple(ids[doc] for doc in one.docs)
        if known.issuperset(papers):
            yield request_of(one, papers)


def request_of(one: PaperQuestion, papers: tuple[str, ...]) -> AskRequest:
    only = Filter(paper_ids=papers) if one.set in GIVEN_SETS else Filter()
    choices = one.choices if len(one.choices) >= LEAST_CHOICES else None
    return AskRequest(question=one.question, filter=only, choices=choices, keep=False)


def count(requests: list[AskRequest], mode: AnswerMode, engine: Engine) -> int:
    """Print what was asked and cited in one mode; how much of it is wrong."""
    answers = [answer_to(request.model_copy(update={"mode": mode}), engine) for request in requests]
    cited = [citation for answer in answers for citation in answer.citations]
    missing = [citation for citation in cited if not stands(citation, engine)]
    loose = [answer for answer in answers if loose_marks(answer)]
    kinds = dict(Counter(answer.kind for answer in answers))
    print(f"{mode}: {len(answers)} questions, {sum(not answer.abstained for answer in answers)} answered", kinds)
    print(f"{len(cited)} citations, {len(missing)} not found, {len(loose)} answers with marks without one", end=", ")
    print(f"{sum(len(answer.unsupported) for answer in answers)} sentences without support")
    for wrong in (*(citation.quote for citation in missing), *(answer.answer for answer in loose)):
        print(f"- {wrong}")
    return len(missing) + len(loose)


def answer_to(request: AskRequest, engine: Engine) -> Answer:
    *_, done = engine.ask(request)
    assert isinstance(done, AnswerDone)
    return done.answer


def stands(citation: Citation, engine: Engine) -> bool:
    """Word for word on its page, with something to draw."""
    page = engine.catalogue.page(citation.paper_id, citation.page)
    return locate(citation.quote, page) is not None and bool(citation.rects)


def loose_marks(answer: Answer) -> set[int]:
    """Marks that no citation belongs to; a paper's own words, all of an extractive answer, may hold its own marks."""
    known = {citation.number for citation in answer.citations}
    if answer.mode == "extractive":
        return {int(mark) for mark in _MARK.findall(answer.answer)} - known - _marks_of_papers(answer)
    quoted = {int(mark) for said in QUOTED.findall(answer.answer) for mark in _MARK.findall(said)}
    unquoted = {int(mark) for mark in _MARK.findall(QUOTED.sub("", answer.answer))}
    return (unquoted - known) | (quoted - known - _marks_of_papers(answer))


def _marks_of_papers(answer: Answer) -> set[int]:
    return {int(mark) for citation in answer.citations for mark in _MARK.findall(citation.quote)}


if __name__ == "__main__":
    main()
