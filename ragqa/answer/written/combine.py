"""A model's words beside what is made without it: what it may write from, and how both become one answer. Pure.

The verdict, the choices, the table and the parts of a summary are always made without it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from ragqa.answer.draft import Draft
from ragqa.answer.evidence import MOST_EVIDENCE, choose_evidence, expanded
from ragqa.answer.prompts import NOT_IN_PAPERS
from ragqa.answer.thinking import without_unopened_thinking
from ragqa.answer.written.chosen import said_choice, said_verdict
from ragqa.types import AnswerKind, Hit

BESIDE_WORDS: frozenset[AnswerKind] = frozenset({"yes_no", "choice"})
"""A verdict and chances are given beside the words; a span and a list are not, as the words take their place."""
OF_WHOLE_PAPERS: frozenset[AnswerKind] = frozenset({"comparison", "summary"})
"""They search by themselves; the evidence of the question is only more of the same."""
NO_SUPPORT = "What the language model wrote had no support in the papers; this is the answer without it."
NO_WORDS = "The language model found no answer in the evidence; this is the answer without it."
NO_REASONS = "The language model gave no reasons; this is the answer without it."


def evidence_to_write_from(kind: AnswerKind, cited: Sequence[Hit], evidence: Sequence[Hit]) -> list[Hit]:
    """What was cited without the model, then the best of the evidence, each hit once.

    Of whole papers all that there is, the papers in turn, so that what a window leaves out is not a whole paper.
    """
    if not (cited and kind in OF_WHOLE_PAPERS):
        return choose_evidence([*cited, *evidence[:MOST_EVIDENCE]])
    papers = {hit.paper_id for hit in cited}
    hits = {hit.chunk_id: hit for hit in (*cited, *evidence) if hit.paper_id in papers}
    return list(in_turn(list(hits.values())))


def in_turn(hits: Sequence[Hit]) -> Iterator[Hit]:
    """The first hit of every paper, then the second of every paper, and so on."""
    by_paper: dict[str, list[Hit]] = {}
    for hit in hits:
        by_paper.setdefault(hit.paper_id, []).append(hit)
    return (hit for hit in chain.from_iterable(zip_longest(*by_paper.values())) if hit is not None)


def with_neighbours(hits: Sequence[Hit], count_tokens: Callable[[str], int], room: int) -> list[Hit]:
    """The hits, the best of them with the text that adjoins them on the page, for at most ``room`` tokens more."""
    known, wide = [hit.text for hit in hits], []
    for hit in hits:
        wider = expanded(hit, known)
        cost = count_tokens(wider.text) - count_tokens(hit.text) if wider is not hit else 0
        if 0 < cost <= room:
            wide.append(wider)
            known.append(wider.text)
            room -= cost
        else:
            wide.append(hit)
    return wide


def together(written: Draft, made: Draft | None, sure: float) -> Draft:
    """The checked words with what was made without them; ``sure`` is how likely it is that there is an answer at all.

    Its confidence is that the papers bear out what it says: ``sure``, times the probability of the verdict or choice
    that the words give, times the share of its sentences that have support.
    """
    share = written.confidence
    if written.abstained:
        return written
    if made is None:
        return replace(written, confidence=round(sure * share, 3), supported=share)
    likely, differs = _agreement(written.text, made, sure)
    return replace(
        written,
        confidence=round(likely * share, 3),
        supported=share,
        kind=made.kind,
        details=made.details,
        note=" ".join(filter(None, (written.note, differs, made.note))),
    )


def without_words(made: Draft, written: Draft, text: str) -> Draft:
    """What was made without the model, with a note on why its ``text`` is left out, and on a bare verdict in it."""
    text = without_unopened_thinking(text)
    if written.unsupported:
        reasons = [NO_SUPPORT]
    elif _gives(text, made) is None or NOT_IN_PAPERS.rstrip(".").casefold() in text.casefold():
        reasons = [NO_WORDS]
    else:
        reasons = [NO_REASONS, _agreement(text, made, made.confidence)[1]]
    return replace(made, usage=written.usage, note=" ".join(filter(None, (*reasons, written.note, made.note))))


def is_refusal_so_far(text: str) -> bool:
    """True while a text that goes on may still become the sentence by which a model refuses."""
    return NOT_IN_PAPERS.casefold().startswith(text.strip().casefold())


def _gives(text: str, made: Draft) -> str | None:
    """The verdict or the choice that the text gives, if one was to be given."""
    if made.details.verdict is not None:
        return said_verdict(text)
    return said_choice(text, [choice.text for choice in made.details.choices])


def _agreement(text: str, made: Draft, sure: float) -> tuple[float, str]:
    """The probability of what the text says, and a note if the evidence by itself says something else.

    Evidence without a sentence for yes or for no says nothing by itself.
    """
    verdict, said = made.details.verdict, _gives(text, made)
    if verdict is not None:
        chances = {"yes": verdict.yes, "no": verdict.no, "maybe": verdict.maybe}
        likeliest, has_sides = str(verdict.answer), bool(verdict.supporting or verdict.opposing)
    else:
        chances = {choice.text: choice.probability for choice in made.details.choices}
        likeliest, has_sides = max(chances, key=lambda name: chances[name], default=""), True
    if said is None or said == likeliest:
        return made.confidence, ""
    note = (
        f"The language model says “{said}” ({chances[said]:.0%}); the evidence by itself speaks for"
        f" “{likeliest}” ({chances[likeliest]:.0%}). See for yourself."
    )
    return sure * chances[said], note if has_sides else ""
