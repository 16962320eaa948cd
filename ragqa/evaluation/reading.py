"""``ragqa eval reading``: answers to questions on one passage each, and the confidence that there is one."""

import time
from collections.abc import Callable, Sequence

from ragqa.evaluation.formats import ReadingQuestion
from ragqa.evaluation.measures import exact_match, token_f1
from ragqa.evaluation.report import Judged, SetReport

Read = Callable[[str, str], tuple[str, float]]
"""Question and passage to the answer's text (empty: none) and the confidence that it is there, 0 to 1."""


def evaluate_reading(
    read: Read, name: str, questions: Sequence[ReadingQuestion], on_question: Callable[[int], None]
) -> SetReport:
    """Exact match and F1 as SQuAD 2.0 counts them: where no answer is right, only no answer scores."""
    judged = []
    for asked in questions:
        started = time.perf_counter()
        answer, confidence = read(asked.question, asked.context)
        took = (time.perf_counter() - started) * 1000
        values = {"EM": exact_match(answer, asked.golds), "F1": token_f1(answer, asked.golds)}
        judged.append(Judged(asked.id, values, {"read": took}, confidence, answerable=bool(asked.golds)))
        on_question(1)
    return SetReport(name, tuple(judged))
