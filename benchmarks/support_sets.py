"""Claims with evidence, and whether it bears them out: from public sets, and from papers changed by rule."""

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from ingest.reader import read_pdf
from ragqa.document import BlockKind, Document
from ragqa.errors import ReadError
from ragqa.sentences import sentence_spans
from ragqa.training.perturb import unanswerable

SEED = 11
MOST_PAGES = 60
# Kept for the final figure of the layout: nothing is tuned on them.
KEPT_APART = frozenset(
    "s41467-024-47207-6 nar_gkae212 tacl_a_00660 1901.08746v4 N18-1202 P18-1064 W18-6423 superglue 1904.01608"
    " 2001.03131".split()
)
OF_A_PAPER = 20
WORDS_OF_A_CLAIM = range(9, 41)
WORDS_OF_A_PARAGRAPH = range(40, 200)
OPENING = re.compile(r"^(?:However|Moreover|Furthermore|In addition|Finally|Thus|Therefore|Hence|Then|Also),\s+(\w)")
ASIDE = re.compile(r"\s*\((?![^)]*\d)[^)]*\)")
ADVERB = re.compile(r"\b(?:very|also|only|simply|further|clearly|substantially|significantly|quite|rather)\s+")


@dataclass(frozen=True, slots=True)
class Case:
    """A claim and the sentences of its evidence; ``tune`` is the half that constants are set on."""

    claim: str
    evidence: tuple[str, ...]
    supported: bool
    tune: bool


def read_sets(data: Path, most: int) -> dict[str, list[Case]]:
    """At most ``most`` cases of each set, drawn by a seed; halves are told by the evidence, which they never share."""
    train = data / "train"
    everything = {
        "begin": _begin(train / "begin.jsonl.gz"),
        "snli": _nli(train / "snli_dev.jsonl.gz", True) + _nli(train / "snli_test.jsonl.gz", False),
        "wice": _nli(train / "wice_claims.jsonl.gz", None),
        "evidence_inference": _nli(train / "evidence_inference_v2_nli.jsonl.gz", None),
        "papers": list(_changed_papers(data / "e2e" / "papers")),
    }
    rng = Random(SEED)
    return {name: rng.sample(cases, min(most, len(cases))) for name, cases in everything.items()}


def sentences(text: str) -> tuple[str, ...]:
    """The text's sentences."""
    words = text.split()
    return tuple(" ".join(words[start:end]) for start, end in sentence_spans(words))


def _begin(file: Path) -> list[Case]:
    return [_case(row["hypothesis"], row["premise"], row["label"] == "Fully attributable", None) for row in _rows(file)]


def _nli(file: Path, tune: bool | None) -> list[Case]:
    return [
        _case(row["hypothesis"], row["premise"], row["label"] in ("entailment", "supported"), tune)
        for row in _rows(file)
    ]


def _case(claim: str, evidence: str, supported: bool, tune: bool | None) -> Case:
    half = zlib.crc32(evidence.encode()) % 2 == 0
    return Case(claim, sentences(evidence), supported, half if tune is None else tune)


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _changed_papers(folder: Path) -> Iterator[Case]:
    """Sentences of papers said a little differently, which their paragraph bears out, and changed, which it does not.

    Half of the papers are to tune on. Changes are those of the training's questions: a figure, a name, a word for its
    opposite, a negation; and beside them a sentence with a word of another paragraph put in.
    """
    papers = [path for path in sorted(folder.rglob("*.pdf")) if not any(name in path.stem for name in KEPT_APART)]
    for number, path in enumerate(papers[::2]):
        rng = Random(f"{SEED}-{path.name}")
        try:
            document = read_pdf(path, MOST_PAGES)
        except ReadError:
            continue
        texts = _paragraphs(document)
        for text, other in list(pairwise(rng.sample(texts, len(texts))))[:OF_A_PAPER]:
            yield from _changed(text, other, number % 2 == 0, rng)


def _paragraphs(document: Document) -> list[str]:
    pages = {page.number: page for page in document.pages}
    blocks = [block for block in document.blocks if block.kind is BlockKind.PARAGRAPH]
    texts = [" ".join(word.text for word in pages[b.page].words[b.start : b.end]) for b in blocks]
    return [text for text in texts if len(text.split()) in WORDS_OF_A_PARAGRAPH]


def _changed(text: str, other: str, tune: bool, rng: Random) -> Iterator[Case]:
    evidence = sentences(text)
    candidates = [s for s in evidence if len(s.split()) in WORDS_OF_A_CLAIM and s[:1].isupper() and s.endswith(".")]
    if not candidates:
        return
    claim = reworded(rng.choice(candidates))
    yield Case(claim, evidence, True, tune)
    wrong = unanswerable(claim, text, [], rng) if rng.random() < 0.7 else with_a_foreign_word(claim, text, other, rng)
    if wrong is not None:
        yield Case(wrong, evidence, False, tune)


def reworded(sentence: str) -> str:
    """The same said with fewer words: openings, asides and adverbs left out, "we" told of others."""
    plain = OPENING.sub(lambda found: found[1].upper(), ADVERB.sub("", ASIDE.sub("", sentence)))
    return re.sub(r"\bour\b", "their", re.sub(r"\bWe\b", "The authors", re.sub(r"\bwe\b", "they", plain)))


def with_a_foreign_word(claim: str, text: str, other: str, rng: Random) -> str | None:
    """The claim with its longest word replaced by a long word of another paragraph."""
    words, there = claim.split(), text.casefold()
    old = max((w for w in words[1:] if w.isalpha()), key=len, default="")
    foreign = sorted({w for w in other.split() if w.isalpha() and len(w) > 6 and w.casefold() not in there})
    return claim.replace(old, rng.choice(foreign), 1) if old and foreign else None


def halves(cases: Sequence[Case]) -> tuple[list[Case], list[Case]]:
    """To tune on, and to report on."""
    return [case for case in cases if case.tune], [case for case in cases if not case.tune]
