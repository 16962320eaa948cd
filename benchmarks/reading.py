"""How well and how fast papers are read. One command: ``python -m benchmarks.reading DATA``.

DATA holds ``e2e/`` (questions.jsonl and papers), ``distractors/`` and ``robust/``. Prints what became of every
file, pages per second of one core, and the share of gold evidence found in the text of a single page.
"""

import json
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from ingest.reader import read_pdf
from ingest.worker import SubprocessReader
from ragqa.document import Document
from ragqa.errors import ReadError

_TOKEN = re.compile(r"[^\W_]+")
# Some gold was cut from LaTeX: these marks and formulas never stand on a page, so triples do not reach across them.
_LATEX = re.compile(r"(?:BIB|TAB|FIG|SEC)REF\d*|(?:INLINE|DISPLAY)FORM\d*|FLOAT SELECTED:|\$[^$]*\$")
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


def _outcomes(
    folder: str, files: dict[str, Path], reader: SubprocessReader, documents: dict[str, Document]
) -> str:
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
    """Per set: gold evidence whose word triples stand on one page to at least 80 %."""
    found: dict[str, list[bool]] = defaultdict(list)
    pages = {name: [_triples(page.text) for page in document.pages] for name, document in documents.items()}
    for line in questions.read_text(encoding="utf-8").splitlines():
        question = json.loads(line)
        for text in question["evidence"]:
            wanted = _triples(text)
            if wanted:
                candidates = [page for name in question["docs"] for page in pages.get(name, [])]
                found[question["set"]].append(_best_share(wanted, candidates) >= 0.8)
    rows = [
        f"| {name} | {sum(hits)} / {len(hits)} | {sum(hits) / len(hits):.1%} |"
        for name, hits in found.items()
    ]
    return "\n".join(["| set | evidence found | share |", "|---|---|---|", *rows])


def _best_share(wanted: set[tuple[str, ...]], pages: Iterable[set[tuple[str, ...]]]) -> float:
    return max((len(wanted & page) / len(wanted) for page in pages), default=0.0)


def _triples(text: str) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for part in _LATEX.split(text):
        tokens = _TOKEN.findall(part.lower())
        found.update(zip(tokens, tokens[1:], tokens[2:], strict=False))
    return found


if __name__ == "__main__":
    main()
