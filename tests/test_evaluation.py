"""Evaluation: measures against values worked out by hand, the three formats, and the commands on real papers."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragqa.errors import BadRequest, PathNotFound
from ragqa.evaluation.drafts import GAP, Passage, draft_questions
from ragqa.evaluation.formats import read_paper_questions, read_reading_set, read_retrieval_set
from ragqa.evaluation.measures import (
    area_under_risk,
    auroc,
    contains,
    exact_match,
    interval,
    normalised,
    paired_p,
    percentile,
    risk_at,
    risk_coverage,
    token_f1,
)
from ragqa.evaluation.rankings import measured
from ragqa.evaluation.report import Judged, SetReport, compare, to_json

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_answers_are_compared_without_articles_case_and_punctuation() -> None:
    assert normalised("The  Marmot's (long) sleep.") == "marmots long sleep"
    assert exact_match("the Marmot!", ["a marmot", "x"]) == 1.0
    assert exact_match("marmots", ["marmot"]) == 0.0


@pytest.mark.parametrize(
    ("answer", "golds", "f1"),
    [
        ("two hundred days", ["200 days", "two hundred days"], 1.0),
        ("for two hundred days", ["two hundred days"], 6 / 7),
        ("snow", ["rain"], 0.0),
        ("", [], 1.0),
        ("something", [], 0.0),
        ("", ["something"], 0.0),
        ("the", ["the"], 1.0),
    ],
)
def test_f1_counts_the_words_in_common(answer: str, golds: list[str], f1: float) -> None:
    assert token_f1(answer, golds) == pytest.approx(f1)


def test_a_quote_counts_if_it_lies_in_the_evidence_or_the_other_way_round() -> None:
    passage = "We trained the model for ten epochs on two GPUs and kept the best one."
    assert contains("trained the model for ten epochs", [passage])
    assert contains(f"Before. {passage} After.", [passage])
    assert contains("Ten  Epochs!", [passage])
    assert not contains("We trained the tagger for nine epochs", [passage])
    assert not contains("", [passage])


@given(SCORES, SCORES)
def test_auroc_is_the_share_of_pairs_in_the_right_order(positives: list[float], negatives: list[float]) -> None:
    pairs = [(a > b) + 0.5 * (a == b) for a in positives for b in negatives]
    assert auroc(positives, negatives) == pytest.approx(sum(pairs) / len(pairs))


def test_auroc_needs_both_sides() -> None:
    assert auroc([], [0.5]) is None
    assert auroc([0.5], []) is None


def test_risk_falls_as_the_doubtful_answers_are_left_out() -> None:
    outcomes = [(0.9, 0.0), (0.1, 1.0), (0.5, 0.0), (0.4, 1.0)]
    assert risk_coverage(outcomes) == [(0.25, 0.0), (0.5, 0.0), (0.75, 1 / 3), (1.0, 0.5)]
    assert area_under_risk(outcomes) == pytest.approx((1 / 3 + 0.5) / 4)
    assert area_under_risk([]) is None
    assert [risk_at(outcomes, coverage) for coverage in (0.25, 0.5, 0.6, 1.0)] == [0.0, 0.0, 1 / 3, 0.5]
    assert risk_at([], 1.0) is None


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=40))
def test_an_interval_lies_within_the_values(values: list[float]) -> None:
    low, high = interval(values)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9
    assert interval(values) == (low, high), "the same values give the same interval"


def test_a_paired_test_tells_a_real_difference_from_none() -> None:
    noise = random.Random(1)
    assert paired_p([0.2 + 0.1 * noise.random() for _ in range(30)]) < 0.01
    assert paired_p([noise.choice([-0.2, 0.2]) for _ in range(30)]) > 0.05
    assert paired_p([0.0] * 10) == 1.0


def test_rankings_are_measured_by_query() -> None:
    found = measured({"q": ["d2", "d1"], "r": ["d9"]}, {"q": {"d1": 1}, "r": {"d1": 1}})
    assert found["q"]["RR@10"] == 0.5
    assert found["q"]["nDCG@10"] == pytest.approx(0.6309, abs=1e-4)
    assert (found["q"]["R@10"], found["r"]["R@10"], found["r"]["nDCG@10"]) == (1.0, 0.0, 0.0)


def report(values: dict[str, float]) -> SetReport:
    return SetReport("alps", tuple(Judged(qid, {"F1": value}, {"read": 1.0}, 0.5) for qid, value in values.items()))


def test_two_runs_are_compared_on_the_questions_that_both_have(tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    first.write_text(to_json([report({"a": 0.0, "b": 0.5, "only": 1.0})], {}))
    second.write_text(to_json([report({"a": 1.0, "b": 0.5})], {}))
    (found,) = compare(first, second)
    assert (found.set, found.measure, found.n, found.first, found.second) == ("alps", "F1", 2, 0.25, 0.75)
    second.write_text(to_json([report({"c": 1.0})], {}))
    with pytest.raises(BadRequest, match="no question in common"):
        compare(first, second)
    second.write_text("[]")
    with pytest.raises(BadRequest, match="no result"):
        compare(first, second)
    with pytest.raises(PathNotFound):
        compare(first, tmp_path / "none.json")


def searched(mode: str, value: float) -> SetReport:
    return SetReport("alps", (Judged("q", {"nDCG@10": value}, {}),), {"mode": mode})


def test_each_mode_is_compared_with_itself_unless_there_is_one_alone(tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    first.write_text(to_json([searched("dense", 0.25), searched("hybrid", 0.5)], {}))
    second.write_text(to_json([searched("hybrid", 0.75), searched("dense", 0.25)], {}))
    found = {one.set: (one.first, one.second) for one in compare(first, second)}
    assert found == {"alps, dense": (0.25, 0.25), "alps, hybrid": (0.5, 0.75)}
    first.write_text(to_json([searched("dense", 0.25)], {}))
    second.write_text(to_json([searched("hybrid", 0.75)], {}))
    (only,) = compare(first, second)
    assert (only.set, only.first, only.second) == ("alps", 0.25, 0.75)


def test_a_summary_gives_means_refusals_and_times() -> None:
    judged = (
        Judged("a", {"F1": 1.0}, {"read": 2.0}, 0.9, answerable=True),
        Judged("b", {"F1": 0.0}, {"read": 4.0}, 0.2, answerable=False),
    )
    summary = SetReport("alps", judged, {"setting": "open"}).summary()
    assert summary["measures"]["F1"]["mean"] == 0.5
    risks = {"risk at 50% coverage": 0.0, "risk at 80% coverage": 0.5, "risk at 100% coverage": 0.5}
    assert summary["refusal"] == {"AUROC": 1.0, "area under risk": 0.25, **risks}
    assert summary["milliseconds"] == {"read": {"p50": 2.0, "p95": 4.0}}
    assert summary["setting"] == "open"


def write_lines(file: Path, rows: list[object]) -> None:
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "alps"
    (folder / "qrels").mkdir(parents=True)
    write_lines(
        folder / "corpus.jsonl",
        [
            {"_id": "d1", "title": "Marmots", "text": "Marmots hibernate for two hundred days."},
            {"_id": "d2", "title": "Snow", "sentences": ["Snow falls.", "It melts in May."]},
        ],
    )
    write_lines(folder / "queries.jsonl", [{"_id": "q1", "text": "hibernation"}, {"_id": "q2", "text": "unjudged"}])
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\n")
    return folder


def test_a_beir_folder_is_read(beir: Path) -> None:
    test = read_retrieval_set(beir)
    assert [(d.id, d.text) for d in test.documents][1] == ("d2", "Snow falls. It melts in May.")
    assert (test.name, test.queries, test.judgements) == ("alps", {"q1": "hibernation"}, {"q1": {"d1": 1}})


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("corpus.jsonl", "{", "line 1"),
        ("corpus.jsonl", '{"title": "x"}', "'_id'"),
        ("corpus.jsonl", "[1]", "no JSON object"),
        ("queries.jsonl", '{"_id": "q1"}', "'text'"),
        ("queries.jsonl", "", "no query"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td1\tmany\n", "line 2"),
    ],
)
def test_a_beir_folder_with_a_fault_says_where_it_is(beir: Path, file: str, content: str, said: str) -> None:
    (beir / file).write_text(content)
    with pytest.raises(BadRequest, match=said):
        read_retrieval_set(beir)


def test_a_folder_without_judgements_is_no_test_set(tmp_path: Path) -> None:
    with pytest.raises(PathNotFound, match="qrels"):
        read_retrieval_set(tmp_path)


def test_squad_json_of_both_versions_is_read(tmp_path: Path) -> None:
    file = tmp_path / "squad.json"
    asked = [
        {"id": "a", "question": "How long?", "answers": [{"text": "200 days"}, {"text": "200 days"}]},
        {"id": "b", "question": "Where?", "answers": [{"text": "plausible"}], "is_impossible": True},
    ]
    file.write_text(json.dumps({"data": [{"paragraphs": [{"context": "Marmots sleep 200 days.", "qas": asked}]}]}))
    assert [(q.id, q.golds) for q in read_reading_set(file)] == [("a", ("200 days",)), ("b", ())]
    file.write_text('{"data": [{}]}')
    with pytest.raises(BadRequest, match="no SQuAD JSON"):
        read_reading_set(file)


def test_a_question_needs_only_its_text_and_its_papers(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").touch()
    write_lines(
        tmp_path / "questions.jsonl",
        [
            {"question": "How long?", "docs": ["a.pdf"]},
            {"question": "Draft?", "docs": ["a.pdf"], "confirmed": False},
        ],
    )
    (only,) = read_paper_questions(tmp_path)
    assert (only.qid, only.set, only.answerable, only.evidence_pages) == ("q1", "questions", True, frozenset())


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"docs": ["a.pdf"]}, "question"),
        ({"question": "x", "docs": ["none.pdf"]}, "none.pdf"),
        ({"question": "x", "docs": ["a.pdf"], "evidence_pages": ["first"]}, "evidence_pages"),
        ({"question": "x", "docs": ["a.pdf"], "confirmed": False}, "no confirmed question"),
    ],
)
def test_a_question_with_a_fault_says_which(tmp_path: Path, row: dict[str, object], said: str) -> None:
    (tmp_path / "a.pdf").touch()
    write_lines(tmp_path / "questions.jsonl", [row])
    with pytest.raises((BadRequest, PathNotFound), match=said):
        read_paper_questions(tmp_path)


def test_drafts_leave_the_answer_out_and_are_spread_over_the_papers() -> None:
    text = (
        "The encoder reached an accuracy of 93.4% after the third round of training on sentences. "
        "See Figure 3 for the 12 curves that were drawn for every run of the model. "
        "It was small."
    )
    passages = [Passage(doc, 2, "paragraph", text) for doc in ("a.pdf", "b.pdf")]
    drafts = draft_questions(passages, 5)
    assert [draft.docs for draft in drafts] == [("a.pdf",), ("b.pdf",)]
    assert drafts[0].answers == ("93.4%",)
    assert GAP in drafts[0].question
    assert "93.4" not in drafts[0].question
    assert drafts[0].evidence_pages == (2,)
    assert json.loads(drafts[0].as_json())["confirmed"] is False
    assert draft_questions(passages, 5) == drafts
    assert draft_questions([Passage("a.pdf", 1, "reference", text)], 5) == []


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentile([5.0, 1.0, 3.0], 0.5) == 3.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.95) == 4.0
