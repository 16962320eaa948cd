"""Text that claims nothing: a verdict, an announcement, a heading, the choice that was picked. Pure.

It is neither supported nor unsupported. Whatever has a figure or a negation of its own is a claim, in doubt.
"""

import re
from collections.abc import Sequence

from ragqa.answer.prompts import NOT_IN_PAPERS
from ragqa.answer.words import NUMBER_WORDS, STOP_WORDS
from ragqa.answer.written.claims import NEGATION, PAGE
from ragqa.answer.written.parts import SOURCES, UNKNOWN, Part

VERDICTS = frozenset("yes no maybe perhaps possibly probably unclear uncertain inconclusive true false correct".split())
ANNOUNCING = frozenset(
    """summary summarize sum conclusion conclude conclusions overall briefly brief short finding findings result results
    point points reason reasons answer answers option choice question follows following main key major important list
    overview aim aims objective objectives purpose background method methods limitation limitations takeaway takeaways
    highlights details explanation note notes first second third finally""".split()
)
COUNTING = frozenset({"one", *NUMBER_WORDS})
COURTESY = re.compile(
    r"(?:sure|certainly|of course|absolutely|okay|ok|(?:good|great) question|thanks?(?: you)?|you['’]re welcome"
    r"|(?:i )?hope (?:this|that|it) (?:helps?|answers?|clarifies)\b.*|(?:please )?(?:let me know|feel free)\b.*"
    r"|(?:(?:sure|certainly|of course)[,!] )?(?:here (?:is|are)|here['’]s)\b.*:)[.!]*",
    re.I,
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
DIGIT = re.compile(r"(?<![\w-])\d")
FIGURE = re.compile(rf"(?<![\w-])(?:\d[\d.,]*|(?:{'|'.join(NUMBER_WORDS)})(?![\w-]))", re.I)
LONGEST_TITLE = 8  # words
LONGEST_PHRASE = 6  # words


def claims_nothing(part: Part, question: str = "", titles: Sequence[str] = ()) -> bool:
    """True if nothing of the part could be borne out.

    ``question``: with the choices that it gives, if any. ``titles``: of the evidence, which a list of sources repeats.
    """
    text = part.claim
    return (
        not says(text)
        or bool(PICKED.fullmatch(text))
        or all(gives_up(said) for said in ([clause.text for clause in part.clauses] or [text]))
        or (bool(COURTESY.fullmatch(text)) and not FIGURE.search(text))
        or _leaves_open(part, text)
        or _is_title(part, text)
        or (text.endswith("?") and not DIGIT.search(text))
        or _leads(part, text)
        or _is_choice(text, question)
        or _names_sources(part, text, titles)
    )


def gives_up(text: str) -> bool:
    """True if it says, and says little more than, that the papers do not answer."""
    rest = text.casefold().replace(NOT_IN_PAPERS.casefold().rstrip("."), "")
    return rest != text.casefold() and len(rest.split()) <= LONGEST_PHRASE and not FIGURE.search(rest)


def introduced(part: Part) -> str:
    """The claim of a list's item of a few words with the line that introduces it; empty if that line adds nothing."""
    return f"{part.lead} {part.claim}" if says(part.lead) and is_phrase(part.claim) else ""


def says(text: str) -> bool:
    """True if a word of it neither announces nor is one that every text has, or if it denies what it announces.

    What ends in a colon may count what follows.
    """
    plain = text.casefold()
    empty = STOP_WORDS | VERDICTS | ANNOUNCING | (COUNTING if plain.endswith(":") else frozenset())
    return any(word not in empty for word in re.findall(r"\w+", plain)) or any(
        not ANNOUNCING.isdisjoint(re.findall(r"\w+", re.split(r"[.,:;!?–—]| - ", plain[denial.end() :])[0]))
        for denial in NEGATION.finditer(plain)
    )


def is_phrase(text: str) -> bool:
    """True if it is too short, and has too little of a verb, to be a sentence."""
    return len(text.split()) <= LONGEST_PHRASE and not VERB.search(text) and text[-1:] not in ".!?"


def _leads(part: Part, text: str) -> bool:
    """True of a line above a list if it gives no figure but the number of items, and of one that is broken off."""
    if part.leads and text.endswith(":"):
        said = {NUMBER_WORDS.get(figure, figure.rstrip(".,")) for figure in FIGURE.findall(text.casefold())}
        return not NEGATION.search(text.casefold()) and said <= {str(part.leads)}
    return bool(BROKEN_OFF.search(text)) and not LEADS.search(text)


def _leaves_open(part: Part, text: str) -> bool:
    """True of "GPT: not reported", and of a table's row without any entry."""
    if part.kind == "row":
        cells = [cell.strip() for cell in part.text.split("|")[1:]]
        return bool(cells) and all(not cell or UNKNOWN.fullmatch(cell) for cell in cells)
    label, _, rest = text.rpartition(": ")
    return bool(UNKNOWN.fullmatch(rest)) and (not label or is_phrase(label))


def _names_sources(part: Part, text: str, titles: Sequence[str]) -> bool:
    """True if it has, behind or below "Sources:", nothing but titles and pages."""
    if not (SOURCES.match(text) or SOURCES.match(part.lead)):
        return False
    rest = re.sub(rf"{PAGE}|\b\d{{1,2}}\b", "", SOURCES.sub("", text, count=1).casefold())
    for title in sorted(filter(None, titles), key=len, reverse=True):
        rest = rest.replace(title.casefold(), "")
    return not says(rest)


def _is_title(part: Part, text: str) -> bool:
    """A heading, or a few words before a colon."""
    is_above = part.kind == "heading" or (text.endswith(":") and part.kind != "row")
    is_short = len(text.split()) <= LONGEST_TITLE and text[-1:] not in ".!?"
    has_figure = LEADS.search(text) if text.endswith(":") else FIGURE.search(text)
    return is_above and is_short and not VERB.search(text) and not has_figure


def _is_choice(text: str, question: str) -> bool:
    """True if it is one of the choices that stand in the lines below the question."""
    choices = question.partition("\n")[2]
    wanted = text.strip(" .").casefold()
    pattern = rf"(?:^\s*[-*•]?|[;:)\].])\s*{re.escape(wanted)}\s*\.?\s*(?:;|$)"
    return bool(wanted) and re.search(pattern, choices.casefold(), re.M) is not None
