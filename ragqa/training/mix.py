"""The training sets and how they are mixed: an endless stream of question groups, the same for the same seed.

Owns the file formats; knows nothing of tokens or models. Licences, counts and flaws of the sets: DATA.md.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import unquote

from ragqa.errors import BadRequest, PathNotFound
from ragqa.training.features import SENTENCE_END, Example
from ragqa.training.perturb import WordIndex, unanswerable

Row = Mapping[str, Any]
Group = tuple[Example, ...]
Draw = Callable[[int, Random], Group]

# Of the 35 articles of the SQuAD 2.0 dev set, random.Random(2).sample(sorted(titles), 15): a third to report on, and
# three to tune on. Nothing from an article of these titles is trained on, whatever set it comes in.
HELD_OUT = frozenset(
    "Civil_disobedience Construction European_Union_law Force Jacksonville,_Florida Oxygen Pharmacy Private_school "
    "Rhine University_of_Chicago Victoria_(Australia) Warsaw".split()
)
DEV = frozenset("Amazon_rainforest Ctenophora Sky_(United_Kingdom)".split())
UNSURE = 0.1  # labels that nobody checked: 5 to 15 % of the hard negatives have an answer after all
PREFIXED = 0.5  # share of the passages that carry their title, as chunks do
NEGATIVES = 4


@dataclass(frozen=True)
class Source:
    """A set: how many groups it has, and how the n-th is made."""

    size: int
    draw: Draw


def read(folder: Path, name: str) -> list[Row]:
    """All rows of a set. Raises PathNotFound."""
    file = folder / f"{name}.jsonl.gz"
    if not file.exists():
        raise PathNotFound(f"There is no training set {file}.", hint="DATA.md names the sets; --sets leaves some out.")
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def trainable(folder: Path, name: str) -> list[Row]:
    """The rows of a set but for those of articles kept apart."""
    apart = HELD_OUT | DEV
    return [row for row in read(folder, name) if row.get("title", "").replace(" ", "_") not in apart]


def stream(sources: Mapping[str, Source], weights: Mapping[str, float], seed: int, window: int) -> Iterator[Group]:
    """The ``window``-th thousand of groups: each set gives its share, in an order drawn anew every round."""
    total = sum(weights.values())
    for name in sorted(weights):
        share = 1000 * weights[name] / total
        for i in range(round(share * window), round(share * (window + 1))):
            turn, place = divmod(i, sources[name].size)
            yield sources[name].draw(_order(name, sources[name].size, seed, turn)[place], Random(f"{seed}/{name}/{i}"))


@lru_cache(maxsize=200)
def _order(name: str, size: int, seed: int, turn: int) -> list[int]:
    order = list(range(size))
    Random(f"{seed}/{name}/{turn}/order").shuffle(order)
    return order


def load(folder: Path, names: Sequence[str]) -> dict[str, Source]:
    """The sets of these names. Raises BadRequest for a name that is none, PathNotFound for a set that is not there."""
    if unknown := sorted(set(names) - SETS.keys()):
        raise BadRequest(f"These are no sets of the mix: {', '.join(unknown)}.", hint=f"Known: {', '.join(SETS)}.")
    return {name: SETS[name](folder, name) for name in names}


def _prefix(row: Row, rng: Random) -> str:
    """Title and section as they stand before a chunk, for some; identifiers are no titles."""
    title = unquote(row.get("title", "")).replace("_", " ")
    if title.startswith(("PMID", "PMC", "Filtered Reddit")) or rng.random() > PREFIXED:
        title = ""
    section = row.get("section", "").removeprefix("BODY.").replace(".", " > ").capitalize()
    return "\n".join(filter(None, (title, section)))


def example(row: Row, rng: Random, name: str, *, evidence: bool = False) -> Example:
    """A row of the reading format. The passage is relevant where it answers; where it does not, it may still be."""
    answers = tuple((a["start"], a["start"] + len(a["text"])) for a in row["answers"])
    if row.get("n_occ", 1) > 1:
        answers = _occurrences(row["context"], row["answers"][0]["text"])
    return Example(
        row["question"], row["context"], _prefix(row, rng), answers,
        0.0 if row["unanswerable"] else 1.0, None if row["unanswerable"] else 1.0, evidence, name,
    )  # fmt: skip


def _occurrences(text: str, answer: str) -> tuple[tuple[int, int], ...]:
    places, at = [], text.find(answer)
    while at >= 0:
        places.append((at, at + len(answer)))
        at = text.find(answer, at + 1)
    return tuple(places)


def _reading(*, evidence: bool = False) -> Callable[[Path, str], Source]:
    def source(folder: Path, name: str) -> Source:
        rows = trainable(folder, name)
        return Source(len(rows), lambda i, rng: (example(rows[i], rng, name, evidence=evidence),))

    return source


def _squad_train(folder: Path, name: str) -> Source:
    """Each question with its paragraph, beside one that looks like it and does not hold the answer."""
    rows = trainable(folder, "squad11_train")
    hard = {row["id"]: row for row in trainable(folder, "squad11_train_hardneg")}
    index = _paragraphs(rows)

    def draw(i: int, rng: Random) -> Group:
        row = rows[i]
        right = example(row, rng, name)
        wrong = hard.get(f"{row['id']}-neg")
        if wrong is not None and rng.random() < 0.7:
            return right, replace(example(wrong, rng, name), answerable=UNSURE, relevance=UNSURE)
        if rng.random() < 0.2:
            return right, *_look_alikes(right, index, 1, rng)
        return (right,)

    return Source(len(rows), draw)


def _thinned(folder: Path, name: str) -> Source:
    """A small set seen often: sentences that do not answer come and go, and one of the article's others may come in.

    Its questions without an answer have none of fewer sentences either. Beside some of those with one stands what is
    left of the passage without the sentence of the answer.
    """
    rows = trainable(folder, name)
    by_title: dict[str, list[str]] = defaultdict(list)
    for text, title in {row["context"]: row["title"] for row in rows}.items():
        by_title[title].append(text)

    def draw(i: int, rng: Random) -> Group:
        whole = example(rows[i], rng, name)
        others = [text for text in by_title[rows[i]["title"]] if text != whole.text]
        right = thinned(whole, rng, rng.choice(others) if others else "")
        if not whole.answers or rng.random() < 0.8:
            return (right,)
        return right, without_answer(whole)

    return Source(len(rows), draw)


def thinned(given: Example, rng: Random, other: str = "") -> Example:
    """The example without some of the sentences that hold no answer, maybe with one of ``other`` before or behind."""
    kept = rng.uniform(0.4, 1)
    parts = [
        (a, b) for a, b in _sentences(given.text)
        if rng.random() < kept or any(start < b and a < end for start, end in given.answers)
    ]  # fmt: skip
    if not parts or rng.random() < 0.3:
        return given
    before, after = rng.sample(["", _one_sentence(other, rng)], 2)
    text, answers = before, []
    for a, b in parts:
        shift = len(text) - a
        answers += [(start + shift, end + shift) for start, end in given.answers if a <= start and end <= b]
        text += given.text[a:b]
    if bool(answers) != bool(given.answers):  # an answer that reaches over two sentences
        return given
    return replace(given, text=(text if after == "" else f"{text.rstrip()} {after}").rstrip(), answers=tuple(answers))


def without_answer(given: Example) -> Example:
    """The passage without the sentences of its answers, which most likely answers the question no more."""
    parts = [
        given.text[a:b] for a, b in _sentences(given.text)
        if not any(start < b and a < end for start, end in given.answers)
    ]  # fmt: skip
    return replace(given, text="".join(parts) or ".", answers=(), answerable=UNSURE, relevance=None)


def _sentences(text: str) -> list[tuple[int, int]]:
    return list(pairwise([0, *(match.end() for match in SENTENCE_END.finditer(text)), len(text)]))


def _one_sentence(text: str, rng: Random) -> str:
    if not text or rng.random() < 0.5:
        return ""
    a, b = rng.choice(_sentences(text))
    return text[a:b].strip() + " "


def _squad_changed(folder: Path, name: str) -> Source:
    """Questions of SQuAD 1.1 changed by rule so that their paragraph answers them no more."""
    rows = trainable(folder, "squad11_train")

    def draw(i: int, rng: Random) -> Group:
        right = example(rows[i], rng, name)
        changed = unanswerable(right.question, right.text, [a["text"] for a in rows[i]["answers"]], rng)
        if changed is None:
            return (right,)
        wrong = replace(right, question=changed, answers=(), answerable=UNSURE, relevance=None)
        return (wrong,) if rng.random() < 0.7 else (right, wrong)

    return Source(len(rows), draw)


def _capped(most: int) -> Callable[[Path, str], Source]:
    """At most so many questions of a passage."""

    def source(folder: Path, name: str) -> Source:
        by_passage: dict[str, list[Row]] = defaultdict(list)
        for row in trainable(folder, name):
            by_passage[row["context"]].append(row)
        rows = [row for same in by_passage.values() for row in Random(same[0]["id"]).sample(same, min(most, len(same)))]
        return Source(len(rows), lambda i, rng: (example(rows[i], rng, name),))

    return source


def _ranking(unanswered: float | None = None) -> Callable[[Path, str], Source]:
    """A question with one of its right passages and some of its wrong ones, which answer it that likely."""

    def source(folder: Path, name: str) -> Source:
        right: dict[str, list[str]] = defaultdict(list)
        wrong: dict[str, list[str]] = defaultdict(list)
        for row in trainable(folder, name):
            (right if row["label"] else wrong)[row["query"]].append(row["passage"])
        queries = sorted(query for query in right if query in wrong)

        def draw(i: int, rng: Random) -> Group:
            query = queries[i]
            best = Example(query, rng.choice(right[query]), relevance=1.0, source=name)
            others = rng.sample(wrong[query], min(NEGATIVES, len(wrong[query])))
            return best, *(replace(best, text=text, answerable=unanswered, relevance=0.0) for text in others)

        return Source(len(queries), draw)

    return source


def _pairs(query: str, passage: str) -> Callable[[Path, str], Source]:
    """Sets of right pairs only: the wrong passages are look-alikes from the same set."""

    def source(folder: Path, name: str) -> Source:
        rows = trainable(folder, name)
        index = _Paragraphs([row[passage] for row in rows], [""] * len(rows))

        def draw(i: int, rng: Random) -> Group:
            right = Example(rows[i][query], rows[i][passage], relevance=1.0, source=name)
            return right, *_look_alikes(right, index, NEGATIVES - 1, rng)

        return Source(len(rows), draw)

    return source


def _cloze(folder: Path, name: str) -> Source:
    """A sentence of an abstract as the claim, the abstract without it as its passage.

    The inverse cloze task (Lee, Chang and Toutanova 2019); stands in for claims, of which there are few.
    """
    titled = [(row["passage"], row["query"]) for row in trainable(folder, "pmc_title_abstract")]
    known = {text for text, _ in titled}
    plain = {row["passage"] for row in trainable(folder, "bioasq_rank")} - known
    papers = [*titled, *((text, "") for text in sorted(plain))]
    index = _Paragraphs([text for text, _ in papers], [title for _, title in papers])

    def draw(i: int, rng: Random) -> Group:
        text, title = papers[i]
        claim, rest = _take_sentence(text, rng)
        right = Example(claim, rest, title if rng.random() < PREFIXED else "", relevance=1.0, source=name)
        return right, *_look_alikes(right, index, NEGATIVES - 1, rng, own=text)

    return Source(len(papers), draw)


def _take_sentence(text: str, rng: Random) -> tuple[str, str]:
    """(a sentence of readable length, the text without it); findings stand at the end, so the end is preferred."""
    sentences = _sentences(text)
    parts = [(a, b) for a, b in sentences if 50 <= b - a <= 260]
    if len(sentences) < 3 or not parts:
        return text[:200], text
    start, end = rng.choice(parts[-4:])
    return text[start:end].strip(), (text[:start] + text[end:]).strip()


class _Paragraphs:
    """Passages to take look-alikes from."""

    def __init__(self, texts: Sequence[str], prefixes: Sequence[str]) -> None:
        unique = dict(zip(texts, prefixes, strict=True))
        self.texts, self.prefixes = list(unique), list(unique.values())
        self.index = WordIndex(self.texts)


def _paragraphs(rows: Sequence[Row]) -> _Paragraphs:
    return _Paragraphs([row["context"] for row in rows], [unquote(row["title"]).replace("_", " ") for row in rows])


def _look_alikes(right: Example, pool: _Paragraphs, n: int, rng: Random, own: str = "") -> list[Example]:
    """Passages that share rare words with the question, minus its own and those that hold its answer."""
    answers = [right.text[a:b].lower() for a, b in right.answers]
    best = [i for i in pool.index.best(right.question, 12) if pool.texts[i] not in (right.text, own)]
    best = [i for i in best if not any(answer in pool.texts[i].lower() for answer in answers)]
    answerable = None if right.answerable is None else UNSURE / 2
    return [
        Example(
            right.question, pool.texts[i], pool.prefixes[i] if right.prefix else "",
            answerable=answerable, relevance=UNSURE / 2, source=right.source,
        )
        for i in rng.sample(best, min(n, len(best)))
    ]  # fmt: skip


SETS: dict[str, Callable[[Path, str], Source]] = {
    "squad11_train": _squad_train,
    "squad11_changed": _squad_changed,
    "squad20_dev_noxquad": _thinned,
    "squad11_dev_noxquad": _thinned,
    "squadshifts_new_wiki": _reading(),
    "squadshifts_reddit": _reading(),
    "nq_qed": _reading(),
    "nq_open_oracle": _reading(),
    "clapnq_dev": _reading(evidence=True),
    "bioasq_factoid": _reading(),
    "bioasq_snippets": _reading(evidence=True),
    "evidence_inference_v2": _reading(evidence=True),
    "qasper_spans": _reading(),
    "quoref_contrast": _reading(),
    "tatqa_text_spans": _reading(),
    "hotpot_musique_small": _reading(),
    "qamr_dev_test": _capped(5),
    "qasper_rank": _ranking(UNSURE),
    "evidence_inference_v2_rank": _ranking(),
    "bioasq_rank": _ranking(UNSURE),
    "bioasq_reqa_sent": _ranking(),
    "hotpot_musique_small_rank": _ranking(),
    "wice_rank": _ranking(),
    "bioasq_reqa_train": _pairs("query", "passage"),
    "pmc_title_abstract": _pairs("query", "passage"),
    "evidence_inference_v2_nli": _pairs("hypothesis", "premise"),
    "abstract_cloze": _cloze,
}
