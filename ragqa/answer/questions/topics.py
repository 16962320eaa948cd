"""What a question is about, told by its words: the subject of "do", names, the longest run of content words. Pure."""

import re
from collections.abc import Sequence

from ragqa.answer.words import STOP_WORDS

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
PARTICIPLE = re.compile(r"^[a-z]+ed$")


def topic(question: str, *, but_not: str = "") -> str:
    """What a question is about: who does it, else its longest run of content words, names and later ones first.

    Never words that stand in ``but_not`` already.
    """
    runs, subject = _content_runs(question)
    taken = {token.lower() for token in TOKEN.findall(but_not)}
    runs = [run for run in runs if not {token.lower() for token in run} <= taken]
    named = [run for run in runs if any(is_name(token) for token in run)]
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
    return [
        found[0]
        for found in TOKEN.finditer(text)
        if is_name(found[0][1:] if _SENTENCE_START.search(text[: found.start()]) else found[0])
        and found[0].lower() not in STOP_WORDS
    ]
