"""Which words of the evidence bear out a part of a written draft: as a whole, or clause by clause."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ragqa.answer.evidence import Sentence, sentences_of
from ragqa.answer.words import content_words, coverage
from ragqa.answer.written.claimless import gives_up, introduced, is_phrase, says
from ragqa.answer.written.claims import MARK, carries, compare, label_fits, says_names
from ragqa.answer.written.parts import QUOTED, Part
from ragqa.answer.written.support import Support
from ragqa.quotes import find_words, fold
from ragqa.sentences import sentence_spans
from ragqa.types import Hit

SHORTEST_QUOTATION = 12  # characters; what is shorter is a term in quotation marks
QUOTATION_ENDS = " .,;:"  # a writer's own punctuation often stands inside the marks
ARTICLES = frozenset({"the", "a", "an"})  # "The Transformer uses:" begins a sentence, "Transformer:" is a name
TITLE_ENDS = f"{QUOTATION_ENDS}…"
LEAST_FITTING = 0.5  # share of a label's or item's content words that the paper's name, passage or sentence must have

Backed = list[tuple[Sentence, float]]
"""Sentences with how probable it is that they bear the words out."""


@dataclass(frozen=True, slots=True)
class Backing:
    """Evidence, its sentences, and what judges them."""

    evidence: Sequence[Hit]
    sentences: Sequence[Sentence]
    support: Support

    @classmethod
    def of(cls, evidence: Sequence[Hit], support: Support) -> "Backing":
        """The evidence cut into sentences once."""
        return cls(evidence, sentences_of(evidence), support)

    def behind(self, part: Part) -> Backed:
        """What carries the part; if no sentence carries all of it, what carries each clause; [] if one has nothing."""
        if part.labels:
            return self._below(part.labels).behind(replace(part, labels=()))
        whole = self._row(part) if part.kind == "row" else self._item(part) or self._sentence(part)
        clauses = [clause for clause in part.clauses if not gives_up(clause.text)]
        if whole or not clauses:
            return whole
        each = [self._carrying(clause.text, clause.numbers, self._naming(clause.text)) for clause in clauses]
        return [found for clause in each for found in clause] if all(each) else []

    def _below(self, labels: Sequence[str]) -> "Backing":
        """What is left for an item below them: where the names are said of each that is no sentence."""
        naming = [label for label in labels if is_phrase(label) and label.partition(" ")[0].casefold() not in ARTICLES]
        places = [(s, f"{s.text} {s.hit.title} {s.hit.section} {s.hit.file_name}") for s in self.sentences]
        return replace(self, sentences=[s for s, text in places if all(label_fits(label, text) for label in naming)])

    def _row(self, part: Part) -> Backed:
        return self._carrying(part.claim, part.numbers, self._naming(part.claim))

    def _item(self, part: Part) -> Backed:
        """What carries a list's item of a few words with the line above the list, or has them and does not deny it.

        Half of the item's own words must be there, however much of the line above is.
        """
        claim = introduced(part)
        if not claim:
            return []
        wanted = content_words(part.claim)
        shares = [(sentence, coverage(wanted, sentence.text)) for sentence in self.sentences]
        near = [sentence for sentence, share in shares if share >= LEAST_FITTING]
        compared = [(sentence, compare(claim, sentence.text)) for sentence, share in shares if share == 1]
        agreeing = [sentence for sentence, found in compared if found.polarity and found.direction]
        return self._carrying(claim, part.numbers, near) or self._carrying(part.claim, part.numbers, agreeing)

    def _sentence(self, part: Part) -> Backed:
        """Of ``On marmots: they sleep less`` also what follows the colon, in a paper or passage that the label fits."""
        if introduced(part):
            return []
        label, _, rest = part.claim.partition(": ")
        if not rest or not is_phrase(label):
            return self._carrying(part.claim, part.numbers, self.sentences)
        fitting = self._fitting(label)
        return self._carrying(part.claim, part.numbers, fitting or self.sentences) or self._carrying(
            rest, part.numbers, fitting
        )

    def _carrying(self, claim: str, numbers: frozenset[int], among: Sequence[Sentence]) -> Backed:
        """The best, in the marked evidence if it is there, else in any; every quotation's, if it has some."""
        quotations = [quote for quote in QUOTED.findall(claim) if len(quote) >= SHORTEST_QUOTATION]
        if titles := [quote for quote in quotations if any(_begins(s.hit.title, quote) for s in self.sentences)]:
            plain = QUOTED.sub(lambda found: "" if found[1] in titles else found[0], claim).strip(": ")
            papers = [s for s in among if any(_begins(s.hit.title, title) for title in titles)]
            return self._carrying(plain, numbers, papers)
        if quotations:
            return self._quoted(claim, quotations)
        pointed_at = [found for found in among if found.number in numbers]
        return (self.support.among(claim, pointed_at) or self.support.among(claim, among))[:1]

    def _naming(self, claim: str) -> list[Sentence]:
        """Those that say its names: a figure of one system does not bear out one of another."""
        return [s for s in self.sentences if says_names(claim, f"{s.text} {s.hit.title} {s.hit.section}")]

    def _fitting(self, label: str) -> Sequence[Sentence]:
        """Those of the paper that the label names, else of passages that have its words; all if it says nothing."""
        if not says(label):
            return self.sentences
        titles = [f"{sentence.hit.title} {sentence.hit.file_name}" for sentence in self.sentences]
        return self._closest(label, titles) or self._closest(label, [sentence.hit.text for sentence in self.sentences])

    def _closest(self, label: str, places: Sequence[str]) -> list[Sentence]:
        shares = [coverage(content_words(label), place) for place in places]
        best = max(shares, default=0.0)
        return [s for s, share in zip(self.sentences, shares, strict=True) if share == best >= LEAST_FITTING]

    def _quoted(self, claim: str, quotations: Sequence[str]) -> Backed:
        """The sentences around the quotations; none if one is invented, or if they do not carry the rest."""
        held = [found for quote in quotations if (found := self._holding(quote))]
        complete = len(held) == len(quotations) and carries(" ".join(found.text for found in held), claim)
        return [(found, 1.0) for found in held] if complete else []

    def _holding(self, quote: str) -> Sentence | None:
        """The sentence that the quotation stands in, or the run of sentences that it spans."""
        for number, hit in enumerate(self.evidence, start=1):
            words = hit.text.split(" ")
            if found := _found(quote.strip(QUOTATION_ENDS), words):
                touched = [span for span in sentence_spans(words) if span[0] < found[1] and found[0] < span[1]]
                return Sentence(number, hit, " ".join(words[touched[0][0] : touched[-1][1]]))
        return None


def _begins(title: str, quote: str) -> bool:
    """True if the quotation is the title, or as much of it as there was room for."""
    wanted = fold(quote.strip(TITLE_ENDS))
    return bool(wanted) and fold(title).startswith(wanted)


def _found(quote: str, words: Sequence[str]) -> tuple[int, int] | None:
    """Where the words are quoted, with the paper's marks of references or without them."""
    if found := find_words(quote, words):
        return found
    return find_words(MARK.sub("", quote).strip(QUOTATION_ENDS), _without_references(words))


def _without_references(words: Sequence[str]) -> list[str]:
    """As many words; marks of references are empty ones, also where one mark is several words: ``[3, 4]``."""
    text = " ".join(words)
    for mark in MARK.finditer(text):
        blank = "".join(" " if c == " " else "\0" for c in mark[0])
        text = text[: mark.start()] + blank + text[mark.end() :]
    return [word.replace("\0", "") for word in text.split(" ")]
