"""Builds the sample papers and their questions: ``python data/sample/build.py [FOLDER]``. Needs no experiment.

Each paper is a manuscript (``*.md``) beside this file; all numbers come from results.json.
"""

import json
import sys
from pathlib import Path

from markup import read_manuscript
from questions import write_questions
from typeset import typeset

HERE = Path(__file__).resolve().parent
PAPERS = ("hybrid-retrieval", "chunk-size", "when-to-refuse")


def build(folder: Path) -> list[Path]:
    """Write all papers and questions.jsonl to ``folder``; returns the papers' files."""
    results = json.loads((HERE / "results.json").read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{name}.pdf" for name in PAPERS]
    for file in files:
        source = (HERE / f"{file.stem}.md").read_text(encoding="utf-8")
        typeset(read_manuscript(source, results), results, file)
    write_questions(HERE / "questions.template.jsonl", files, results, folder / "questions.jsonl")
    return files


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
