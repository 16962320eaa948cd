"""What each step of the search is worth: ``python -m benchmarks.ablation LIBRARY QUESTIONS``.

LIBRARY is a data folder that ``ragqa ingest`` has filled with the papers of QUESTIONS (and distractors). Every
variant is the product's own ``Retriever`` with one step switched off or changed. Tables are set by set.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean, median
from typing import Any, cast

from rich.console import Console
from rich.table import Table

from benchmarks.environment import HERE, WORK
from benchmarks.feedback import FeedbackIndex
from benchmarks.questions import Question, load_questions
from benchmarks.reading import triples
from ingest.folder.files import content_hash
from ragqa.compose import open_engine, open_reranker
from ragqa.engine import Engine
from ragqa.evaluation.measures import interval, paired_p
from ragqa.protocols import Passage, Reranker, Scope, Scored, Vectors
from ragqa.search.index import HybridIndex
from ragqa.search.retrieve import Retriever
from ragqa.search.steps import DEFAULT, Steps
from ragqa.settings import Settings, load_settings
from ragqa.types import Filter, Hit, SearchMode, SearchRequest

MEASURES = ("page@1", "page@5", "page@10", "paper@1", "evidence")
EVIDENCE_HITS = 8
FOUND = 0.8
TIMED = 60
MAX_QUESTION = 10_000
REFITTED = (0.0, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)

PLAIN = Steps(
    keyword_weight=1.0, hints=False, overview=False, page_support=False, unique=False, neighbours=False,
    spread=False, rerank=False,
)  # fmt: skip
FUSED = replace(PLAIN, keyword_weight=DEFAULT.keyword_weight)


@dataclass(frozen=True, slots=True)
class Variant:
    """A row of the table."""

    steps: Steps
    mode: SearchMode = "hybrid"
    feedback: str = ""


VARIANTS = {
    "meaning alone": Variant(PLAIN, "dense"),
    "words alone": Variant(PLAIN, "keyword"),
    "fused by scores": Variant(replace(FUSED, fusion="scores")),
    "fused by ranks, equal weights": Variant(PLAIN),
    "fused by ranks": Variant(FUSED),
    "all but the re-ranker": Variant(replace(DEFAULT, rerank=False)),
    "all": Variant(DEFAULT),
    "all, without hints": Variant(replace(DEFAULT, hints=False)),
    "all, without the overview route": Variant(replace(DEFAULT, overview=False)),
    "all, without page support": Variant(replace(DEFAULT, page_support=False)),
    "all, without near-duplicate removal": Variant(replace(DEFAULT, unique=False)),
    "all, without papers first": Variant(replace(DEFAULT, spread=False)),
    "all, without neighbours": Variant(replace(DEFAULT, neighbours=False)),
    "all, without early exit": Variant(replace(DEFAULT, early_exit=False)),
    "fused by ranks, with Rocchio feedback": Variant(FUSED, feedback="vectors"),
    "fused by ranks, with words added": Variant(FUSED, feedback="words"),
}


@dataclass(slots=True)
class RememberedLogits:
    """A re-ranker that reads a passage once for all variants, and keeps what it said in a file."""

    reranker: Reranker
    file: Path
    said: dict[str, dict[str, float]] = field(default_factory=dict)
    asked: int = 0
    """Passages that were asked for, remembered or not."""

    def __post_init__(self) -> None:
        if self.file.is_file():
            self.said = json.loads(self.file.read_text(encoding="utf-8"))

    @property
    def name(self) -> str:
        """The re-ranker's."""
        return self.reranker.name

    def relevance(self, question: str, passages: Sequence[Passage]) -> list[float]:
        """See ``Reranker``."""
        self.asked += len(passages)
        known = self.said.setdefault(question, {})
        new = [passage for passage in passages if _key(passage) not in known]
        known.update(zip(map(_key, new), self.reranker.relevance(question, new) if new else [], strict=True))
        return [known[_key(passage)] for passage in passages]

    def save(self) -> None:
        """For the next run."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(self.said), encoding="utf-8")


def _key(passage: Passage) -> str:
    return f"{passage.heading}\n\n{passage.text}"


@dataclass(slots=True)
class RememberedSearches:
    """Searches each index only once for a question and a scope: the steps that differ come later."""

    index: HybridIndex | FeedbackIndex
    known: dict[tuple[str, bool, int, Scope], tuple[list[Scored], list[Scored]]] = field(default_factory=dict)

    def search(self, question: str, vector: Vectors | None, k: int, scope: Scope) -> tuple[list[Scored], list[Scored]]:
        """See ``HybridIndex``."""
        key = (question, vector is None, k, scope)
        if not question:  # a dense search: only the vector tells questions apart
            return self.index.search(question, vector, k, scope)
        if key not in self.known:
            self.known[key] = self.index.search(question, vector, k, scope)
        return self.known[key]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the gold passages that stand in its papers, and the ids of these papers."""

    question: Question
    paper_ids: tuple[str, ...]
    evidence: tuple[str, ...]


def load(file: Path, known: frozenset[str]) -> list[Asked]:
    """Questions whose papers are in the library."""
    rows = {row["qid"]: row for row in map(json.loads, file.read_text(encoding="utf-8").splitlines())}
    paths = {(file.parent / doc).resolve() for row in rows.values() for doc in row["docs"]}
    ids = {path: content_hash(path) for path in sorted(paths)}
    questions = load_questions(file, [path for path in ids if ids[path] in known])
    return [
        Asked(one, tuple(ids[path] for path in one.papers), tuple(filter(triples, rows[one.qid]["evidence"])))
        for one in questions
        if rows[one.qid].get("answerable", True)
    ]


def limited(asked: Sequence[Asked], most: int) -> list[Asked]:
    """At most so many of each set, spread over it."""
    sets = defaultdict[str, list[Asked]](list)
    for one in asked:
        sets[one.question.set].append(one)
    return [one for own in sets.values() for one in own[:: -(-len(own) // most)]]


@dataclass(slots=True)
class Bench:
    """The library, opened once for all variants."""

    engine: Engine
    reranker: RememberedLogits | None
    indexes: dict[str, RememberedSearches] = field(default_factory=dict)

    def retriever(self, variant: Variant) -> Retriever:
        """The product's, over remembered searches."""
        if variant.feedback not in self.indexes:
            self.indexes[variant.feedback] = RememberedSearches(self._index(variant.feedback))
        index = cast(HybridIndex, self.indexes[variant.feedback])
        embedder = self.engine.generations.wanted.embedder
        return Retriever(self.engine.catalogue, index, embedder, MAX_QUESTION, self.reranker, variant.steps)

    def unremembered(self, steps: Steps) -> Retriever:
        """For measuring time."""
        wanted = self.engine.generations.wanted
        reranker = self.reranker.reranker if self.reranker else None
        return Retriever(self.engine.catalogue, wanted.index, wanted.embedder, MAX_QUESTION, reranker, steps)

    def _index(self, feedback: str) -> HybridIndex | FeedbackIndex:
        wanted = self.engine.generations.wanted
        if not feedback:
            return wanted.index
        return FeedbackIndex(wanted.index, self.engine.catalogue, wanted.recipe.name, feedback == "words")


Values = dict[str, dict[str, list[float]]]
"""By set and measure, a value for each question."""


def measure(retriever: Retriever, asked: Sequence[Asked], mode: SearchMode) -> Values:
    """Ask everything, count."""
    values: Values = defaultdict(lambda: defaultdict(list))
    for one in asked:
        for name, value in outcome(one, retriever.search(_request(one, mode)).hits).items():
            values[one.question.set][name].append(value)
    return values


def _request(one: Asked, mode: SearchMode = "hybrid") -> SearchRequest:
    only = Filter(paper_ids=one.paper_ids) if one.question.given else Filter()
    return SearchRequest(question=one.question.text, k=10, mode=mode, filter=only)


def outcome(one: Asked, hits: Sequence[Hit]) -> dict[str, float]:
    """Every measure that the question allows; ``rank`` is the reciprocal rank of the first gold page."""
    found: dict[str, float] = {}
    if pages := one.question.pages:
        right = [hit.paper_id in one.paper_ids and hit.page in pages for hit in hits]
        found = {f"page@{k}": float(any(right[:k])) for k in (1, 5, 10)}
        found["rank"] = 1 / (right.index(True) + 1) if any(right) else 0.0
    if not one.question.given:
        found["paper@1"] = float(bool(hits) and hits[0].paper_id in one.paper_ids)
    if one.evidence:
        found["evidence"] = _evidence_share(hits[:EVIDENCE_HITS], one.evidence)
    return found


def _evidence_share(hits: Sequence[Hit], evidence: Sequence[str]) -> float:
    """Of the gold passages, those that stand to four fifths in the hits and the texts that adjoin them."""
    given = frozenset[str]().union(*(triples(f"{hit.before} {hit.text} {hit.after}") for hit in hits))
    return fmean(len(triples(text) & given) / len(triples(text)) >= FOUND for text in evidence)


def timed(retriever: Retriever, asked: Sequence[Asked]) -> dict[str, float]:
    """Median milliseconds by stage, over questions spread over the sets."""
    some = asked[:: max(1, len(asked) // TIMED)]
    times: dict[str, list[float]] = defaultdict(list)
    for one in some:
        result = retriever.search(_request(one))
        for stage, took in {**result.timings_ms, "in all": sum(result.timings_ms.values())}.items():
            times[stage].append(took)
    return {stage: round(median(took), 2) for stage, took in times.items()}


def refit(bench: Bench, asked: Sequence[Asked]) -> dict[str, Any]:
    """The weight of relevance that ranks gold pages best, on average over the sets; and what leaving sets out gives."""
    scored = {
        weight: measure(
            bench.retriever(Variant(replace(DEFAULT, relevance_weight=weight, early_exit=False))), asked, "hybrid"
        )
        for weight in REFITTED
    }
    sets = [name for name, found in scored[0.0].items() if "rank" in found]
    ranks = {weight: {name: fmean(found[name]["rank"]) for name in sets} for weight, found in scored.items()}

    def best(among: Sequence[str]) -> float:
        return max(REFITTED, key=lambda weight: fmean(ranks[weight][name] for name in among))

    left_out = {name: best([other for other in sets if other != name]) for name in sets}
    return {
        "best": best(sets),
        "reciprocal rank": {str(weight): {n: round(r, 4) for n, r in found.items()} for weight, found in ranks.items()},
        "left out": {
            name: {"weight": weight, "rank": round(ranks[weight][name], 4), "without": round(ranks[0.0][name], 4)}
            for name, weight in left_out.items()
        },
    }


def report(found: Mapping[str, Values], chosen: str = "all") -> list[dict[str, Any]]:
    """Means with intervals, and how sure the difference to what was chosen is."""
    rows: list[dict[str, Any]] = []
    for variant, values in found.items():
        for name, measures in values.items():
            row: dict[str, Any] = {"variant": variant, "set": name, "n": max(map(len, measures.values()))}
            for measured in filter(measures.__contains__, MEASURES):
                own, theirs = measures[measured], found.get(chosen, found[variant])[name][measured]
                low, high = interval(own)
                p = paired_p([a - b for a, b in zip(theirs, own, strict=True)])
                row[measured] = {"mean": round(fmean(own), 4), "interval": [low, high], "p": round(p, 4)}
            rows.append(row)
    return rows


def print_tables(rows: Sequence[Mapping[str, Any]]) -> None:
    """A table per set, a row per variant; per cent with 95 % intervals."""
    for name in dict.fromkeys(row["set"] for row in rows):
        own = [row for row in rows if row["set"] == name]
        columns = [measured for measured in MEASURES if measured in own[0]]
        table = Table("variant", *columns, title=f"{name}, n = {own[0]['n']}")
        for row in own:
            table.add_row(row["variant"], *(_cell(row[measured]) for measured in columns))
        Console(width=130).print(table)


def _cell(found: Mapping[str, Any]) -> str:
    low, high = found["interval"]
    return f"{100 * found['mean']:.0f} ({100 * low:.0f} to {100 * high:.0f})"


def main() -> None:
    """Measure, print, write."""
    options = _options()
    settings = load_settings(data=options.library, reranker=options.reranker, llm="none")
    engine = open_engine(settings)
    bench = Bench(engine, _reranker(settings))
    asked = limited(load(options.questions, frozenset(paper.id for paper in engine.catalogue.papers())), options.limit)
    console = Console(width=130)
    try:
        result: dict[str, Any] = {"re-ranker": bench.reranker.name if bench.reranker else "none"}
        if options.refit:
            result["refit"] = refit(bench, asked)
            console.print(result["refit"])
        else:
            result["rows"] = report(_measured(bench, asked, console.print))
            print_tables(result["rows"])
            plain = replace(DEFAULT, rerank=False)
            result["ms"] = {"all": timed(bench.unremembered(DEFAULT), asked[::-1])} if bench.reranker else {}
            result["ms"]["all but the re-ranker"] = timed(bench.unremembered(plain), asked)
            console.print(result["ms"])
    finally:
        if bench.reranker is not None:
            bench.reranker.save()
        engine.close()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(options.out.read_text(encoding="utf-8")) if options.out.is_file() else {}
    options.out.write_text(json.dumps({**before, **result}, indent=1) + "\n", encoding="utf-8")


def _reranker(settings: Settings) -> RememberedLogits | None:
    reranker = open_reranker(settings)
    return RememberedLogits(reranker, WORK / f"logits-{reranker.name.replace('/', '-')}.json") if reranker else None


def _measured(bench: Bench, asked: Sequence[Asked], say: Callable[[str], None]) -> dict[str, Values]:
    found = {}
    for name, variant in VARIANTS.items():
        if bench.reranker is None and variant.steps.rerank:
            continue
        before = bench.reranker.asked if bench.reranker else 0
        found[name] = measure(bench.retriever(variant), asked, variant.mode)
        read = (bench.reranker.asked if bench.reranker else 0) - before
        say(f"{name}: {read / len(asked):.1f} passages read per question" if read else name)
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=Path, help="data folder with the papers")
    parser.add_argument("questions", type=Path, help="questions.jsonl")
    parser.add_argument("--reranker", default="shipped", help="as in RAGQA_RERANKER")
    parser.add_argument("--limit", type=int, default=100_000, metavar="N", help="questions of each set")
    parser.add_argument("--refit", action="store_true", help="find the best weight of the re-ranker instead")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "ablation.json", help="where the figures go")
    return parser.parse_args()


if __name__ == "__main__":
    main()
