"""``ragqa eval``, as a user runs it: on a small test set of each format, and on a folder of papers."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests import papers
from tests.test_cli import ragqa

ROOT = Path(__file__).resolve().parents[1]


def write_lines(file: Path, rows: Sequence[object]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "alps"
    texts = {"alps/d1": "Marmots hibernate for two hundred days.", "d2": "Snow depth explains most of the variance."}
    write_lines(folder / "corpus.jsonl", [{"_id": name, "title": "", "text": text} for name, text in texts.items()])
    write_lines(folder / "queries.jsonl", [{"_id": "q1", "text": "How long do marmots sleep?"}])
    (folder / "qrels").mkdir()
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\talps/d1\t1\n")
    return folder


def test_a_retrieval_set_is_measured_in_every_mode(beir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAGQA_RERANKER", "none")
    ended = ragqa("eval", "retrieval", beir, "--json")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)["sets"]
    assert [(row["set"], row["mode"]) for row in found] == [("alps", way) for way in ("dense", "keyword", "hybrid")]
    for row in found:
        assert (row["documents"], row["measures"]["RR@10"]["mean"]) == (2, 1.0)
        assert row["milliseconds"]["search"]["p95"] > 0


def test_a_table_sets_the_modes_side_by_side(beir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAGQA_RERANKER", "none")
    monkeypatch.setenv("COLUMNS", "200")
    ended = ragqa("eval", "retrieval", beir, "--mode", "keyword", "--mode", "hybrid")
    assert ended.returncode == 0, ended.stderr
    assert "1.000 (1.000 to 1.000)" in ended.stdout
    assert "keyword: milliseconds p50 / p95" in ended.stdout
    wanted = ragqa("eval", "retrieval", beir, "--mode", "reranked")
    assert wanted.returncode == 2
    assert "RAGQA_RERANKER" in wanted.stderr


def test_a_reading_set_is_measured(tmp_path: Path) -> None:
    passage = "Marmots hibernate for two hundred days. Snow depth explains most of the variance."
    asked = [{"id": "a", "question": "How long do marmots hibernate?", "answers": [{"text": "two hundred days"}]}]
    file = tmp_path / "alps.json"
    file.write_text(json.dumps({"data": [{"paragraphs": [{"context": passage, "qas": asked}]}]}))
    ended = ragqa("eval", "reading", file, "--json")
    assert ended.returncode == 0, ended.stderr
    (found,) = json.loads(ended.stdout)["sets"]
    assert found["set"] == "alps"
    assert found["measures"]["F1"]["mean"] > 0.5


def test_questions_on_papers_are_measured_and_runs_compared(tmp_path: Path) -> None:
    papers.write_one_column(tmp_path / "marmots.pdf")
    question = "What was the mean duration and its standard deviation?"
    known = {"question": question, "docs": ["marmots.pdf"], "set": "alps", "evidence_pages": [2], "qid": "known"}
    write_lines(tmp_path / "questions.jsonl", [known])
    for name in ("first", "second"):
        ended = ragqa("eval", "papers", tmp_path, "--json", "--data", tmp_path / "data", "--given", "alps")
        assert ended.returncode == 0, ended.stderr
        (tmp_path / f"{name}.json").write_text(ended.stdout)
    (found,) = json.loads(ended.stdout)["sets"]
    assert (found["set"], found["setting"]) == ("alps", "given")
    assert found["measures"]["page@1"]["mean"] == found["measures"]["page RR@10"]["mean"] == 1.0
    assert found["measures"]["cited page"]["mean"] == found["measures"]["any cited page"]["mean"] == 1.0
    compared = ragqa("eval", "compare", tmp_path / "first.json", tmp_path / "second.json")
    assert compared.returncode == 0
    assert "+0.000" in compared.stdout

    wrong = ragqa("eval", "papers", tmp_path, "--given", "nobody")
    assert wrong.returncode == 2
    assert "alps" in wrong.stderr


def test_drafted_questions_count_once_they_are_confirmed(tmp_path: Path) -> None:
    source = ROOT / "data" / "sample" / "hybrid-retrieval.pdf"
    (tmp_path / "hybrid.pdf").write_bytes(source.read_bytes())
    made = ragqa("eval", "make", tmp_path, "-n", 3, "--data", tmp_path / "data")
    assert made.returncode == 0, made.stderr
    file = tmp_path / "questions.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(rows) == 3
    assert ragqa("eval", "papers", tmp_path).returncode == 2, "none is confirmed"
    assert ragqa("eval", "make", tmp_path).returncode == 2, "the file is not overwritten"
    write_lines(file, [row | {"confirmed": True} for row in rows])
    ended = ragqa("eval", "papers", tmp_path, "--data", tmp_path / "data")
    assert ended.returncode == 0, ended.stderr
    assert "page@5" in ended.stdout


@pytest.mark.parametrize("command", ["retrieval", "reading", "papers"])
def test_a_folder_without_questions_is_named(tmp_path: Path, command: str) -> None:
    ended = ragqa("eval", command, tmp_path)
    assert ended.returncode == 2
    assert str(tmp_path) in ended.stderr
