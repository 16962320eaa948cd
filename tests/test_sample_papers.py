"""The committed sample papers are what their sources say, and every number in them was measured."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from pypdf import PdfReader

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample"
PAPERS = ("hybrid-retrieval", "chunk-size", "when-to-refuse")
PLACEHOLDER = re.compile(r"\{[\w/.+-]+:\w+\}")
CALIBRATION = SAMPLE.parent.parent / "ragqa" / "adapters" / "calibration.txt"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Papers and questions built anew."""
    pytest.importorskip("reportlab", reason="reportlab typesets the sample papers")
    folder = tmp_path_factory.mktemp("sample")
    subprocess.run([sys.executable, SAMPLE / "build.py", folder], check=True)
    return folder


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    measured: dict[str, Any] = json.loads((SAMPLE / "results.json").read_text(encoding="utf-8"))
    return measured


def read_questions() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLE / "questions.jsonl").read_text(encoding="utf-8").splitlines()]


def creator(paper: Path) -> str:
    metadata = PdfReader(paper).metadata
    return str(metadata.creator) if metadata else ""


def page_texts(paper: Path) -> list[str]:
    """By PDFium, so that the check does not rest on the reader that found the pages."""
    document = pypdfium2.PdfDocument(paper)
    texts = [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    document.close()
    return texts


@pytest.mark.parametrize("name", PAPERS)
def test_the_committed_paper_is_the_built_one(name: str, built: Path) -> None:
    """Byte for byte where the same reportlab built both, which the papers name as their creator."""
    committed, made = SAMPLE / f"{name}.pdf", built / f"{name}.pdf"
    assert page_texts(committed) == page_texts(made)
    if creator(committed) == creator(made):
        assert committed.read_bytes() == made.read_bytes()


def test_the_committed_questions_are_the_built_ones(built: Path) -> None:
    assert (SAMPLE / "questions.jsonl").read_text("utf-8") == (built / "questions.jsonl").read_text("utf-8")


@pytest.mark.parametrize("name", PAPERS)
def test_a_paper_has_metadata_an_outline_and_all_its_sections(name: str) -> None:
    paper = PdfReader(SAMPLE / f"{name}.pdf")
    assert paper.metadata is not None
    assert paper.metadata.author == "The ragqa authors"
    assert paper.metadata.title
    assert paper.metadata.subject
    titles = re.findall(r"'/Title': '(.*?)'", str(paper.outline))
    for section in ("Abstract", "1 Introduction", "2 Related Work", "3 Method", "4 Results", "6 Conclusion"):
        assert section in titles
    assert 3 <= len(paper.pages) <= 4


@pytest.mark.parametrize("name", PAPERS)
def test_no_number_in_a_table_is_written_by_hand(name: str) -> None:
    source = (SAMPLE / f"{name}.md").read_text(encoding="utf-8")
    tables = [block for block in source.split("\n\n") if block.startswith("@table")]
    assert len(tables) == 2
    for table in tables:
        _, _, *rows = table.splitlines()
        for row in rows:
            cells = row.split(" | ")[1:]
            # Names such as BM25 are no measurements.
            assert not [cell for cell in cells if re.search(r"\b\d", PLACEHOLDER.sub("", cell))]


@pytest.mark.parametrize("name", PAPERS)
def test_every_decimal_in_the_results_section_is_measured(name: str) -> None:
    source = (SAMPLE / f"{name}.md").read_text(encoding="utf-8")
    section = source[source.index("# 4 Results") : source.index("# 5 Limitations")]
    prose = PLACEHOLDER.sub("", "\n".join(line for line in section.splitlines() if not line.startswith("#")))
    assert set(re.findall(r"\d+\.\d+", prose)) <= {"0.5", "2.0", "3.3"}


@pytest.mark.parametrize("question", read_questions(), ids=lambda question: question["qid"])
def test_the_evidence_of_a_question_is_on_its_page(question: dict[str, Any]) -> None:
    pages = page_texts(SAMPLE / question["docs"][0])
    found = {n for n, text in enumerate(pages, start=1) for evidence in question["evidence"] if evidence in text}
    assert found == set(question["evidence_pages"])
    assert question["answerable"] == bool(question["answers"]) == bool(found)


def test_each_paper_is_asked_ten_questions_two_of_which_it_cannot_answer() -> None:
    for name in PAPERS:
        asked = [question for question in read_questions() if question["docs"] == [f"{name}.pdf"]]
        assert len(asked) == 10
        assert sum(not question["answerable"] for question in asked) == 2


def test_what_the_words_of_hybrid_retrieval_claim_is_what_was_measured(results: dict[str, Any]) -> None:
    for name in ("scifact", "cranfield", "cisi"):
        quality = {method: found["mean"] for method, found in results["hybrid"][name]["ndcg10"].items()}
        assert quality["rrf"] == max(quality.values())
    better = {name: results["hybrid"][name]["ndcg10"] for name in ("scifact", "cranfield", "cisi")}
    assert better["scifact"]["bm25"]["mean"] > better["scifact"]["dense"]["mean"]
    assert better["cranfield"]["bm25"]["mean"] < better["cranfield"]["dense"]["mean"]
    for way in ("one_paper", "one_paper_free", "all_papers"):
        gain = results["hybrid"]["pages"][way]["mrr_gain_over_bm25"]
        assert gain["low"] < 0 < gain["high"]
    assert results["hybrid"]["pages"]["one_paper"]["mrr_gain_over_dense"]["low"] > 0
    assert results["hybrid"]["cisi"]["gain_over_dense"]["low"] < 0 < results["hybrid"]["cisi"]["gain_over_bm25"]["low"]


def test_what_the_words_of_chunk_size_claim_is_what_was_measured(results: dict[str, Any]) -> None:
    sizes = results["chunks"]["sizes"]
    for size, gains in results["chunks"]["against_shipped"].items():
        assert size == "200" or all(gains[rank]["low"] <= 0 <= gains[rank]["high"] for rank in ("hit1", "mrr"))
    assert results["chunks"]["against_shipped"]["100"]["budget"]["low"] > 0
    assert results["chunks"]["against_shipped"]["400"]["budget"]["high"] < 0
    budgets = [sizes[size]["budget"]["mean"] for size in sorted(sizes, key=int)]
    assert budgets == sorted(budgets, reverse=True)
    for gain in ("section_gain", "context_gain"):
        assert results["chunks"][gain]["mrr"]["low"] < 0 < results["chunks"][gain]["mrr"]["high"]
    assert results["chunks"]["overlap_gain"]["budget"]["high"] < 0


def test_what_the_words_of_when_to_refuse_claim_is_what_was_measured(results: dict[str, Any]) -> None:
    areas = {kind: {n: a["mean"] for n, a in rows.items()} for kind, rows in results["refusal"]["auroc"].items()}
    assert all(rows["bm25"] > rows["cosine"] for rows in areas.values())
    assert areas["far"]["combined"] > areas["near"]["combined"] > areas["removed"]["combined"]
    assert all(area["low"] < 0.5 < area["high"] for area in results["refusal"]["page"]["auroc"].values())
    assert results["refusal"]["page"]["right_half"] <= results["refusal"]["page"]["right"]["mean"]


def test_calibration_passages_are_many_and_neither_short_nor_long() -> None:
    passages = CALIBRATION.read_text(encoding="utf-8").splitlines()
    assert len(passages) == len(set(passages)) >= 200
    assert all(30 <= len(passage.split()) <= 200 for passage in passages)
