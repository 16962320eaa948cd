"""A reader as it was trained and as the product runs it, on the same questions: what the export costs."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from ragqa.adapters.openvino_reader import OpenVinoReader
from ragqa.protocols import AnswerSpan, Embedder, Passage
from ragqa.sentences import sentence_spans
from ragqa.training import mix
from ragqa.training.evaluate import (
    Read,
    Reading,
    as_questions,
    best_threshold,
    dev_set,
    figures,
    of_articles,
    read_all,
    reading_report,
)
from ragqa.training.features import Example, Tokens
from ragqa.training.model import from_run

NOTHING = AnswerSpan(0, 0, 0.0)


def as_trained(weights: Path, file: Path, tokens: Tokens) -> Read:
    """The weights that a run wrote."""
    return partial(read_all, from_run(weights, file), tokens)


def as_exported(folder: Path) -> Read:
    """What ``export`` wrote, through the product's own adapter."""
    product = OpenVinoReader(folder)
    return lambda examples: [_reading(product, example) for example in examples]


def as_best_sentence(embedder: Embedder) -> Read:
    """What one has without a reader: the sentence whose vector is closest to the question's."""
    return lambda examples: [_closest(embedder, example) for example in examples]


def reports(
    read: Read, data: Path, others: Mapping[str, list[mix.Row]], scifact: Path | None, most: int | None
) -> Iterator[dict[str, Any]]:
    """One for each set; held-out and other questions at the threshold that the dev articles suggest.

    ``most`` questions of each set, drawn by a seed, if it is given.
    """
    if scifact:
        yield {"set": "dev", **figures(read, dev_set(data, scifact))}
    examples, answers = as_questions(_some(of_articles(data, mix.DEV), most))
    threshold = best_threshold(read(examples), answers)
    sets = {"held out": of_articles(data, mix.HELD_OUT), **others}
    for name, rows in sets.items():
        examples, answers = as_questions(_some(rows, most))
        yield {"set": name, **reading_report(read(examples), answers, threshold)}


def _some(rows: list[mix.Row], most: int | None) -> list[mix.Row]:
    return rows if most is None or most >= len(rows) else Random(0).sample(rows, most)


def _reading(product: OpenVinoReader, example: Example) -> Reading:
    passage = [Passage(example.prefix, example.text)]
    (found,) = product.read(example.question, passage)
    (relevance,) = product.relevance(example.question, passage)
    span = found.evidence if example.evidence else next(iter(found.spans), NOTHING)
    return Reading(example.text[span.start : span.end], span.score, found.answerable, relevance)


def _closest(embedder: Embedder, example: Example) -> Reading:
    words = example.text.split()
    sentences = [" ".join(words[start:end]) for start, end in sentence_spans(words)]
    cosines = embedder.embed_passages(sentences) @ embedder.embed_query(example.question)
    best = int(cosines.argmax())
    score = float(cosines[best])
    return Reading(sentences[best], score, score, score)
