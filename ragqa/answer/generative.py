"""Answers in a language model's words, each sentence tied to words on a page or marked unsupported."""

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from ragqa.answer.citations import Citer, marked
from ragqa.answer.claims import MARK, carries
from ragqa.answer.draft import Draft, refusal, without_support
from ragqa.answer.evidence import Sentence, sentences_of
from ragqa.answer.prompts import NOT_IN_PAPERS, answer_messages, prompt_tokens
from ragqa.answer.support import Support
from ragqa.answer.untrusted import harmless, harmless_pieces
from ragqa.errors import ModelError, PromptTooLong
from ragqa.protocols import ChatModel
from ragqa.quotes import find_words
from ragqa.sentences import sentence_spans
from ragqa.types import Hit

QUOTED = re.compile(r"[\"“]([^\"“”]*)[\"”]")
SHORTEST_QUOTATION = 12  # characters; what is shorter is a term in quotation marks
UNSUPPORTED = "[unsupported]"  # follows a sentence that no evidence bears out
EVIDENCE_CUT = "The language model did not read all of the evidence; the answer was written again from less of it."
QUOTATION_ENDS = " .,;:"  # a writer's own punctuation often stands inside the marks


def fit_evidence(question: str, evidence: Sequence[Hit], model: ChatModel, max_answer_tokens: int) -> list[Hit]:
    """As many of the best hits as the context window has room for, so that nothing is cut silently; [] if not one."""
    budget = model.context_window - max_answer_tokens
    for count in range(len(evidence), 0, -1):
        if prompt_tokens(answer_messages(question, evidence[:count]), model) <= budget:
            return list(evidence[:count])
    return []


@dataclass(frozen=True, slots=True)
class Writer:
    """Lets a language model write from evidence, and holds it to it. ``answer_tokens`` is the longest answer."""

    support: Support
    answer_tokens: int

    def write(
        self, question: str, evidence: Sequence[Hit], model: ChatModel, citer: Citer
    ) -> Generator[str, None, Draft]:
        """Yield pieces as they come, return the checked draft. Raise a ModelError if there is no room for evidence."""
        fitting, note = fit_evidence(question, evidence, model, self.answer_tokens), ""
        if not fitting:
            raise _no_room(model)
        try:
            written = yield from self._stream(question, fitting, model)
        except PromptTooLong:
            fitting, note = (
                fit_evidence(question, fitting[: len(fitting) // 2], model, self.answer_tokens),
                EVIDENCE_CUT,
            )
            if not fitting:
                raise
            yield "\n\n"
            written = yield from self._stream(question, fitting, model)
        # What did not fit was never read by the model, but may still bear its words out.
        draft = check(written, evidence, self.support, citer)
        return replace(draft, usage=_usage(question, fitting, written, model), note=note)

    def _stream(self, question: str, evidence: Sequence[Hit], model: ChatModel) -> Generator[str, None, str]:
        pieces = []
        for piece in harmless_pieces(model.stream(answer_messages(question, evidence), self.answer_tokens)):
            pieces.append(piece)
            yield piece
        return "".join(pieces)


def _usage(question: str, evidence: Sequence[Hit], written: str, model: ChatModel) -> dict[str, int]:
    return {
        "evidence_chunks": len(evidence),
        "prompt_tokens": prompt_tokens(answer_messages(question, evidence), model),
        "answer_tokens": model.count_tokens(written),
    }


def _no_room(model: ChatModel) -> ModelError:
    return ModelError(
        f"The question leaves no room for evidence in the model's context window of {model.context_window} tokens.",
        hint="Ask a shorter question, or set RAGQA_CONTEXT_WINDOW higher if the model allows it.",
    )


def check(written: str, evidence: Sequence[Hit], support: Support, citer: Citer) -> Draft:
    """Tie every sentence to words on a page; numbers that the model invented are dropped."""
    if not written.strip() or NOT_IN_PAPERS.rstrip(".").lower() in written.lower():
        return refusal(0.0)
    parts, unsupported = [], []
    for sentence, numbers in _sentences(harmless(written)):
        supports = _supports(sentence, numbers, evidence, support)
        citations = [c for found, score in supports if (c := citer.cite(found.hit, found.text, score))]
        parts.append(marked(sentence, citations) if citations else f"{sentence} {UNSUPPORTED}")
        if not citations:
            unsupported.append(sentence)
    if not parts:
        return refusal(0.0)  # marks and nothing else
    if len(unsupported) == len(parts):
        return without_support(unsupported)
    share = 1 - len(unsupported) / len(parts)
    return Draft(" ".join(parts), round(share, 3), unsupported=tuple(unsupported))


def _sentences(written: str) -> Iterator[tuple[str, frozenset[int]]]:
    """Each sentence without its marks, and the numbers marked in or right behind it."""
    words = _attach_marks(written).split()
    for start, end in _whole_quotations(sentence_spans(words), words):
        text = " ".join(words[start:end])
        numbers = frozenset(int(n) for mark in MARK.findall(text) for n in mark.split(","))
        plain = MARK.sub("", text).strip()
        if plain:
            yield plain, numbers


def _whole_quotations(spans: Sequence[tuple[int, int]], words: Sequence[str]) -> list[tuple[int, int]]:
    """The spans, those joined that one quotation runs through."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and _breaks_off(" ".join(words[joined[-1][0] : start]), " ".join(words[start:])):
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return joined


def _breaks_off(text: str, rest: str) -> bool:
    """True if a quotation is open at the end of the text, and closed in the rest."""
    is_open = text.count('"') % 2 == 1 or text.count("“") > text.count("”")
    return is_open and bool(re.search('["”]', rest))


def _attach_marks(written: str) -> str:
    """``Text. [1] More`` → ``Text [1]. More``, so that a mark stays with the sentence before it."""
    return re.sub(r"([.!?])((?:\s*\[[\d,\s]+\])+)", r"\2\1", written)


def _supports(
    sentence: str, numbers: frozenset[int], evidence: Sequence[Hit], support: Support
) -> list[tuple[Sentence, float]]:
    """What carries this sentence best, in the marked evidence if it is there, else in any."""
    quotations = [quote for quote in QUOTED.findall(sentence) if len(quote) >= SHORTEST_QUOTATION]
    if quotations:
        return _quoted(sentence, quotations, evidence)
    sentences = sentences_of(evidence)
    pointed_at = [found for found in sentences if found.number in numbers]
    return (support.among(sentence, pointed_at) or support.among(sentence, sentences))[:1]


def _quoted(sentence: str, quotations: Sequence[str], evidence: Sequence[Hit]) -> list[tuple[Sentence, float]]:
    """The sentences around the quotations; none if one quotation is invented, or if they do not carry the rest."""
    held = [found for quote in quotations if (found := _holding(quote, evidence))]
    complete = len(held) == len(quotations) and carries(" ".join(found.text for found in held), sentence)
    return [(found, 1.0) for found in held] if complete else []


def _holding(quote: str, evidence: Sequence[Hit]) -> Sentence | None:
    """The sentence that the quotation stands in, or the run of sentences that it spans."""
    for number, hit in enumerate(evidence, start=1):
        words = hit.text.split(" ")
        if found := find_words(quote.strip(QUOTATION_ENDS), words):
            touched = [span for span in sentence_spans(words) if span[0] < found[1] and found[0] < span[1]]
            return Sentence(number, hit, " ".join(words[touched[0][0] : touched[-1][1]]))
    return None
