"""Which spans cannot be what a question asks for, whatever the reader says. Pure: words and kinds of blocks alone."""

import re
from collections.abc import Sequence

from ragqa.answer.spans import Found
from ragqa.answer.words import NUMBER_WORDS, content_words
from ragqa.document import BlockKind

_POINTER = re.compile(
    r"^(?:(?:in|see|by|from)\s+)?(?:tab(?:le|\.)|fig(?:ure|\.)|sec(?:tion|t?\.)|appendix|eq(?:uation|n?\.)|algorithm)s?"
    r"\s*[\dIVXA-Z]+[.\d]*[a-z]?$",
    re.I,
)
_NAMED = r"[A-Z][\w.’'-]*"
_CITED = re.compile(rf"^\(?{_NAMED}(?:(?:,?\s+(?:and|&)|,)\s+{_NAMED}|\s+et al\.?)+,?\s*\(?(?:19|20)\d\d")
_YEAR_CHARS = 8  # of the text behind a span, in which its year may stand
_ASKS_WHO = re.compile(
    r"\b(?:who|whose|whom|authors?|affiliat\w*|universit\w*|institut\w*|e-?mails?|wrote|written|cite\w*|citations?|"
    r"references?|previous|prior|related|earlier|existing|compan(?:y|ies)|labs?|conference|journal|venue)\b",
    re.I,
)
_ASKS_PLACE = re.compile(r"\b(?:table|figure|section|where|appendix|equation|algorithm)s?\b", re.I)
_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|old)\b|"
    r"\b(?:what|which) (?:(?:is|was|are|were) )?(?:the )?(?:[\w-]+ ){0,2}?(?:percentage|percent|number|share|fraction|"
    r"proportion|year|score|rate|accuracy|F1|BLEU|ROUGE\S*|EM|perplexity|learning rate|batch size)\b",
    re.I,
)
_NUMBER = re.compile(
    rf"\d|\b(?:one|{'|'.join(NUMBER_WORDS)}|half|twice|double|triple|third|quarter|single|no|none)s?\b", re.I
)
_OFFERS = re.compile(r"\bor\b|\bwhich of\b", re.I)


def fitting(question: str, found: Sequence[Found]) -> list[Found]:
    """The spans that can answer, in their order; all of them if none can."""
    return [f for f in found if _fits(question, f)] or list(found)


def _is_citation(found: Found) -> bool:
    """Names and a year, such as "Koehn and Knowles 2017": whose work it is, not what it is."""
    return bool(_CITED.match(found.hit.text[found.start : found.end + _YEAR_CHARS]))


def repeats(question: str, text: str) -> bool:
    """True if the words say no more than the question does, unless it offers them to be chosen from."""
    return not _OFFERS.search(question) and content_words(text) <= content_words(question)


def _fits(question: str, found: Found) -> bool:
    if _POINTER.match(found.text) and not _ASKS_PLACE.search(question):
        return False
    if (_is_citation(found) or found.hit.kind is BlockKind.AUTHORS) and not _ASKS_WHO.search(question):
        return False
    if _ASKS_NUMBER.search(question) and not _NUMBER.search(found.text):
        return False
    return not repeats(question, found.text)
