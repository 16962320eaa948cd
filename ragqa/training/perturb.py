"""Questions without an answer, and passages that look right: made by rule from questions and passages at hand.

Knows nothing of files, tokens or models.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from random import Random

NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b")
NAME = re.compile(r"\b[A-Z][\w'-]{2,}(?:\s+(?:of\s+|the\s+)?[A-Z][\w'-]{2,})*")
WORD = re.compile(r"[^\W_]{2,}")
LONG, ENDING = 5, 2  # letters of a word that carries the sense, and of what tells its form
PAIRS = """
first last|before after|most least|more less|largest smallest|highest lowest|larger smaller|higher lower|best worst
increase decrease|increased decreased|increases decreases|above below|north south|east west|northern southern
eastern western|early late|earlier later|earliest latest|oldest youngest|older younger|old new|major minor
majority minority|maximum minimum|positive negative|start end|started ended|begin end|began ended|win lose|won lost
accept reject|accepted rejected|allow prohibit|allowed prohibited|support oppose|supported opposed|public private
male female|men women|rich poor|strong weak|common rare|easy difficult|simple complex|long short|longest shortest
true false|legal illegal|inside outside|internal external|enter exit|entered exited|include exclude|included excluded
gain lose|gained lost|buy sell|bought sold|join leave|joined left|open closed|same different|always never
success failure|successful unsuccessful|possible impossible|known unknown|active inactive|ancient modern
create destroy|created destroyed|agree disagree|agreed disagreed|presence absence|upper lower
""".replace("\n", "|")
ANTONYMS = {a: b for pair in PAIRS.split("|") if pair for x, y in [pair.split()] for a, b in ((x, y), (y, x))}
NEGATIONS = {
    "did": "didn't", "does": "doesn't", "do": "don't", "is": "isn't", "was": "wasn't", "are": "aren't",
    "were": "weren't", "can": "can't", "could": "couldn't", "has": "hasn't", "have": "haven't", "would": "wouldn't",
}  # fmt: skip


def unanswerable(question: str, text: str, answers: Sequence[str], rng: Random) -> str | None:
    """The question with one number, name or word changed, so that ``text`` most likely answers it no more.

    The kinds are those by which people wrote the unanswerable questions of SQuAD 2.0 (Rajpurkar et al. 2018,
    table 2): entity swap, antonym, mutual exclusion, negation.
    """
    ways = [_swap_number, _swap_name, _swap_name, _swap_antonym, _swap_antonym, _swap_word, _negate]
    rng.shuffle(ways)
    for way in ways:
        changed = way(question, text, answers, rng)
        if changed is not None and changed != question:
            return changed
    return None


def _swap_number(question: str, text: str, answers: Sequence[str], rng: Random) -> str | None:
    mine = NUMBER.findall(question)
    if not mine:
        return None
    old = rng.choice(mine)
    others = {n for n in NUMBER.findall(text) if len(n) == len(old) and n not in mine}
    others -= {n for answer in answers for n in NUMBER.findall(answer)}
    if not others:
        return None
    return question.replace(old, rng.choice(sorted(others)), 1)


def _swap_name(question: str, text: str, answers: Sequence[str], rng: Random) -> str | None:
    mine = [match.group() for match in NAME.finditer(question) if match.start() > 0 and match.group() in text]
    if not mine:
        return None
    said = " ".join((question, *answers)).lower()
    others = [match.group() for match in NAME.finditer(text) if _inside_sentence(text, match.start())]
    others = sorted({name for name in others if not any(word in said for word in name.lower().split())})
    if not others:
        return None
    return question.replace(rng.choice(mine), rng.choice(others), 1)


def _inside_sentence(text: str, start: int) -> bool:
    return start > 1 and text[start - 2] not in ".!?\n"


def _swap_antonym(question: str, text: str, answers: Sequence[str], rng: Random) -> str | None:
    found = [match for match in WORD.finditer(question) if match.group() in ANTONYMS]
    if not found:
        return None
    match = rng.choice(found)
    return question[: match.start()] + ANTONYMS[match.group()] + question[match.end() :]


def _swap_word(question: str, text: str, answers: Sequence[str], rng: Random) -> str | None:
    """A word that the question shares with the text, for another of the text with the same ending."""
    said = {word.lower() for words in (question, *answers) for word in WORD.findall(words)}
    known = {word for word in WORD.findall(text) if len(word) >= LONG and word.islower()}
    mine = sorted({word for word in WORD.findall(question) if word in known})
    rng.shuffle(mine)
    for old in mine:
        others = sorted(word for word in known - said if word[-ENDING:] == old[-ENDING:] and word[:4] != old[:4])
        if others:
            return re.sub(rf"\b{old}\b", rng.choice(others), question, count=1)
    return None


def _negate(question: str, text: str, answers: Sequence[str], rng: Random) -> str | None:
    found = [match for match in WORD.finditer(question) if match.group() in NEGATIONS]
    # "How many" and "when" seldom stay a question that a person would ask once negated.
    if not found or question.lower().startswith(("how", "when")) or rng.random() < 0.5:
        return None
    match = found[0]
    return question[: match.start()] + NEGATIONS[match.group()] + question[match.end() :]


class WordIndex:
    """BM25 over passages in memory (Robertson and Zaragoza 2009; k1 = 1.2, b = 0.75): finds look-alikes."""

    def __init__(self, passages: Sequence[str]) -> None:
        counts = [Counter(_words(passage)) for passage in passages]
        lengths = [sum(count.values()) for count in counts]
        mean = sum(lengths) / max(1, len(lengths))
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for i, count in enumerate(counts):
            norm = 1.2 * (0.25 + 0.75 * lengths[i] / mean)
            for word, n in count.items():
                self._postings[word].append((i, 2.2 * n / (n + norm)))
        self._size = len(passages)

    def best(self, query: str, k: int) -> list[int]:
        """The ``k`` best passages by number; words of more than a tenth of a large set are passed over."""
        scores: dict[int, float] = defaultdict(float)
        for word in set(_words(query)):
            postings = self._postings.get(word, [])
            if len(postings) > max(50, self._size // 10):
                continue
            weight = math.log(1 + (self._size - len(postings) + 0.5) / (len(postings) + 0.5))
            for i, part in postings:
                scores[i] += weight * part
        return [i for i, _ in sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:k]]


def _words(text: str) -> list[str]:
    return [word.removesuffix("s") for word in WORD.findall(text.lower())]
