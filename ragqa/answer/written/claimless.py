"""Text that claims nothing: a verdict, an announcement, a heading, the choice that was picked. Pure.

It is neither supported nor unsupported. Whatever has a figure or a negation of its own is a claim, in doubt.
"""

import re

from ragqa.answer.words import STOP_WORDS
from ragqa.answer.written.pieces import Piece

VERDICTS = frozenset("yes no maybe perhaps possibly probably unclear uncertain inconclusive true false correct".split())
ANNOUNCING = frozenset(
    """summary summarize sum conclusion conclude conclusions overall briefly brief short finding findings result results
    point points reason reasons answer answers option choice question follows following main key major important list
    overview aim aims objective objectives purpose background method methods limitation limitations takeaway takeaways
    highlights details explanation note notes first second third finally one two three four five six seven eight nine
    ten""".split()
)
PICKED = re.compile(
    r"(?i:(?:the )?(?:(?:final|correct|best|right|most likely) )*(?:(?:answer|option|choice)\b(?: is)?:?\s*)*)"
    r"\(?[A-Z]\)?[.:)]*"
)
VERB = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|does|do|did|can|could|will|would|may|might|should|must"
    r"|not|no|never|without|cannot)\b|n['’]t\b",
    re.I,
)
BROKEN_OFF = re.compile(
    r"\b(?:is|are|was|were|on|of|in|by|for|with|to|from|include[sd]?|including|following|follows|namely|being|report"
    r"|show|state|find|found)(?: the following| as follows)?:$",
    re.I,
)
LEADS = re.compile(r"\b(?:not|no|never|without|cannot)\b|n['’]t\b|(?<![\w-])\d", re.I)
FIGURE = re.compile(r"(?<![\w-])\d")
LONGEST_TITLE = 8  # words
LONGEST_PHRASE = 6  # words


def claims_nothing(piece: Piece, question: str = "") -> bool:
    """True if nothing of the piece could be borne out. ``question``: with the choices that it gives, if any."""
    text = piece.claim
    return (
        not says(text)
        or bool(PICKED.fullmatch(text))
        or _is_title(piece, text)
        or (text.endswith("?") and not FIGURE.search(text))
        or (bool(BROKEN_OFF.search(text)) and not LEADS.search(text))
        or _is_choice(text, question)
    )


def introduced(piece: Piece) -> str:
    """The claim of a list's item of a few words with the line that introduces it; empty if that line adds nothing."""
    return f"{piece.lead} {piece.claim}" if says(piece.lead) and is_phrase(piece.claim) else ""


def says(text: str) -> bool:
    """True if a word of it neither announces nor is one of those that every text has."""
    words = re.findall(r"\w+", text.casefold())
    return any(word not in STOP_WORDS and word not in VERDICTS and word not in ANNOUNCING for word in words)


def is_phrase(text: str) -> bool:
    """True if it is too short, and has too little of a verb, to be a sentence."""
    return len(text.split()) <= LONGEST_PHRASE and not VERB.search(text) and text[-1:] not in ".!?"


def _is_title(piece: Piece, text: str) -> bool:
    """A heading, or a few words before a colon."""
    is_above = piece.kind == "heading" or (text.endswith(":") and piece.kind != "row")
    is_short = len(text.split()) <= LONGEST_TITLE and text[-1:] not in ".!?"
    return is_above and is_short and not VERB.search(text) and not FIGURE.search(text)


def _is_choice(text: str, question: str) -> bool:
    """True if it is one of the choices that stand in the lines below the question."""
    choices = question.partition("\n")[2]
    wanted = text.strip(" .").casefold()
    pattern = rf"(?:^\s*[-*•]?|[;:)\].])\s*{re.escape(wanted)}\s*\.?\s*(?:;|$)"
    return bool(wanted) and re.search(pattern, choices.casefold(), re.M) is not None
