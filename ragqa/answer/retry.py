"""The one corrective retry: when a draft is weak, and what a second, wider search is asked. Pure but for the model.

After Yan et al., "Corrective Retrieval Augmented Generation" (2024), with the check of the draft as the trigger.
"""

import re
from collections.abc import Sequence

from ragqa.answer.draft import Draft
from ragqa.answer.evidence import choose_evidence, expanded
from ragqa.answer.prompts import SEARCH_TOKENS, prompt_tokens, search_messages
from ragqa.answer.thinking import reply
from ragqa.answer.words import STOP_WORDS
from ragqa.protocols import ChatModel
from ragqa.types import Hit

WIDER = 40  # hits of the second search
LEAST_SUPPORTED = 0.5  # share of a written answer's sentences; below it the draft is weak
MOST_NEW = 6  # places in the evidence for what the first search did not give
LONGEST_SEARCH = 300  # characters of a search that a model has worded

HELPED = "The first draft had too little support, so the search was repeated more widely; this is the second answer."
DID_NOT_HELP = "The search was repeated more widely, which gave no better answer."

WORD = re.compile(r"[^\W_]+(?:[-'.’][^\W_]+)*")
FILLERS = frozenset("paper papers author authors study article report reported describe described tell mention".split())


def is_weak(draft: Draft) -> bool:
    """True of a refusal, and of a written answer most of which nothing bears out."""
    return draft.abstained or draft.supported < LEAST_SUPPORTED


def is_better(second: Draft, first: Draft) -> bool:
    """True if the second draft answers and is surer than the first."""
    return not second.abstained and (first.abstained or second.confidence > first.confidence)


def reworded(question: str, model: ChatModel | None) -> str:
    """What to search for instead: keywords by the model if there is one, else the question's own content words."""
    words = [w for w in WORD.findall(question) if w.casefold() not in STOP_WORDS | FILLERS]
    bare = " ".join(words) or question
    if model is None:
        return bare
    messages = search_messages(question)
    if prompt_tokens(messages, model) > model.context_window - SEARCH_TOKENS:
        return bare
    said = reply(messages, model, SEARCH_TOKENS).partition("\n")[0]
    # A small model may answer, or say nothing: the question's own words stay in any case.
    return f"{bare} {said[:LONGEST_SEARCH]}".strip()


def wider_evidence(first: Sequence[Hit], found: Sequence[Hit], most: int) -> list[Hit]:
    """What the second search adds, with the text around it, after the best of the first; [] if it adds nothing."""
    seen = {hit.chunk_id for hit in first}
    new = [expanded(hit) for hit in found if hit.chunk_id not in seen][:MOST_NEW]
    return choose_evidence([*first[: most - len(new)], *new], most) if new else []
