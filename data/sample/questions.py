"""Writes questions.jsonl: fills the measured numbers in, and finds the page of each piece of evidence.

Reads the built papers with pypdf. Knows nothing of the question answering that it is meant to test.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markup import fill
from pypdf import PdfReader


def write_questions(source: Path, papers: Sequence[Path], results: Mapping[str, Any], target: Path) -> None:
    """One line per question in the evaluation format. Raise ValueError where evidence is not on one page."""
    pages = {paper.name: page_texts(paper) for paper in papers}
    rows = map(json.loads, fill(source.read_text(encoding="utf-8"), results).splitlines())
    lines = [json.dumps(_complete(row, pages), ensure_ascii=False) for row in rows]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def page_texts(paper: Path) -> list[str]:
    """Text of each page, white space made single spaces."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(paper).pages]


def _complete(row: dict[str, Any], pages: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    found = [_page_of(evidence, pages[row["docs"][0]], row["qid"]) for evidence in row["evidence"]]
    return {**row, "evidence_pages": sorted(set(found)), "answerable": bool(row["evidence"])}


def _page_of(evidence: str, pages: Sequence[str], qid: str) -> int:
    found = [number for number, text in enumerate(pages, start=1) if evidence in text]
    if len(found) != 1:
        raise ValueError(f"{qid}: the evidence stands on pages {found}, not on one: {evidence}")
    return found[0]
