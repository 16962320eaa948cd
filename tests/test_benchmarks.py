"""What the comparison counts: pages found, ratios, and the tutorial's line protocol."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("psutil", reason="the comparison needs benchmarks/requirements.txt")

from benchmarks.cached_hits import read_cached, write_cached
from benchmarks.compare import run_side_by_side
from benchmarks.pipelines import Found, Ingested, Run
from benchmarks.questions import (
    Question,
    load_questions,
    outcomes,
    page_found,
    paper_found,
    percentile,
    sign_test,
)
from benchmarks.tables import quality_rows, speed_summary
from benchmarks.tutorial import answer_requests

ATTENTION, WHALES = Path("/papers/attention.pdf"), Path("/papers/whales.pdf")
OPEN = Question("q1", "litqa2", "How deep do blue whales dive?", (WHALES,), frozenset({3, 4}))
GIVEN = Question("q2", "qasper", "Which baselines do they use?", (ATTENTION,), frozenset({7}))


class FixedPipeline:
    """Always answers with the same hits; one page a paper, two seconds an ingest."""

    def __init__(self, name: str, hits: Sequence[tuple[Path, int]]) -> None:
        self.name = name
        self.asked: list[tuple[str, Path | None]] = []
        self._hits = tuple(hits)

    def ingest(self, papers: Sequence[Path], folder: Path) -> Ingested:
        return Ingested(len(papers), 2.0, 1.0, (), 100.0)

    def search(self, question: str, paper: Path | None) -> Found:
        self.asked.append((question, paper))
        return Found(self._hits, 0.01)

    def close(self) -> float:
        return 50.0


class EchoTutorial:
    """Stands in for the real pipeline, which lives in another environment."""

    def ingest(self, papers: list[str], folder: str) -> dict[str, object]:
        return {"pages": len(papers)}

    def search(self, question: str, paper: str | None) -> dict[str, object]:
        return {"hits": [[paper, 1]]}


@pytest.mark.parametrize(
    ("hits", "k", "found"),
    [
        ([(WHALES, 4)], 1, True),
        ([(WHALES, 2), (WHALES, 3)], 1, False),
        ([(WHALES, 2), (WHALES, 2), (WHALES, 3)], 2, False),
        ([(ATTENTION, 3)], 10, False),
        ([], 10, False),
    ],
    ids=[
        "any gold page counts",
        "the first hit is elsewhere",
        "hits are counted, not distinct pages",
        "the right page of the wrong paper",
        "nothing found",
    ],
)
def test_page_found(hits: list[tuple[Path, int]], k: int, found: bool) -> None:
    assert page_found(OPEN, hits, k) is found


def test_right_paper_is_asked_only_where_all_papers_are_searched() -> None:
    assert paper_found(OPEN, [(WHALES, 99)])
    assert outcomes(OPEN, [(WHALES, 99)]) == {
        "page@1": False, "page@5": False, "page@10": False, "distinct@3": False, "paper@1": True,
    }  # fmt: skip
    assert "paper@1" not in outcomes(GIVEN, [(ATTENTION, 7)])


def test_many_hits_on_one_page_count_as_one_distinct_page() -> None:
    hits = [(WHALES, 9)] * 4 + [(WHALES, 2), (WHALES, 3)]
    assert outcomes(OPEN, hits)["distinct@3"]
    assert not outcomes(OPEN, hits)["page@5"]


def test_questions_that_cannot_be_scored_are_left_out(tmp_path: Path) -> None:
    rows = [
        {"qid": "a", "set": "qasper", "docs": ["p/a.pdf"], "question": "Gold page?", "evidence_pages": [2]},
        {"qid": "b", "set": "qasper", "docs": ["p/a.pdf"], "question": "No gold page?", "evidence_pages": []},
        {"qid": "c", "set": "aragog", "docs": ["p/a.pdf"], "question": "Right paper?", "evidence_pages": []},
        {
            "qid": "d",
            "set": "aragog",
            "docs": ["p/b.pdf"],
            "question": "No such paper?",
            "evidence_pages": [],
        },
    ]
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    questions = load_questions(file, [(tmp_path / "p" / "a.pdf").resolve()])
    assert [question.qid for question in questions] == ["a", "c"]


def test_both_pipelines_get_the_same_questions_and_only_given_ones_a_paper() -> None:
    pipelines = [FixedPipeline("ragqa", [(WHALES, 3)]), FixedPipeline("tutorial", [(ATTENTION, 7)])]
    runs = run_side_by_side(pipelines, [ATTENTION, WHALES], [OPEN, GIVEN], given=True)
    assert pipelines[0].asked == pipelines[1].asked == [(OPEN.text, None), (GIVEN.text, ATTENTION)]
    rows = quality_rows([OPEN, GIVEN], runs["ragqa"].answers, runs["tutorial"].answers)
    by_key = {(row["set"], row["measure"]): row for row in rows}
    assert (by_key["litqa2", "page@1"]["gained"], by_key["qasper", "page@1"]["lost"]) == (1, 1)
    assert by_key["litqa2", "paper@1"]["tutorial"] == 0


def test_ratios_are_taken_within_a_round() -> None:
    def run(seconds: float) -> Run:
        return Run(Ingested(10, seconds, seconds, (), 1.0), [Found((), seconds)])

    rounds = [{"ragqa": run(1.0), "tutorial": run(4.0)}, {"ragqa": run(5.0), "tutorial": run(10.0)}]
    ratios = speed_summary(rounds)["ratios"]
    assert ratios["pages/s"] == {"median": 3.0, "min": 2.0, "max": 4.0}
    assert ratios["query p50"]["max"] == 0.5


def test_cached_hits_come_back_only_if_every_question_has_them(tmp_path: Path) -> None:
    file = tmp_path / "hits.json"
    write_cached(file, [OPEN], [Found(((WHALES, 3),), 0.5)])
    assert read_cached(file, [OPEN]) == [Found(((WHALES, 3),), 0.0)]
    assert read_cached(file, [OPEN, GIVEN]) is None


def test_tutorial_answers_one_line_for_each_request() -> None:
    replies = io.StringIO()
    requests = [
        {"do": "ingest", "papers": ["a"], "folder": "f"},
        {"do": "search", "question": "?", "paper": "a"},
    ]
    answer_requests(EchoTutorial(), map(json.dumps, requests), replies)
    assert [json.loads(line) for line in replies.getvalue().splitlines()] == [
        {"pages": 1},
        {"hits": [["a", 1]]},
    ]


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentile([5.0, 1.0, 3.0], 0.5) == 3.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.95) == 4.0


def test_sign_test_tells_chance_from_gain() -> None:
    assert sign_test(0, 0) == 1.0
    assert sign_test(5, 5) == 1.0
    assert sign_test(10, 0) == pytest.approx(2 / 1024)
