"""A reader that finds what it was told to find: answers as data, no model."""

from collections.abc import Mapping, Sequence

from ragqa.protocols import AnswerSpan, Passage, Reading

SURE, UNSURE = 6.0, -6.0


class FixedReader:
    """A PassageReader to which some words answer every question, the first of them best."""

    name = "test:fixed"

    def __init__(self, answers: Mapping[str, float] | Sequence[str]) -> None:
        self._answers = dict(answers) if isinstance(answers, Mapping) else dict.fromkeys(answers, SURE)

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        return [self._reading(passage.text) for passage in passages]

    def _reading(self, text: str) -> Reading:
        there = [(text.find(words), words, score) for words, score in self._answers.items() if words in text]
        spans = tuple(AnswerSpan(at, at + len(words), score) for at, words, score in there)
        evidence = AnswerSpan(spans[0].start, spans[0].end, SURE) if spans else AnswerSpan(0, len(text), UNSURE)
        none = (AnswerSpan(0, len(text.split(" ")[0]), UNSURE),)
        return Reading(spans or none, evidence, SURE if spans else UNSURE)
