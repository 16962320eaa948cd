"""What a question is about, told by its words: the subject of "do", names, the longest run of content words. Pure."""

import re
from collections.abc import Iterator, Sequence

from ragqa.answer.words import STOP_WORDS
from ragqa.document import Span

LONGEST_TOPIC = 6

TOKEN = re.compile(r"[\w@+./'’-]*\w")
TOKEN_OR_BREAK = re.compile(rf"{TOKEN.pattern}|[(),;:?!.“”]")
CHATTER = frozenset(
    "hi hello hey thanks thank yes yeah no ok okay please sure great nice interesting see wow oh".split()
)
NEVER_TOPIC = STOP_WORDS | CHATTER | {"author", "authors", *"(),;:?!.“”"}
DO = frozenset({"do", "does", "did"})
ARTICLES = frozenset({"the", "a", "an"})
SHORT_SUBJECTS = frozenset({"it", "they", "he", "she", "we", "you", "i", "author", "authors"})
NOT_BARE = re.compile(r"(?<![su])s$|[A-Z\d]")  # plurals and names; a verb after "do" is neither
_SENTENCE_START = re.compile(r"(?:^|[.?!:]\s)\W*$")
ORDERS = (
    r"explain|describe|summari[sz]e|compare|contrast|list|name|give|show|tell|discuss|outline|define|find|identify|"
    r"elaborate|state|enumerate|report|clarify"
)
_ORDER = re.compile(
    rf"(?P<before>(?:^|[.?!:]\s)\W*(?:(?:please|kindly|now|then|and|also|so|can|could|would|will|you)\b\W*)*)"
    rf"\b(?:{ORDERS})\b(?!['’-])(?:(?: me| us)?(?: an?| the)?(?: \w+)? (?:summary|overview|synopsis)\b)?",
    re.I,
)
_QUOTED = re.compile(r"“[^”]+”")
PARTICIPLE = re.compile(r"^[a-z]+ed$")


def topic(question: str, *, but_not: str = "") -> str:
    """What a question is about: who does it, else its longest run of content words, names and later ones first.

    Never words that stand in ``but_not`` already.
    """
    question = _ORDER.sub(r"\g<before>", question)
    runs, subject = _content_runs(question)
    names = set(names_in(question))
    taken = {token.lower() for token in TOKEN.findall(but_not)}
    runs = [run for run in runs if not {token.lower() for token in run} <= taken]
    named = [run for run in runs if not names.isdisjoint(run)]
    if subject in runs and (subject in named or not named):
        return " ".join(subject[-LONGEST_TOPIC:])
    longest_last = max(reversed(named or runs), key=len, default=[])
    return " ".join(longest_last[-LONGEST_TOPIC:])


def _content_runs(question: str) -> tuple[list[list[str]], list[str]]:
    """Runs of words that mean something, verbs at their ends cut off; and the one that is the subject of "do"."""
    runs: list[list[str]] = []
    run: list[str] = []
    subject: list[str] = []
    verb_due, before = False, ""
    for token in [*TOKEN_OR_BREAK.findall(question), "?"]:
        plain = token.lower()
        if plain not in NEVER_TOPIC:
            run.append(token)
            continue
        if verb_due and run and before in SHORT_SUBJECTS:
            run, verb_due = run[1:], False
        elif verb_due and _ends_in_verb(run, before):
            run, subject, verb_due = run[:-1], run[:-1], False
        runs.append(run[:-1] if len(run) > 1 and PARTICIPLE.match(run[-1]) else run)
        run, before, verb_due = [], plain, verb_due or plain in DO
    return [run for run in runs if run], subject


def _ends_in_verb(run: Sequence[str], before: str) -> bool:
    """True if the last word may be the verb of "do"; a single word right behind "do" is who does it."""
    subject_said = len(run) > 1 or before not in DO | ARTICLES
    return bool(run) and subject_said and not NOT_BARE.search(run[-1])


def is_name(token: str) -> bool:
    return any(c.isupper() or c.isdigit() for c in token)


def names_in(text: str) -> list[str]:
    """Words with capitals or digits; a capital at the beginning of a sentence makes no name."""
    return [found[0] for found in _names(text)]


def _names(text: str) -> Iterator[re.Match[str]]:
    for found in TOKEN.finditer(text):
        begins = _SENTENCE_START.search(text[: found.start()])
        if is_name(found[0][1:] if begins else found[0]) and found[0].lower() not in STOP_WORDS:
            yield found


def name_spans(text: str) -> list[Span]:
    """Where names of one word or several stand ("Table 3"), without a possessive s; a quoted title is one name."""
    spans = [found.span() for found in _QUOTED.finditer(text)]
    for found in _names(text):
        start, end = found.start(), found.end() - (2 if found[0].endswith(("'s", "’s")) else 0)
        if any(begin < end and start < stop for begin, stop in spans):
            continue
        if spans and text[spans[-1][1] : start] == " " and text[start - 2] != "”":
            start = spans.pop()[0]
        spans.append((start, end))
    return sorted(spans)
