"""The tutorial's hits from an earlier run: they do not change, and making them takes minutes. No timings."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.environment import HERE, REQUIREMENTS
from benchmarks.pipelines import Found
from benchmarks.questions import Question


def digest(papers: Sequence[Path], chunk: int) -> str:
    """Changes with whatever would change the hits: papers, pipeline, chunk size."""
    told = hashlib.sha256(f"chunk={chunk};".encode())
    for paper in papers:
        told.update(f"{paper}:{paper.stat().st_size};".encode())
    for file in (HERE / "tutorial.py", REQUIREMENTS):
        told.update(file.read_bytes())
    return told.hexdigest()[:16]


def read_cached(file: Path, questions: Sequence[Question]) -> list[Found] | None:
    """Hits in the order of ``questions``; None unless the file has all of them."""
    if not file.is_file():
        return None
    hits: dict[str, list[tuple[str, int]]] = json.loads(file.read_text(encoding="utf-8"))
    if any(question.qid not in hits for question in questions):
        return None
    return [Found(tuple((Path(paper), page) for paper, page in hits[q.qid]), 0.0) for q in questions]


def write_cached(file: Path, questions: Sequence[Question], answers: Sequence[Found]) -> None:
    """One object: question id to [[paper, page]]."""
    hits = {
        question.qid: [[str(paper), page] for paper, page in found.hits]
        for question, found in zip(questions, answers, strict=True)
    }
    file.write_text(json.dumps(hits), encoding="utf-8")
