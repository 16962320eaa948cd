"""``ragqa eval make``: drafts questions from the user's own papers, for the user to confirm.

A draft asks for a figure or a term that a sentence gives; what it says is the gold answer, where it stands the gold
page. Without a language model the question is the sentence with the answer left out, which reads stiffly.
"""

import json
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from ragqa.document import BlockKind
from ragqa.sentences import sentence_spans

WORDS_MIN, WORDS_MAX = 9, 45
GAP = "_____"
_FIGURE = re.compile(r"^\(?(\d[\d,.]*%?|[A-Z]{2,}[\w-]*)\)?[.,;:]?$")
_POINTS_ELSEWHERE = re.compile(r"\b(Fig|Figure|Table|Section|Sec|Eq|Equation|Appendix|et al)\b|\[\d|\(\d{4}\)", re.I)


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk of a paper, with the PDF it comes from."""

    doc: str
    page: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class DraftQuestion:
    """One line of questions.jsonl; it counts once it is confirmed."""

    qid: str
    set: str
    docs: tuple[str, ...]
    question: str
    answers: tuple[str, ...]
    evidence: tuple[str, ...]
    evidence_pages: tuple[int, ...]
    answerable: bool = True
    confirmed: bool = False

    def as_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self), ensure_ascii=False)


def draft_questions(passages: Sequence[Passage], count: int, seed: int = 0) -> list[DraftQuestion]:
    """At most ``count`` questions, spread over the papers in turn; the same seed drafts the same."""
    chosen = random.Random(seed)
    by_paper: dict[str, list[tuple[Passage, str, str]]] = {}
    for passage in passages:
        if passage.kind in (BlockKind.PARAGRAPH, BlockKind.ABSTRACT):
            by_paper.setdefault(passage.doc, []).extend(_askable(passage))
    for found in by_paper.values():
        chosen.shuffle(found)
    drafts: list[DraftQuestion] = []
    while len(drafts) < count and any(by_paper.values()):
        for found in by_paper.values():
            if found and len(drafts) < count:
                drafts.append(_draft(len(drafts) + 1, *found.pop()))
    return drafts


def _askable(passage: Passage) -> Iterable[tuple[Passage, str, str]]:
    """Sentences that stand on their own and give one figure or name, with that answer."""
    words = passage.text.split(" ")
    for start, end in sentence_spans(words):
        sentence = " ".join(words[start:end])
        answers = [match[1].rstrip(".,") for word in words[start + 2 : end] if (match := _FIGURE.match(word))]
        is_whole = sentence[:1].isupper() and sentence[-1:] in ".!?" and WORDS_MIN <= end - start <= WORDS_MAX
        if is_whole and len(answers) == 1 and not _POINTS_ELSEWHERE.search(sentence):
            yield passage, sentence, answers[0]


def _draft(number: int, passage: Passage, sentence: str, answer: str) -> DraftQuestion:
    question = f"Fill in: {sentence.replace(answer, GAP, 1)}"
    return DraftQuestion(
        f"q{number}", "mine", (passage.doc,), question, (answer,), (sentence,), (passage.page,)
    )  # fmt: skip
