"""Which side of a yes/no question a sentence is on: for it, against it, or neither. Pure.

Reads words, figures and their order, not their sense: denials, opposites, "only", "the same", who is more than whom.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ragqa.answer.kinds.claimed import bears_on
from ragqa.answer.kinds.forms import SHORTEST_BEGINNING, beginning, beginnings, is_turned, said, shared
from ragqa.answer.kinds.tones import FINDING, NULL, SAME, p_values
from ragqa.answer.opposites import opposed
from ragqa.answer.words import NUMBER_WORDS, STOP_WORDS, WORD, content_words

LEAST_COVERED = 0.1  # share of the question's words that a finding must have to be on a side
LEAST_DENYING = 0.15  # and that another denial must have, which are two words at least
LEAST_PLAIN = 0.34  # and a statement that neither finds nor denies
REACH = 6  # words after a denial that it denies
REACH_WITHOUT = 8  # words after "instead of", which may begin with what is before its noun
FORM_OF_VERB = 4  # letters by which a verb of doing without is known in the question
TAKES_BACK = 3  # words between two denials that make no denial
SHORTEST_CLAUSE = 3  # words

# What a question says of its being asked rather than of the matter.
_OF_ASKING = content_words(
    "authors researchers study studies paper article work report reported show find found there any exist kind "
    "actually only just"
)
_DENIAL = re.compile(
    r"\b(?:no|not(?! only\b)|none|never|cannot|neither|unable|unlikely|hardly|unchanged|unaffected|ineffective|"
    r"unsuccessful|banned|barred)\b|n['’]t\b",
    re.I,
)
_FAILURE = re.compile(r"\b(?:fails?|failed|lack(?:s|ed|ing)?|absence|insufficient)\b", re.I)
_DOES_WITHOUT = re.compile(
    r"\b(?:without|eschew\w*|dispens\w* with|omit\w*|avoid\w*|for(?:e)?go\w*|abandon\w*|discard\w*|replac(?:es?|ing)|"
    r"(?:do|does|doing) away with|we (?:\w+ )?(?:remove|drop|exclude|replace)d?|instead of|rather than|"
    r"in (?:place|lieu) of|as opposed to)\b",
    re.I,
)
_LEFT_OUT = re.compile(
    r"\b(?:is|are|was|were|be|been|being) (?:(?:\w+ly|not|never) )?(?:omitted|avoided|abandoned|"
    r"discarded|removed|dropped|excluded|replaced|left out)\b",
    re.I,
)
_JOINS = re.compile(r"\b(?:and|or|nor)\b|,", re.I)
_NOT_YET = re.compile(r"\b(?:left|remains?|planned) (?:for|to be)\b|\bfuture work\b|\bnot yet\b|\byet to be\b", re.I)
_UNSETTLED = re.compile(
    r"\b(?:inconclusive|unclear|unknown|uncertain|controvers\w*|conflicting|contradictory|debated|"
    r"mixed (?:results|evidence))\b",
    re.I,
)
_ONLY = re.compile(
    r"\b(?<!not )(?:only|solely|exclusively|merely|alone|limited to|restricted to|confined to|just)\b", re.I
)
_MORE_THAN_ONE = re.compile(
    r"\bnot (?:only|just|merely|solely)\b|"
    rf"\b(?:both|as well as|in addition|also|others?|several|various|many|multiple|{'|'.join(NUMBER_WORDS)})\b|"
    r"\w, [\w\s-]{1,40},? and \w",
    re.I,
)
_PREPOSITION = r"(?:on|in|at|to|for|from|with|by|of|about)"
_LIMITED = re.compile(rf"\s*(?:(?:\w+\s+)?{_PREPOSITION}\s+)?(.*?)(?:\s{_PREPOSITION}\b|[?.,;]|$)", re.I)
_JOINED = re.compile(r"(?=\b(?<!-)([\w-]+)(,| and| or| &) ([\w-]+)(?![\w-])\s*([\w-]*))")
_ENDS_LIST = re.compile(rf"(?:and|or|{_PREPOSITION}|)", re.I)
_DIRECTION = re.compile(
    r"\b(?:(?P<passive>(?:outperformed|exceeded|surpassed|beaten) by)|than|(?:twice|times) as \w+ as|"
    r"(?:out|under)perform(?:s|ed|ing)?|exceed(?:s|ed|ing)?|surpass(?:es|ed|ing)?|beats?|superior to|"
    r"(?<!non-)inferior to|prefer(?:red|able) (?:to|over)|(?:improv\w*|advantages?|gains?) over|relative to|"
    r"(?<!was )(?<!were )compared (?:to|with))\b",
    re.I,
)
_BETTER = re.compile(r"\b(?:better|worse|superior|inferior|(?:out|under)perform\w*|beats?|surpass\w*)\b", re.I)
_LESS = re.compile(r"\b(?:lower|less|fewer|smaller|shorter)\b", re.I)
_LESS_OF = re.compile(r"\bless (?!\w+er\b)(\w+)", re.I)
_COMPARATIVE = re.compile(r"\b\w+er\b(?=.*\bthan\b)", re.I)
_ASKS_SAME = re.compile(rf"{SAME.pattern}|\bnon-?inferior\b|\bas \w+ as\b", re.I)
_ASKS_EFFECT = re.compile(
    r"\b(?:differ\w*|than|better|worse|superior\w*|advantage\w*|affect\w*|effects?|influenc\w*|impact\w*|chang\w*|vary|"
    r"varies|improv\w*|increas\w*|reduc\w*|decreas\w*|prevent\w*|benefi\w*|matter|higher|lower|more|less|greater|"
    r"smaller|larger|associat\w*|correlat\w*|relat\w*|predict\w*)\b",
    re.I,
)
_DIFFERS = re.compile(
    r"\b(?:differ\w*|distinct|higher|lower|better|worse|superior|inferior|more|less|greater|smaller)\b", re.I
)
_CLAUSE_END = re.compile(
    r";|:\s|,?\s\b(?:but|while|whereas|although|though|however|because|despite)\b|,\s(?=and\b)", re.I
)
_CONCESSION = re.compile(r"(?:even )?(?:although|though|while|whereas|despite)\b[^,]*,\s", re.I)

# Beginnings of words on either side, wider than the pairs of claims: a question is put in other words than its answer.
_SIDES = tuple(
    (frozenset(first.split()), frozenset(second.split()))
    for first, second in (
        (
            "increas raise raises raised rise rises rising rose grow grows growing grew higher greater larger bigger "
            "elevat more longer",
            "decreas reduc declin diminish lower less fewer smaller shrink shrank drop drops fall falls falling fell "
            "shorter",
        ),
        (
            "improv enhanc better superior outperform benefi",
            "worse worsen degrad deteriorat impair harm harms hurt inferior underperform",
        ),
        ("faster speed speeds accelerat quick", "slow slows slower slowed slowing delay decelerat"),
        ("activat stimulat upregulat", "inhibit suppress block blocks blocked downregulat repress"),
        ("prevent protect", "cause causes caused promot"),
        ("balanced uniform", "skewed imbalanc unbalanc"),
        ("known clear understood settled", "unknown unclear unsettled"),
        ("manual manually", "automatic automatically"),
        ("public publicly", "proprietary confidential private"),
        ("fine-tun train trained update updated", "frozen freez fixed"),
    )
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A yes/no question: beginnings of its content words, and what turns the answer round."""

    text: str
    words: frozenset[str]
    denied: bool
    only: bool
    same: bool


@lru_cache(maxsize=64)
def asked_of(question: str) -> Asked:
    """What the sentences are held against."""
    return Asked(
        text=question,
        words=beginnings(question) - frozenset(map(beginning, _OF_ASKING)),
        denied=len(_DENIAL.findall(question)) % 2 == 1,
        only=bool(_ONLY.search(question)),
        same=bool(_ASKS_SAME.search(question)),
    )


def stance(asked: Asked, sentence: str) -> float:
    """From -1, against, to 1, for: the share of the question's words it has, signed; 0 if it is on neither side."""
    covered = covers(asked, sentence)
    if covered < LEAST_COVERED or not bears_on(asked.text, sentence):
        return 0.0
    clause = max(_clauses(sentence), key=lambda part: (covers(asked, part), _turns(asked, part)))
    if (is_unsettled(clause) and not _opposed(asked.text, clause)) or _is_of_another_scale(asked.text, clause):
        return 0.0
    turned = _turns(asked, clause)
    return 0.0 if covered < _least(asked, clause, turned) else -covered if turned else covered


def _least(asked: Asked, clause: str, turned: bool) -> float:
    """Share of the question's words from which the sentence is about it: results are told in few of them."""
    if FINDING.search(clause) or NULL.search(clause) or any(p_values(clause)):
        return LEAST_COVERED
    return min(LEAST_PLAIN, max(LEAST_DENYING, 2 / len(asked.words))) if turned != asked.denied else LEAST_PLAIN


def is_unsettled(text: str) -> bool:
    """True if it says that nobody knows."""
    return bool(_UNSETTLED.search(text))


def covers(asked: Asked, text: str) -> float:
    """Share of the question's words that the text has in any form, 0 to 1."""
    there = beginnings(text)
    return sum(said(word, there) for word in asked.words) / len(asked.words) if asked.words else 0.0


def _turns(asked: Asked, clause: str) -> bool:
    """True if the clause, as far as it is about the question, says no to it."""
    if asked.only and not _ONLY.search(clause):
        return asked.denied != _goes_beyond(asked, clause)
    null, same = _is_null(asked.text, clause), bool(SAME.search(clause))
    if asked.same and not same:
        # "No difference" is what such a question asks for.
        return asked.denied != (bool(_DIFFERS.search(clause)) and not null)
    if same and not asked.same and (_ASKS_EFFECT.search(asked.text) or _DIRECTION.search(asked.text)):
        return not asked.denied
    swapped = _is_swapped(asked.text, clause)
    # "Females are smaller" is what "males are larger" says: both turned, neither is.
    against = _opposed(asked.text, clause) != swapped
    if null and against:
        return asked.denied == _denies_the_opposite(asked.text, clause, swapped)
    return asked.denied != (null or against)


def _goes_beyond(asked: Asked, clause: str) -> bool:
    """True if there is more in the clause than what the question asks to be the only thing."""
    asked_for, said = ({m[0].casefold() for m in _MORE_THAN_ONE.finditer(text)} for text in (asked.text, clause))
    if said - asked_for:
        return True
    return any(_adds(match, _limited_to(asked.text), asked) for match in _JOINED.finditer(clause))


def _adds(joined: re.Match[str], limited: frozenset[str], asked: Asked) -> bool:
    """True if one of the two words is what the question limits it to, and the other stands beside it as its like."""
    first, by, second, after = joined.groups()
    # Names stand beside names; of other words, the second may begin a new statement, but not if both begin the first.
    begins, are_names = joined.start() == 0 and by != ",", second[0].isupper()
    ends = bool(_ENDS_LIST.fullmatch(after)) or shared(beginnings(after), asked.words) > 0
    if not begins and (first[0].isupper() != are_names or not (ends or (are_names and by != ","))):
        return False
    one, other = beginnings(first), beginnings(second)
    return any(
        shared(limit, limited) > 0 and bool(more) and not shared(more, asked.words)
        for limit, more in ((one, other), (other, one))
    )


def _limited_to(question: str) -> frozenset[str]:
    """Of the words that "only" holds for, those that may have others beside them: "English" of "only English data"."""
    only = _ONLY.search(question)
    if only is None:
        return frozenset()
    before, after = question[: only.start()], _LIMITED.match(question, only.end())
    words = [word for word in WORD.findall(after[1] if after else "") if word.casefold() not in STOP_WORDS]
    if not words:
        words = [*[word for word in WORD.findall(before) if word.casefold() not in STOP_WORDS][-2:], ""]
    return beginnings(" ".join(words[:-1] or words))


def _is_null(question: str, clause: str) -> bool:
    """Denies, puts off, or found no more than chance."""
    significant, other = p_values(clause)
    return _is_denied(question, clause) or bool(_NOT_YET.search(clause)) or (other > 0 and not significant)


def _is_denied(question: str, clause: str) -> bool:
    """True unless each denial is taken back by one close by ("not without"); failures that are asked about are none."""
    asked = {word.casefold() for word in _FAILURE.findall(question)}
    found = [*_DENIAL.finditer(clause), *(m for m in _FAILURE.finditer(clause) if m[0].casefold() not in asked)]
    standing: list[int] = []
    end = 0
    for match in sorted([*found, *_doing_without(question, clause)], key=re.Match.start):
        place = len(clause[: match.start()].split())
        if not standing or place - standing[-1] > TAKES_BACK:
            standing.append(place)
        elif not _JOINS.search(clause[end : match.start()]):
            # "No recurrence and no convolution" denies both.
            standing.pop()
        end = match.end()
    return bool(standing)


def _doing_without(question: str, clause: str) -> Iterator[re.Match[str]]:
    """Where the clause does without what is asked about, if the question does not ask of doing without."""
    for match in _DOES_WITHOUT.finditer(clause):
        if _is_asked_of(question, clause[match.end() :].split()) and not _has_verb(question, match[0]):
            yield match
    for match in _LEFT_OUT.finditer(clause):
        if _is_asked_of(question, clause[: match.start()].split()[::-1]) and not _has_verb(
            question, match[0].split()[-1]
        ):
            yield match


def _has_verb(question: str, verb: str) -> bool:
    begins = verb.casefold() if verb.casefold() == "without" else verb[:FORM_OF_VERB].casefold()
    return begins in question.casefold()


def _is_asked_of(question: str, words: Sequence[str]) -> bool:
    """True if one of the first words is the question's, other than that which it begins with: its subject."""
    asked = [w for w in WORD.findall(question.casefold()) if w not in STOP_WORDS and w not in _OF_ASKING]
    return shared(beginnings(" ".join(asked[1:] or asked)), beginnings(" ".join(words[:REACH_WITHOUT]))) > 0


def _opposed(question: str, clause: str) -> bool:
    """True if a word of the question does not stand in the clause, but an opposite does."""
    asked, said = ({*WORD.findall(text.casefold()), *text.casefold().split()} for text in (question, clause))
    for one, other in (*_SIDES, *((second, first) for first, second in _SIDES)):
        if _has(asked, one) and not _has(said, one) and _has(said, other) and not _has(asked, other):
            return True
    if _has_turned(question, clause) != _has_turned(clause, question):
        return True
    return opposed(question, clause) or _is_lessened(question, clause) or _is_lessened(clause, question)


def _has_turned(text: str, other: str) -> bool:
    """True for "calibrated" and "uncalibrated"."""
    there = beginnings(other)
    return any(is_turned(word, other) and not said(word, there) for word in beginnings(text))


def _is_lessened(text: str, other: str) -> bool:
    """True for "denser" and "less dense"."""
    comparatives = beginnings(" ".join(_COMPARATIVE.findall(text)))
    return any(shared(beginnings(word), comparatives) > 0 for word in _LESS_OF.findall(other))


def _denies_the_opposite(question: str, clause: str, swapped: bool) -> bool:
    """True for "did not increase" where a decrease is asked for, which is no less far from no than from yes."""
    denied = (" ".join(clause[m.end() :].split()[:REACH]) for m in _DENIAL.finditer(clause))
    return any(_DIRECTION.search(part) if swapped else _opposed(question, part) for part in denied)


def _is_swapped(question: str, clause: str) -> bool:
    """True if more is said of the one than of the other, and the question has it the other way round."""
    asked = _DIRECTION.search(question)
    if asked is None:
        return False
    one, other = question[: asked.start()], question[asked.end() :]
    one, other = (other, one) if asked["passive"] else (one, other)
    first, there = beginnings(one) - beginnings(other), beginnings(clause)
    # What stands next to "than" is compared; what follows may be the place or the time of it.
    seconds = (beginnings(word) - beginnings(one) for word in WORD.findall(other.casefold()))
    second = next((word for word in seconds if shared(word, there)), frozenset())
    return any(
        shared(first, less) > 0 and shared(second, more) > 0 and not shared(second, less)
        for more, less in _compared(clause)
    )


def _compared(text: str) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """Words on either side of each "than" or the like, those first of which it says more."""
    for match in _DIRECTION.finditer(text):
        before, after = beginnings(text[: match.start()]), beginnings(text[match.end() :])
        yield (after, before) if match["passive"] else (before, after)


def _is_of_another_scale(question: str, clause: str) -> bool:
    """True if one is asked to be better and said to have less: of errors that is good, of hits it is not."""
    if not (_BETTER.search(question) and _DIRECTION.search(question) and _DIRECTION.search(clause)):
        return False
    return bool(_LESS.search(clause)) and not _BETTER.search(clause)


def _clauses(sentence: str) -> list[str]:
    conceded = _CONCESSION.match(sentence)
    start = conceded.end() if conceded else 0
    parts = [sentence[:start], *_CLAUSE_END.split(sentence[start:])]
    return [part for part in parts if len(part.split()) >= SHORTEST_CLAUSE] or [sentence]


def _has(words: set[str], starts: frozenset[str]) -> bool:
    # A short one would begin too much: "more" is no "moreover".
    long = tuple(begin for begin in starts if len(begin) > SHORTEST_BEGINNING)
    return not words.isdisjoint(starts) or any(word.startswith(long) for word in words)
