"""A paper in a few of its own sentences: for each part of it those closest to title and abstract, cited."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import mean

from ragqa.answer.asking import Asking, in_paper
from ragqa.answer.citations import marked
from ragqa.answer.draft import Draft, refusal
from ragqa.answer.evidence import Sentence, sentences_of, shared
from ragqa.answer.kinds.compared import compared
from ragqa.answer.kinds.comparison import answer_with_comparison
from ragqa.answer.kinds.telling import tells
from ragqa.answer.questions.clarify import which_paper
from ragqa.answer.questions.named import meant_papers, works
from ragqa.answer.questions.question_kind import of_several
from ragqa.details import Details, SummaryPart
from ragqa.document import BlockKind, SectionKind
from ragqa.section_kinds import section_kind
from ragqa.types import Filter, Hit, Paper, PaperDetails

PARTS: tuple[tuple[str, tuple[SectionKind, ...], str], ...] = (
    ("In short", (SectionKind.ABSTRACT,), "We propose, study and show"),
    (
        "Background",
        (SectionKind.INTRODUCTION, SectionKind.BACKGROUND),
        "The aim, problem and contribution of this paper",
    ),
    ("Methods", (SectionKind.METHODS,), "The method, model and data that were used"),
    ("Results", (SectionKind.RESULTS,), "The main results and findings"),
    ("Conclusion", (SectionKind.CONCLUSION, SectionKind.DISCUSSION), "We conclude, and its limitations are"),
)
"""Heading, the sections that it is taken from, and what its sentences are about."""

OWN_AFTER = "Background"  # where the parts stand that only this paper has: "3 BERT", "Case presentation"
MOST_OWN, HITS_OWN = 3, 40
WHOLE = ("Main points", "The aim, the method and the main findings of this paper")
"""Of a paper whose headings were not told."""
_NUMBER = re.compile(r"^\d[\d.]*\s+")
_BACK_MATTER = re.compile(
    r"^\W*(?:[\dIVX.]+\s+)?(?:a[ck]+nowledge?ment|funding|(?:authors?['’]? |credit )?contributi|competing|conflict|"
    r"declaration|disclosure|ethic|keyword|highlight|submitted|received|(?:data|code) (?:and \w+ )?availab|availab|"
    r"additional info|supporting|abbreviation|peer review|review history|nomenclature|(?:table of )?contents|"
    r"broader impact|orcid|publisher|about the author|correspond|copyright|licen[cs]e)",
    re.I,
)

SENTENCES_A_PART = 2
HITS_A_PART = 12
SHORTEST, LONGEST = 8, 70  # words of a sentence that can stand by itself
ABSTRACT_CHARS = 600
ALIKE = 0.6  # share of the shorter one's content words in common, above which two sentences say the same
EARLIER = 0.02  # gained by a sentence of a better hit
_PROSE = frozenset({BlockKind.PARAGRAPH, BlockKind.ABSTRACT})

Scored = tuple[Sentence, float]


def answer_with_summary(asking: Asking) -> Draft:
    """The paper that the question names or means, or the only one in scope; several are set side by side.

    Asks which if that is not clear. The confidence is how close the sentences are to title and abstract.
    """
    scope = asking.scope()
    named = works(compared(asking.question, scope).papers)
    chosen = named or works(meant_papers(asking.question, scope)) or works(scope)
    if len(named) > 1 or (len(chosen) > 1 and of_several(asking.question)):
        return answer_with_comparison(asking)
    if len(chosen) > 1:
        return which_paper("Which paper should I summarize?", chosen)
    if not chosen:
        return refusal(0.0)
    return _Summary(chosen[0], asking.shelf.details(chosen[0].id), asking).draft()


@dataclass(slots=True)
class _Summary:
    """The parts of one paper's summary, as far as they are made."""

    paper: Paper
    details: PaperDetails
    asking: Asking
    parts: list[SummaryPart] = field(default_factory=list)
    said: list[Scored] = field(default_factory=list)

    def draft(self) -> Draft:
        """Everything that was found, part by part; a refusal if that is nothing."""
        for heading, sections, cue in PARTS:
            hits = self._hits(cue, in_paper(self.paper.id, sections), HITS_A_PART)
            self._add(heading, cue, hits or self._without_heading(sections, cue))
            if heading == OWN_AFTER:
                self._add_own()
        if all(part.heading == PARTS[0][0] for part in self.parts):
            heading, cue = WHOLE
            self._add(heading, cue, self._hits(cue, in_paper(self.paper.id), HITS_A_PART))
        if not self.parts:
            return refusal(0.0)
        text = "\n".join(f"{part.heading}: {part.text}" for part in self.parts)
        return Draft(text, self._closeness(), kind="summary", details=Details(summary=tuple(self.parts)))

    def _add_own(self) -> None:
        """What stands under headings that every paper words in its own way: those with most to say."""
        hits = self._hits("", in_paper(self.paper.id, (SectionKind.OTHER,)), HITS_OWN)
        under: dict[str, list[Hit]] = defaultdict(list)
        for hit in hits:
            heading = hit.section.split(" > ")[0]
            if heading and section_kind(heading) is SectionKind.OTHER and not _BACK_MATTER.match(heading):
                under[heading].append(hit)
        longest = sorted(under.items(), key=lambda item: -len(item[1]))[:MOST_OWN]
        for heading, own in sorted(longest, key=lambda item: min(hit.page for hit in item[1])):
            self._add(_NUMBER.sub("", heading), heading, own)

    def _without_heading(self, sections: Sequence[SectionKind], cue: str) -> list[Hit]:
        """An abstract that nothing stands above, and what comes before the first heading, which introduces."""
        if SectionKind.ABSTRACT in sections:
            return self._hits(cue, Filter(paper_ids=(self.paper.id,), kinds=(BlockKind.ABSTRACT,)), HITS_A_PART)
        if SectionKind.INTRODUCTION not in sections or not self.details.outline:
            return []
        hits = self._hits(cue, in_paper(self.paper.id, (SectionKind.OTHER,)), HITS_OWN)
        return [hit for hit in hits if not hit.section and hit.kind is BlockKind.PARAGRAPH]

    def _hits(self, cue: str, only: Filter, most: int) -> list[Hit]:
        hits = self.asking.find(f"{self.paper.title} {cue}".strip(), only, most)
        return [hit for hit in hits if hit.kind in _PROSE]

    def _add(self, heading: str, cue: str, hits: Sequence[Hit]) -> None:
        about = f"{cue}: {self.paper.title}. {self.details.abstract[:ABSTRACT_CHARS]}"
        chosen = _central(hits, about, [sentence for sentence, _ in self.said], self.asking)
        part = _part(heading, chosen, self.asking)
        if part is not None:
            self.parts.append(part)
            self.said += chosen

    def _closeness(self) -> float:
        return round(mean(_limited(score) for _, score in self.said), 3)


def _central(hits: Sequence[Hit], about: str, said: Sequence[Sentence], asking: Asking) -> list[Scored]:
    """The sentences closest to what the paper is about, none like another, in the order of the paper."""
    sentences = [s for s in sentences_of(hits) if SHORTEST <= len(s.text.split()) <= LONGEST and tells(s.text)]
    scores = asking.scorer.scores(about, sentences)
    ranked = sorted(zip(sentences, scores, strict=True), key=lambda pair: EARLIER * pair[0].number - pair[1])
    chosen: list[Scored] = []
    for sentence, score in ranked:
        if len(chosen) == SENTENCES_A_PART:
            break
        before = (*said, *(sentence for sentence, _ in chosen))
        if not any(shared(sentence.text, other.text, of_shorter=True) > ALIKE for other in before):
            chosen.append((sentence, score))
    return sorted(chosen, key=lambda pair: (pair[0].hit.page, pair[0].number))


def _part(heading: str, scored: Sequence[Scored], asking: Asking) -> SummaryPart | None:
    cited = [citation for s, score in scored if (citation := asking.citer.cite(s.hit, s.text, _limited(score)))]
    if not cited:
        return None
    text = " ".join(marked(citation.quote, [citation]) for citation in cited)
    return SummaryPart(heading=heading, text=text, citations=tuple(citation.number for citation in cited))


def _limited(score: float) -> float:
    return max(0.0, min(1.0, score))
