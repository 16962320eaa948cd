"""Measures what the sample papers report: ``python -m benchmarks.sample_results DATA [--cache DIR]``.

DATA holds ir/{scifact,cranfield,cisi} and e2e/. Rewrites data/sample/results.json; about a quarter of an hour on two
cores, seconds when the vectors are cached. Then ``python data/sample/build.py`` typesets the papers anew.
"""

import argparse
import json
from pathlib import Path

from benchmarks.sample_chunks import measure_chunks
from benchmarks.sample_corpora import TEMPLATED, CachedEmbedder, read_collection, read_questions
from benchmarks.sample_hybrid import measure_collection, measure_pages
from benchmarks.sample_pages import read_papers
from benchmarks.sample_refusal import measure_refusal

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "data" / "sample" / "results.json"
COLLECTIONS = ("scifact", "cranfield", "cisi")


def measure(data: Path, cache: Path) -> dict[str, object]:
    """The three experiments, by paper."""
    embedder = CachedEmbedder(cache)
    collections = {name: read_collection(data / "ir" / name) for name in COLLECTIONS}
    questions = [question for question in read_questions(data / "e2e" / "questions.jsonl") if question.pages]
    papers = read_papers(data / "e2e", [question.paper for question in questions])
    free = [question for question in questions if question.set != TEMPLATED]
    return {
        "model": embedder.model.fingerprint,
        "hybrid": {
            **{name: measure_collection(collection, embedder) for name, collection in collections.items()},
            "pages": measure_pages(papers, questions, embedder),
        },
        "chunks": measure_chunks(papers, questions, embedder),
        "refusal": measure_refusal(papers, free, collections["scifact"], embedder),
    }


def main() -> None:
    """Read the command line, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path(".cache/sample"))
    options = parser.parse_args()
    results = measure(options.data, options.cache)
    RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"wrote {RESULTS}")


if __name__ == "__main__":
    main()
