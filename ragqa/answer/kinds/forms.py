"""Forms of one word: told by a common beginning, not by a dictionary. Pure."""

from ragqa.answer.words import WORD, content_words

SHORTEST_BEGINNING = 4  # letters that two forms of a word share
SHORTEST_FORM = 3  # letters: "p" is no form of "placebo"
ENDING = 3  # letters by which they may differ
SHORTEST_TURNED = 5  # letters of a beginning that a prefix turns round: "mister" is no opposite of "term"
TURNING_PREFIXES = ("un", "mis", "non", "dis")


def beginnings(text: str) -> frozenset[str]:
    """Of the content words."""
    return frozenset(map(beginning, content_words(text)))


def beginning(word: str) -> str:
    """Enough of the word to know its other forms by."""
    return word[: max(SHORTEST_BEGINNING, len(word) - ENDING)]


def said(word: str, there: frozenset[str]) -> bool:
    """True if a form of the word is there; all are beginnings."""
    return word in there or any(
        len(min(word, other, key=len)) >= SHORTEST_FORM and (other.startswith(word) or word.startswith(other))
        for other in there
    )


def shared(wanted: frozenset[str], there: frozenset[str]) -> int:
    """How many of the words are there in any form."""
    return sum(said(word, there) for word in wanted)


def is_turned(word: str, text: str) -> bool:
    """True if the text has a form of the word with a prefix that turns it round: "uncalibrated" of "calibration"."""
    if len(word) < SHORTEST_TURNED:
        return False
    turned = tuple(prefix + word for prefix in TURNING_PREFIXES)
    return any(other.startswith(turned) for other in WORD.findall(text.casefold()))
