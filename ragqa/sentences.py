"""Where sentences end in a list of words, by rule, for research papers in English and its neighbours.

Works on words, so that what a sentence covers on the page is known by construction.
"""

import re
from collections.abc import Sequence

_TERMINAL = re.compile(r"[.!?…。！？]['\"”’»)\]]*$")
_TERMINAL_WITH_MARK = re.compile(r"[^\W\d_)\]]{2}[.!?]['\"”’)]?(\[?\d{1,3}([,–-]\d{1,3})*\]?)$")
_MARK = re.compile(r"^(\[\d{1,3}([,–-]\s?\d{1,3})*\]|\d{1,3}([,–-]\d{1,3})*|[*†‡§¶])$")
_OPENING = re.compile(r"^['\"“‘«(\[]*")
_INITIAL = re.compile(r"^[('\"“\[]*([^\W\d_]\.)+-?([^\W\d_]\.)*$")
_ENUMERATION = re.compile(r"^[(\[]?(\d{1,2}|[a-z]|[ivx]{1,4})[.)]$", re.IGNORECASE)

_NEVER_END = frozenset(
    """e.g i.e cf vs viz resp approx ca c.f dr mr mrs ms prof st fig figs eq eqs eqn eqns sec sect secs ref refs
    tab tabs chap ch vol no nos pp p def thm prop lem cor alg app appx supp suppl ed eds dept univ assoc proc
    conf intl jan feb mar apr jun jul aug sep sept oct nov dec sp spp var subsp max min avg std dim et w.r.t
    a.k.a esp incl""".split()
)
_SELDOM_END = frozenset("""al etc inc ltd co corp u.s u.k u.s.a e.u ph.d m.sc b.sc a.m p.m jr sr""".split())
_STARTERS = frozenset(
    """the we in this these our it they to for however as a an on while although there here thus hence therefore
    moreover furthermore finally first second next then since because if when both each all one another such
    table figure recently similarly additionally by with from after given note""".split()
)


def sentence_spans(words: Sequence[str]) -> list[tuple[int, int]]:
    """Spans ``(start, end)`` that cover all words in order, none empty."""
    spans: list[tuple[int, int]] = []
    start = 0
    for index in range(len(words)):
        if index >= start and _ends_sentence(words, index, start):
            end = _with_marks(words, index + 1)
            spans.append((start, end))
            start = end
    if start < len(words):
        spans.append((start, len(words)))
    return spans


def is_finished(word: str) -> bool:
    """True if a text that stops at this word may be a whole sentence."""
    return bool(_TERMINAL.search(word) or _TERMINAL_WITH_MARK.search(word)) and _stem(word) not in _NEVER_END


def _ends_sentence(words: Sequence[str], index: int, start: int) -> bool:
    word = words[index]
    if not _TERMINAL.search(word) and not _TERMINAL_WITH_MARK.search(word):
        return False
    following = _with_marks(words, index + 1)
    if following >= len(words):
        return True
    after = words[following]
    if not _may_start(after):
        return False
    if _TERMINAL_WITH_MARK.search(word) or word.rstrip("'\"”’»)]")[-1] in "!?…。！？":
        return True
    return _full_stop_ends(word, after, is_first=index == start)


def _full_stop_ends(word: str, after: str, is_first: bool) -> bool:
    stem = _stem(word)
    if stem in _NEVER_END or (is_first and _ENUMERATION.match(word)):
        return False
    if stem in _SELDOM_END or _INITIAL.match(word):
        return _OPENING.sub("", after).lower() in _STARTERS
    return True


def _may_start(word: str) -> bool:
    bare = _OPENING.sub("", word)
    if not bare:
        return True
    # Scripts without capitals start anywhere; so do list marks and numbers.
    return not bare[0].islower() and bare[0] not in ",;:.)]%"


def _with_marks(words: Sequence[str], index: int) -> int:
    """A citation mark set behind the full stop belongs to the sentence before it, if text follows."""
    is_mark = index < len(words) and bool(_MARK.match(words[index]))
    if is_mark and (index + 1 == len(words) or _OPENING.sub("", words[index + 1])[:1].isupper()):
        return index + 1
    return index


def _stem(word: str) -> str:
    return word.strip("'\"“”‘’«»()[]").rstrip(".!?…").lower()
