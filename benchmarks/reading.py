"""How well and how fast papers are read. One command: ``python -m benchmarks.reading DATA``.

DATA holds ``e2e/`` (questions.jsonl and papers), ``distractors/`` and ``robust/``. Prints what became of every
file, pages per second of one core, and the share of gold evidence found in the text of a single page.
"""

import json
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

from ingest.reader import read_pdf
from ingest.worker import SubprocessReader
from ragqa.document import Document
from ragqa.errors import ReadError

_TOKEN = re.compile(r"[^\W_]+")
# Some gold was cut from LaTeX: these marks and formulas never stand on a page, so triples do not reach across them.
_LATEX = re.compile(
    r"(?:BIB|TAB|FIG|SEC)REF\d*|(?:INLINE|DISPLAY)FORM\d*|FLOAT SELECTED:|\$[^$]*\$|\\\(.*?\\\)"
    r"|\\(?:cite|ref)\w*\{[^}]*\}|\[[A-Za-z][\w:-]*\d[\w:, -]*\]|\\[a-z]+\\?"
)
_LETTERS = 12
_MAX_PAGES = 3000


def main() -> None:
    """Print the three tables."""
    data = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data")
    reader = SubprocessReader(timeout_s=60, memory_mb=1500, max_pages=_MAX_PAGES)
    papers = {str(path.relative_to(data / "e2e")): path for path in sorted((data / "e2e").rglob("*.pdf"))}
    documents: dict[str, Document] = {}
    print("| folder | files | ready | failed | slowest |\n|---|---|---|---|---|")
    print(_outcomes("e2e", papers, reader, documents))
    for folder in ("distractors", "robust"):
        files = {str(path): path for path in sorted((data / folder).rglob("*.pdf"))}
        print(_outcomes(folder, files, reader, {}))
    reader.close()
    print(_speed(list(papers.values())))
    print(_evidence(data / "e2e" / "questions.jsonl", documents))


def _outcomes(folder: str, files: dict[str, Path], reader: SubprocessReader, documents: dict[str, Document]) -> str:
    reasons: Counter[str] = Counter()
    slowest = (0.0, "")
    for name, path in files.items():
        start = time.monotonic()
        try:
            documents[name] = reader.read(path)
        except ReadError as error:
            reasons[error.code] += 1
        slowest = max(slowest, (time.monotonic() - start, path.name))
    failed = sum(reasons.values())
    causes = ", ".join(f"{code} {count}" for code, count in reasons.most_common())
    took = f"{slowest[0]:.1f} s {slowest[1]}"
    return f"| {folder} | {len(files)} | {len(files) - failed} | {failed} ({causes}) | {took} |"


def _speed(paths: Sequence[Path]) -> str:
    start, pages = time.process_time(), 0
    for path in paths:
        try:
            pages += len(read_pdf(path, _MAX_PAGES).pages)
        except ReadError:
            continue
    seconds = time.process_time() - start
    return f"\n{pages} pages in {seconds:.1f} s of processor time: {pages / seconds:.0f} pages/s\n"


def _evidence(questions: Path, documents: dict[str, Document]) -> str:
    """Per set: gold evidence found to at least 80 % on one page, or on two that follow each other.

    Word triples are what quotes are looked up with; runs of letters forgive gold that was tokenised otherwise
    ("F 1", "coarsegrained").
    """
    measures = (triples, _letter_runs)
    found: dict[str, list[list[bool]]] = defaultdict(list)
    for line in questions.read_text(encoding="utf-8").splitlines():
        question = json.loads(line)
        papers = [documents[name] for name in question["docs"] if name in documents]
        for text in filter(triples, question["evidence"]):
            found[question["set"]].append([hit for measure in measures for hit in _found(text, papers, measure)])
    head = "| set | evidence | words, one page | words, two pages | letters, one page | letters, two pages |"
    rows = [
        f"| {name} | {len(hits)} | "
        + " | ".join(f"{sum(column) / len(hits):.1%}" for column in zip(*hits, strict=True))
        + " |"
        for name, hits in found.items()
    ]
    return "\n".join([head, "|---" * 6 + "|", *rows])


def _found(text: str, papers: Sequence[Document], measure: Callable[[str], frozenset[str]]) -> list[bool]:
    wanted = measure(text)
    single = [page.text for paper in papers for page in paper.pages]
    double = [f"{a.text} {b.text}" for paper in papers for a, b in pairwise(paper.pages)]
    return [
        max((len(wanted & measure(page)) / len(wanted) for page in pages), default=0) >= 0.8
        for pages in (single, single + double)
    ]


@cache
def triples(text: str) -> frozenset[str]:
    parts = [_TOKEN.findall(part.lower()) for part in _LATEX.split(text)]
    return frozenset(" ".join(words) for part in parts for words in zip(part, part[1:], part[2:], strict=False))


@cache
def _letter_runs(text: str) -> frozenset[str]:
    parts = ["".join(_TOKEN.findall(part.lower())) for part in _LATEX.split(text)]
    return frozenset(part[at : at + _LETTERS] for part in parts for at in range(max(1, len(part) - _LETTERS + 1)))


if __name__ == "__main__":
    main()
