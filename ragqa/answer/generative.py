"""Answers in a language model's words, each sentence tied to words on a page or marked unsupported."""

import re
from collections.abc import Iterator, Sequence

from ragqa.answer.citations import Citer, marked
from ragqa.answer.draft import Draft, refusal
from ragqa.answer.evidence import Sentence, sentences_of
from ragqa.answer.prompts import NOT_IN_PAPERS, answer_messages
from ragqa.answer.scorer import SentenceScorer
from ragqa.answer.words import content_words, coverage
from ragqa.protocols import ChatMessage, ChatModel
from ragqa.quotes import fold
from ragqa.sentences import sentence_spans
from ragqa.types import Hit

MARK = re.compile(r"\s*\[(\d+(?:\s*,\s*\d+)*)\]")
QUOTED = re.compile(r"[\"“]([^\"“”]{12,})[\"”]")
LEAST_SUPPORT = 0.5  # share of a sentence's content words that the quoted words must have
MESSAGE_OVERHEAD = 16  # tokens that a chat template puts around each message


def fit_evidence(question: str, evidence: Sequence[Hit], model: ChatModel, max_answer_tokens: int) -> list[Hit]:
    """As many of the best hits as the context window has room for; never more, so nothing is cut silently."""
    budget = model.context_window - max_answer_tokens
    for count in range(len(evidence), 0, -1):
        messages = answer_messages(question, evidence[:count])
        if sum(model.count_tokens(message.content) + MESSAGE_OVERHEAD for message in messages) <= budget:
            return list(evidence[:count])
    return []


def write(messages: Sequence[ChatMessage], model: ChatModel, max_answer_tokens: int) -> Iterator[str]:
    """Pieces of the model's answer as they come."""
    return model.stream(messages, max_answer_tokens)


def check(written: str, evidence: Sequence[Hit], scorer: SentenceScorer, citer: Citer) -> Draft:
    """Tie every sentence to words on a page; numbers that the model invented are dropped."""
    if not written.strip() or NOT_IN_PAPERS.rstrip(".").lower() in written.lower():
        return refusal(0.0)
    candidates = sentences_of(evidence)
    parts, unsupported = [], []
    for sentence, numbers in _sentences(written):
        supports = _supports(sentence, numbers, candidates, scorer)
        citations = [c for found, score in supports if (c := citer.cite(found.hit, found.text, score))]
        parts.append(marked(sentence, citations))
        if not citations:
            unsupported.append(sentence)
    if not parts:
        return refusal(0.0)  # marks and nothing else
    share = 1 - len(unsupported) / len(parts)
    return Draft(" ".join(parts), round(share, 3), unsupported=tuple(unsupported))


def _sentences(written: str) -> Iterator[tuple[str, frozenset[int]]]:
    """Each sentence without its marks, and the numbers marked in or right behind it."""
    words = _attach_marks(written).split()
    for start, end in sentence_spans(words):
        text = " ".join(words[start:end])
        numbers = frozenset(int(n) for mark in MARK.findall(text) for n in mark.split(","))
        plain = MARK.sub("", text).strip()
        if plain:
            yield plain, numbers


def _attach_marks(written: str) -> str:
    """``Text. [1] More`` → ``Text [1]. More``, so that a mark stays with the sentence before it."""
    return re.sub(r"([.!?])((?:\s*\[[\d,\s]+\])+)", r"\2\1", written)


def _supports(
    sentence: str, numbers: frozenset[int], candidates: Sequence[Sentence], scorer: SentenceScorer
) -> list[tuple[Sentence, float]]:
    """The evidence sentence that carries this sentence, from the marked evidence if it is there, else from any."""
    quoted = [_holding(quote, candidates) for quote in QUOTED.findall(sentence)]
    if quoted and all(quoted):
        return [(found, 1.0) for found in quoted if found]
    if quoted:
        return []  # words in quotation marks that stand nowhere: an invented quote supports nothing
    marked_first = [c for c in candidates if c.number in numbers]
    return _best(sentence, marked_first, scorer) or _best(sentence, candidates, scorer)


def _holding(quote: str, candidates: Sequence[Sentence]) -> Sentence | None:
    wanted = fold(quote).strip(".,;")
    return next((c for c in candidates if wanted in fold(c.text)), None)


def _best(sentence: str, candidates: Sequence[Sentence], scorer: SentenceScorer) -> list[tuple[Sentence, float]]:
    """The best-scoring sentence that has enough of the words and every figure; none if no one has."""
    wanted = content_words(sentence)
    figures = {word for word in wanted if any(c.isdigit() for c in word)}
    able = [c for c in candidates if coverage(wanted, c.text) >= LEAST_SUPPORT and figures <= content_words(c.text)]
    scored = zip(able, scorer.scores(sentence, able), strict=True)
    return sorted(scored, key=lambda pair: -pair[1])[:1]
