"""By what papers are compared, where a paper tells it, and in what words authors do. Pure."""

import re
from dataclasses import dataclass

from ragqa.document import SectionKind

BODY = tuple(kind for kind in SectionKind if kind not in (SectionKind.REFERENCES, SectionKind.APPENDIX))
"""Where a paper speaks for itself: an appendix has forms, prompts and examples."""

_AUTHORS = r"\b(?:we|(?:this|the|our) (?:present |current )?(?:paper|work|study|article|review|survey|course|package))"
_ADVERB = r"(?: (?:\w+ly|here|also|then|first|further|have|aim to|seek to|try to|want to))?"
_SAY = r"show|find|found|demonstrat|observ|establish|conclude|identif|reveal"

PROBLEM = (
    re.compile(
        rf"{_AUTHORS}{_ADVERB} (?:address|tackl|stud(?:y|ie)|investigat|consider|focus|explor|examin|aim|ask\b|deal)|"
        r"\b(?:focus|aim|goal|purpose|objective)s? of (?:this|our|the present)\b|\bproblem of\b|\btask of\b|"
        r"\b(?:remains?|are|is|been|proven) (?:\w+ ){0,3}?(?:challeng|difficult|unclear|unknown|an open|a challenge|"
        r"hard\b)",
        re.I,
    ),
    re.compile(
        r"^(?:however|nevertheless|nonetheless|yet|despite|although|unfortunately)\b|"
        r"\b(?:challenges?|difficult(?:y|ies)|limitations?|gaps?|lacks?|hinders?|suffers?|fails?|remains|disregards?|"
        r"neglects?|overlooks?|insufficient|expensive|costly|poorly understood|not well)\b",
        re.I,
    ),
)
APPROACH = (
    re.compile(
        rf"{_AUTHORS}{_ADVERB} (?:propos|present|introduc|develop|describ|design|buil[dt]|creat|devis|formulat|"
        r"construct)|"
        r"\b(?:is|are|was|were) (?:proposed|presented|introduced|developed)\b",
        re.I,
    ),
    re.compile(
        rf"{_AUTHORS}{_ADVERB} (?:combin|extend|exploit|review|survey|determin|implement|offer|engineer|apply|applied|"
        r"use[sd]?\b|perform|conduct|train|investigat|compar|report)",
        re.I,
    ),
)
RESULT = (
    re.compile(
        rf"{_AUTHORS}{_ADVERB} (?:{_SAY}|achiev|outperform|improv|retain|reach)|\band (?:{_SAY})\w* that\b|"
        rf"\b(?:results|experiments?|findings|evaluations?|analys[ei]s) (?:\w+ ){{0,6}}?(?:{_SAY}|suggest|"
        r"indicat|confirm)",
        re.I,
    ),
    re.compile(
        r"\b(?:outperform\w*|surpass\w*|state[- ]of[- ]the[- ]art|achiev\w+|improves|improved|yields|exceeds|"
        r"better than|significantly)\b",
        re.I,
    ),
)
DATA = (
    re.compile(
        r"^(?=.*\b(?:we|our|was|were|is|are)\b)(?=.*\b(?:train|evaluat|experiment|use[sd]?\b|using|collect|retriev|"
        r"record|recruit|consist|contain|compris|mixture|obtain|sequenc))(?=.*\b(?:data|data ?sets?|corpus|corpora|"
        r"benchmarks?|samples|participants|patients|mice|animals|images|sentences)\b)",
        re.I,
    ),
)
_NUMBER = re.compile(
    r"\b(?:numbers?|amounts?|counts?|sizes?|rates?|scores?|accurac(?:y|ies)|performance|precision|recall|f1|bleu|rouge|"
    r"perplexity|percentages?|shares?|proportions?|(?:hyper-?)?parameters?|years?|ages?|lengths?|durations?|costs?|"
    r"speeds?|times?|errors?|epochs?|layers?|dimensions?|results?)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Aspect:
    """What each paper is asked, the sections that may answer it, and what words make an answer likely, best first.

    ``is_told``: authors say it in such words or not at all, and no reader knows the aim of a paper; so it is not asked.
    """

    question: str
    sections: tuple[SectionKind, ...] = BODY
    cues: tuple[re.Pattern[str], ...] = ()
    never: tuple[re.Pattern[str], ...] = ()
    is_told: bool = False

    @property
    def is_named(self) -> bool:
        """The question names it, so any part of the paper may tell; a usual one is told in its own sections."""
        return self.sections == BODY

    @property
    def is_number(self) -> bool:
        """Numbers stand in tables and captions too."""
        return self.is_named and bool(_NUMBER.search(self.question))

    def cue(self, sentence: str) -> float:
        """1 if the sentence has the best words, less for lesser ones, 0 if it has none, or those of something else."""
        if any(pattern.search(sentence) for pattern in self.never):
            return 0.0
        ranks = [rank for rank, pattern in enumerate(self.cues, start=1) if pattern.search(sentence)]
        return 1.0 / ranks[0] if ranks else 0.0
