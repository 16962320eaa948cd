"""Rewrites a follow-up to a question that stands alone; with a language model, or by rules without one. Pure rules.

The rules carry over the topic of the last question, in the spirit of the entity carry-over of
Elgohary et al., "Can You Unpack That? Learning to Rewrite Questions-in-Context" (EMNLP 2019).
"""

import re
from collections.abc import Sequence

from ragqa.answer.prompts import prompt_tokens, rewrite_messages
from ragqa.answer.words import STOP_WORDS
from ragqa.protocols import ChatMessage, ChatModel
from ragqa.types import Turn

TURNS_SHOWN = 4
REWRITE_TOKENS = 96
LONGEST_ELLIPSIS = 1  # content words of a question that leaves something unsaid: "Why?", "Which dataset?"
LONGEST_TOPIC = 6

# "It is true that …" and "the claim that …" point at nothing that was said before.
PRONOUN = re.compile(
    r"\b(it(?!\s+(?:true|possible|known|clear|necessary|likely|common)\b)|its|they|their|them|this|these|those|he|she"
    r"|his|her|that(?=\W*$)|(?:(?<=\bis )|(?<=\bwas )|(?<=\bof )|(?<=\bin )|(?<=\bon )|(?<=\bfor ))that"
    r"|the (?:former|latter))\b",
    re.I,
)
POSSESSIVE = frozenset({"its", "their", "his", "her"})
DETERMINERS = frozenset({"this", "that", "these", "those"})
OWN_NOUN = re.compile(r"\b(?:do|does|did|can|could)\s+(?:the\s+|an?\s+)?([\w-]+)", re.I)
WHAT_ABOUT = re.compile(
    r"^(?:and|but|so|also)?\s*(?:what|how)\s+about\s+(.+?)\??$|^(?:and|but)\s+(?:for\s+)?(.+?)\??$", re.I
)
PREPOSITION = re.compile(r"^(?:on|in|with|without|at|by|to|from|of|under|during|over|after|before)\b", re.I)
QUESTION_WORD = re.compile(
    r"^(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|can|could|has|have|had)\b", re.I
)
DEFINITION = re.compile(r"^(?:what|who)\s+(?:is|are|was|were)\s+(?!the\b)\w", re.I)
TOKEN = re.compile(r"[\w@+./'’-]*\w")
TOKEN_OR_BREAK = re.compile(rf"{TOKEN.pattern}|[(),;:?]")
NEVER_TOPIC = STOP_WORDS | {"author", "authors", *"(),;:?"}
DO = frozenset({"do", "does", "did"})
ARTICLES = frozenset({"the", "a", "an"})
SHORT_SUBJECTS = frozenset({"it", "they", "he", "she", "we", "you", "i", "author", "authors"})
NOT_BARE = re.compile(r"(?<![su])s$|[A-Z\d]")  # plurals and names; a verb after "do" is neither
PARTICIPLE = re.compile(r"^[a-z]+ed$")
PLURAL_PRONOUNS = frozenset({"they", "their", "them", "these", "those"})


def standalone_question(question: str, turns: Sequence[Turn], model: ChatModel | None) -> str:
    """The question itself if there is no conversation or nothing to add."""
    if not turns:
        return question
    messages = _fitting(question, turns[-TURNS_SHOWN:], model) if model else []
    if model is None or not messages:
        return rewrite_by_rules(question, turns[-1])
    return _plausible("".join(model.stream(messages, REWRITE_TOKENS)).strip(), question)


def rewrite_by_rules(question: str, last: Turn) -> str:
    """Fill in what the question takes from the last one: "what about X", a pronoun, or an ellipsis."""
    about = WHAT_ABOUT.match(question.strip())
    if about and not QUESTION_WORD.match(subject := (about[1] or about[2])) and not PRONOUN.search(subject):
        joined = subject if PREPOSITION.match(subject) else f"for {subject}"
        return f"{_core(last)}, {joined.strip()}?"
    if pronouns := _pronouns(question):
        return _replace_pronoun(question, pronouns, topic(last.standalone_question))
    if _is_ellipsis(question):
        return f"{question.rstrip(' ?')} ({_core(last)})?"
    return question


def topic(question: str) -> str:
    """What a question is about: who does it, else its longest run of content words, names and later ones first."""
    runs, subject = _content_runs(question)
    named = [run for run in runs if any(_is_name(token) for token in run)]
    longest_last = max(reversed(named or runs), key=lambda run: len(run), default=[])
    return " ".join((subject or longest_last)[-LONGEST_TOPIC:])


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


def _is_name(token: str) -> bool:
    return any(c.isupper() or c.isdigit() for c in token)


def _pronouns(question: str) -> list[re.Match[str]]:
    """The pronouns whose noun is not in the question itself ("How do marmots feed their young?")."""
    return [found for found in PRONOUN.finditer(question) if not _has_own_noun(question, found)]


def _has_own_noun(question: str, pronoun: re.Match[str]) -> bool:
    own = OWN_NOUN.search(question[: pronoun.start()])
    return pronoun[0].lower() in POSSESSIVE and own is not None and own[1].lower() not in STOP_WORDS


def _replace_pronoun(question: str, pronouns: Sequence[re.Match[str]], topic_words: str) -> str:
    if not topic_words:
        return question
    found = next((p for p in pronouns if _may_stand_for(p[0].lower(), topic_words)), None)
    if found is None or (found[0].lower() in DETERMINERS and question[found.end() :].lstrip(" ?")):
        # "this model", or "they" for the authors: the words stay, the topic is added where it does no harm.
        return f"{question.rstrip(' ?')} ({topic_words})?"
    ending = "'" if topic_words.endswith("s") else "'s"
    insert = topic_words + ending if found[0].lower() in POSSESSIVE else topic_words
    return question[: found.start()] + insert + question[found.end() :]


def _may_stand_for(pronoun: str, topic_words: str) -> bool:
    return pronoun not in PLURAL_PRONOUNS or topic_words.endswith("s")


def _is_ellipsis(question: str) -> bool:
    content = [token for token in TOKEN.findall(question) if token.lower() not in STOP_WORDS]
    return len(content) <= LONGEST_ELLIPSIS and not DEFINITION.match(question)


def _core(last: Turn) -> str:
    """The last question without what a follow-up before it had added, so that it does not grow turn by turn."""
    whole = last.standalone_question.rstrip(" ?")
    if whole == last.question.rstrip(" ?"):
        return whole
    if _is_ellipsis(last.question) and whole.endswith(")"):
        return whole.partition("(")[2][:-1]
    return whole.rpartition(", ")[0] or whole if WHAT_ABOUT.match(last.question.strip()) else whole


def _fitting(question: str, turns: Sequence[Turn], model: ChatModel) -> list[ChatMessage]:
    """What is said to the model, with as many of the last turns as its window has room for; [] if not even one."""
    for first in range(len(turns)):
        messages = rewrite_messages(question, turns[first:])
        if prompt_tokens(messages, model) <= model.context_window - REWRITE_TOKENS:
            return messages
    return []


def _plausible(written: str, question: str) -> str:
    """A small model may answer instead of rewriting; then the question stays as it was."""
    first_line = written.splitlines()[0].strip() if written else ""
    return first_line if first_line.endswith("?") and len(first_line) <= len(question) + 300 else question
