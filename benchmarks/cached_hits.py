"""A peer's hits from an earlier run: they do not change, and making them takes minutes. Keeps no timings."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environment import HERE, Peer
from benchmarks.pipelines import Found
from benchmarks.questions import Hit, Question


@dataclass(frozen=True, slots=True)
class Answered:
    """What the quality table needs of a run; ``answers`` are in the order of the questions."""

    pages: int
    failed: tuple[str, ...]
    answers: list[Found]


def digest(papers: Sequence[Path], peer: Peer, versions: Mapping[str, str]) -> str:
    """Changes with whatever would change the hits: papers, driver, its arguments, versions of its packages."""
    told = hashlib.sha256(json.dumps([peer.arguments, sorted(versions.items())]).encode())
    for paper in papers:
        told.update(f"{paper}:{paper.stat().st_size};".encode())
    for file in (peer.source, HERE / "peers" / "lines.py", peer.requirements):
        told.update(file.read_bytes())
    return told.hexdigest()[:16]


def read_cached(file: Path, questions: Sequence[Question]) -> Answered | None:
    """None unless the file has hits of all ``questions``."""
    if not file.is_file():
        return None
    kept = json.loads(file.read_text(encoding="utf-8"))
    hits: dict[str, list[tuple[str, int, int]]] = kept["hits"]
    if any(question.qid not in hits for question in questions):
        return None
    answers = [Found(tuple(Hit(Path(paper), *pages) for paper, *pages in hits[q.qid]), 0.0) for q in questions]
    return Answered(kept["pages"], tuple(kept["failed"]), answers)


def write_cached(file: Path, questions: Sequence[Question], answered: Answered) -> None:
    """One object: pages, failed papers, and question id to [[paper, first page, last page]]."""
    hits = {
        question.qid: [[str(hit.paper), hit.first, hit.last] for hit in found.hits]
        for question, found in zip(questions, answered.answers, strict=True)
    }
    file.write_text(json.dumps({"pages": answered.pages, "failed": answered.failed, "hits": hits}), encoding="utf-8")
