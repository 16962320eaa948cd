"""Answers in a language model's words, each sentence tied to words on a page or marked unsupported."""

import re
from collections.abc import Iterator, Sequence

from ragqa.answer.citations import Citer, marked
from ragqa.answer.claims import MARK, carries
from ragqa.answer.draft import Draft, refusal, without_support
from ragqa.answer.evidence import Sentence, sentences_of
from ragqa.answer.prompts import NOT_IN_PAPERS, answer_messages, prompt_tokens
from ragqa.answer.scorer import SentenceScorer
from ragqa.protocols import ChatMessage, ChatModel
from ragqa.quotes import find_words
from ragqa.sentences import sentence_spans
from ragqa.types import Hit

QUOTED = re.compile(r"[\"“]([^\"“”]*)[\"”]")
SHORTEST_QUOTATION = 12  # characters; what is shorter is a term in quotation marks
QUOTATION_ENDS = " .,;:"  # a writer's own punctuation often stands inside the marks


def fit_evidence(question: str, evidence: Sequence[Hit], model: ChatModel, max_answer_tokens: int) -> list[Hit]:
    """As many of the best hits as the context window has room for, so that nothing is cut silently; [] if not one."""
    budget = model.context_window - max_answer_tokens
    for count in range(len(evidence), 0, -1):
        if prompt_tokens(answer_messages(question, evidence[:count]), model) <= budget:
            return list(evidence[:count])
    return []


def write(messages: Sequence[ChatMessage], model: ChatModel, max_answer_tokens: int) -> Iterator[str]:
    """Pieces of the model's answer as they come."""
    return model.stream(messages, max_answer_tokens)


def check(written: str, evidence: Sequence[Hit], scorer: SentenceScorer, citer: Citer) -> Draft:
    """Tie every sentence to words on a page; numbers that the model invented are dropped."""
    if not written.strip() or NOT_IN_PAPERS.rstrip(".").lower() in written.lower():
        return refusal(0.0)
    parts, unsupported = [], []
    for sentence, numbers in _sentences(written):
        supports = _supports(sentence, numbers, evidence, scorer)
        citations = [c for found, score in supports if (c := citer.cite(found.hit, found.text, score))]
        parts.append(marked(sentence, citations))
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
    sentence: str, numbers: frozenset[int], evidence: Sequence[Hit], scorer: SentenceScorer
) -> list[tuple[Sentence, float]]:
    """The evidence sentences that carry this sentence, from the marked evidence if they are there, else from any."""
    quotations = [quote for quote in QUOTED.findall(sentence) if len(quote) >= SHORTEST_QUOTATION]
    if quotations:
        return _quoted(sentence, quotations, evidence)
    candidates = [c for c in sentences_of(evidence) if carries(c.text, sentence)]
    marked_first = [c for c in candidates if c.number in numbers]
    return _best(sentence, marked_first or candidates, scorer)


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


def _best(sentence: str, able: Sequence[Sentence], scorer: SentenceScorer) -> list[tuple[Sentence, float]]:
    """The best-scoring sentence; none of none."""
    scored = zip(able, scorer.scores(sentence, able), strict=True)
    return sorted(scored, key=lambda pair: -pair[1])[:1]
