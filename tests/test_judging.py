"""Readers judged: what the export costs, what one has without a reader, questions about papers."""

import json
from pathlib import Path

import pytest

from ragqa.adapters.openvino_reader import SHIPPED
from ragqa.protocols import Embedder
from ragqa.training import evaluate
from ragqa.training.features import Example
from ragqa.training.judging import as_best_sentence, as_exported

TEXT = "Samples from Oslo were washed in ethanol and dried under nitrogen. The yield rose from 61 to 78 per cent."


def test_the_exported_reader_is_judged_through_the_products_own_adapter() -> None:
    if not (SHIPPED / "model.xml").exists():
        pytest.skip("the reader is not in this checkout")
    right, wrong = as_exported(SHIPPED)(
        [Example("What were the samples from Oslo washed in?", TEXT), Example("Who wrote Hamlet?", TEXT, "Heat")]
    )
    assert right.text.startswith("ethanol")
    assert right.confidence > wrong.confidence


def test_the_baseline_without_a_reader_is_the_closest_sentence(embedder: Embedder) -> None:
    (found,) = as_best_sentence(embedder)([Example("What were the samples from Oslo washed in?", TEXT)])
    assert found.text == "Samples from Oslo were washed in ethanol and dried under nitrogen."
    assert 0 < found.score < 1


def test_paper_questions_are_read_from_the_paragraphs_marked_as_their_evidence(tmp_path: Path) -> None:
    asked = {"set": "qasper", "answer_type": "free", "question": "How dried?", "answers": ["under nitrogen"]}
    rows = [
        asked | {"evidence": ["Washed in ethanol.", "Dried under nitrogen."]},
        asked | {"evidence": []},
        asked | {"evidence": ["Dried."], "answer_type": "boolean", "answers": ["Yes"]},
        asked | {"evidence": ["Dried."], "set": "ncg"},
    ]
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (example,), answers = evaluate.as_questions(evaluate.papers_jsonl(file))
    assert (example.text, answers) == ("Washed in ethanol.\nDried under nitrogen.", [["under nitrogen"]])
