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
_SET = (
    r"(?:data ?sets?|data|corpus|corpora|benchmarks?|treebanks?|participants|patients|volunteers|animals|mice|cells|"
    r"samples|specimens|images|sentences|documents|test collections|articles|recordings|sequences|records|respondents|"
    r"tweets|reviews|dialogu?es)"
)
_NAME = r"(?-i:(?:(?<=[a-z,(] )[A-Z][\w-]+|[A-Z]\w*[A-Z0-9][\w-]*))"
_THIS_SET = (
    rf"(?:{_NAME}[^.;]{{0,60}}?\b{_SET}\b|\b{_SET}\b[^.;]{{0,30}}?{_NAME}|"
    rf"\d[\d,.]* ?(?:[kKMB]\b|million|billion|thousand)? ?(?:[\w-]+ ){{0,3}}?"
    rf"(?:{_SET}|questions|queries|abstracts|papers|studies|trials|users|people)\b)"
)
_TRAINED = (
    r"(?:then )?(?:pre-?|fine-?)?(?:trained|tuned|evaluated|tested|validated|conducted|performed|taken|recruited|"
    r"enrolled|collected|obtained|drawn)\b"
)
_OWN = (
    rf"(?:{_AUTHORS}{_ADVERB} (?:train|pre-?train|fine-?tun|evaluat|experiment|test|validat|collect|gather|creat|"
    r"recruit|enrol|annotat|crawl|sampl|us(?:e|ed)\b|employ|conduct|perform|run|obtain|construct|analy[sz]|compar|measur)|"
    r"(?:^|\b(?:our|the|extensive|all|these|both)\b(?: \w+){0,3} )(?:experiments?|evaluations?)\b(?: \w+){0,3}? "
    r"(?:on|with|using|from|rely)\b|"
    rf"\b(?:was|were) {_TRAINED}|"
    rf"\b(?:models|classifiers|systems|networks|experiments|data|datasets) (?:is|are) {_TRAINED}|"
    r"\b(?:this|our|the) (?:[\w-]+ ){0,2}?(?:data ?sets?|corpus|benchmark|cohort|samples?|data)(?: for [\w ]{0,40})? "
    r"(?:consists? of|consisted of|contains?|contained|comprises?|comprised|includes?|included|used|"
    r"is taken|are taken))"
)
DATA = (
    re.compile(rf"{_OWN}[^.]*?{_THIS_SET}|{_THIS_SET}[^.]*?{_OWN}", re.I),
    re.compile(
        rf"{_OWN}[^.]*\b{_SET}\b|\b{_SET} (?:used )?(?:for|in|of) (?:(?:all|both|the|our|these) )*experiments?\b", re.I
    ),
)
OTHERS_DATA = re.compile(
    r"\bprevious|\bprior work|\bsuffers?\b|\boutperform|\bsee that\b|\bhypothesis|\bcontributions?\b", re.I
)
"""What is said beside data: what others have, what comes out, and lists of what is new."""
_NUMBER = re.compile(
    r"\b(?:numbers?|amounts?|counts?|sizes?|rates?|scores?|accurac(?:y|ies)|performance|precision|recall|f1|bleu|rouge|"
    r"perplexity|percentages?|shares?|proportions?|(?:hyper-?)?parameters?|years?|ages?|lengths?|durations?|costs?|"
    r"speeds?|times?|errors?|epochs?|layers?|dimensions?|results?)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Aspect:
    """What each paper is asked, the sections that may answer it, and in what words authors tell it, best first."""

    question: str
    sections: tuple[SectionKind, ...] = BODY
    cues: tuple[re.Pattern[str], ...] = ()
    never: tuple[re.Pattern[str], ...] = ()

    @property
    def is_told(self) -> bool:
        """Authors tell it in known words, and are looked for before it is asked: no reader knows the aim of a paper."""
        return bool(self.cues)

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
