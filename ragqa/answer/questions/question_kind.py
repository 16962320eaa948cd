"""What kind of answer a question wants, told by its words alone. Pure.

Cautious: what is not clearly something else wants a span, which is never wrong to give.
"""

import re

from ragqa.answer.questions.plural import asks_for_several
from ragqa.types import AnswerKind

# "Can you describe …" asks for a description, not for yes.
_POLITE = re.compile(
    r"^(?:please|kindly|i(?: would|'d) like (?:you )?to|help me|tell me|explain to me|(?:can|could|would|"
    r"will) you(?: please)?"
    r"(?= (?:describe|explain|tell|list|give|summari|compare|name|show|provide|outline|find|help|write|make|"
    r"please)))[,:]?\s+",
    re.I,
)
_OPENING_CLAUSE = re.compile(r"^(?:according to|based on|in|for|from|within|on) [^,?]{3,120},\s+", re.I)

_PAPER = r"(?:paper|article|study|manuscript|preprint|publication|document|pdf|thesis)"
_SUMMARY = re.compile(
    r"^(?:summari[sz]e|(?:give|write|provide|make|draft|show)(?: me)?(?: a| an| the)?(?: \w+)? "
    r"(?:summary|overview|synopsis|tl;?dr)|(?:a |an )?(?:short |brief )?(?:summary|overview|synopsis) of|tl;?dr\b)",
    re.I,
)
_ABOUT = re.compile(
    rf"^what(?:['’]s| is| does) (?:this|the|that) {_PAPER}(?: about| say(?! (?:about|on|of|regarding|concerning)\b))\b|"
    rf"^what are .{{0,40}}\b{_PAPER}s about\??$",
    re.I,
)
_ABOUT_WHAT = re.compile(r"^what(?:['’]s| is| are) (.{2,80}) about\??$", re.I)
# With a capital, too, these are a part of a paper: "Table 3", "Section 2", "Methods".
_PART = re.compile(
    r"\b(?:method|procedure|result|finding|training|experiment|evaluation|approach|discussion|setup|dataset|data|"
    r"limitation|table|figure|fig|equation|section|difference|contribution|architecture|model|algorithm|role|effect|evidence|"
    r"conclusion|abstract|introduction|related work|future work|ablation|implication|challenge|chapter|hypothesis|"
    r"hypothese|analysis|analyse|appendix|appendice)s?\b|^(?:how|why|where|when)\b",
    re.I,
)
_WHOLE = re.compile(
    rf"\b(?:{_PAPER}|dissertation|report|one)s?$|^(?:the |this |that )?{_PAPER} (?-i:[A-Z]|\d{4})|"
    r"^(?:this|that|these|those) (?:work|text|file|review|research|project)s?$|"
    rf"^what (?:this|that|the|these|those) {_PAPER}s? (?:is|are|says?)$|"
    r"\b(?:points|ideas|takeaways|gist|essence)$|"
    r"^(?:it|this|that|them|these|those|they|both|each|all|everything|(?:these|those|the|all) (?:two|three|four|five)|"
    r"them (?:all|both))?$",
    re.I,
)
# "BERT", "LLaMA 2", "word2vec", "Vaswani et al.": not "adverse events".
_NAME = re.compile(r"(?:\S*(?:[A-Z]|[a-z]\d)\S*|et al)(?: \d+)?$")
# What comes behind the noun says more of it, and may be words of a title: "the paper on the effect of snow".
_BEHIND_NOUN = re.compile(
    r"[,:;?!–—“”\"]|\.(?=\s|$)|(?:^|(?<=\S)\s+)(?:in|on|of|from|for|with|about|by|to|into|at|as|between|called|titled|"
    r"entitled|using|like|so|that|which|without|within|please|briefly|concisely|quickly|again|now)\b",
    re.I,
)
_BEFORE_NOUN = re.compile(r"^(?:\W|(?:of|for|me|us|briefly|(?:all|both|each|every one)(?= of\b))\b)+", re.I)
_OWN = re.compile(r"^(?:the|this|that|these|those|their|its|his|her)\b", re.I)
_CAPITAL = re.compile(r"\b[A-Z]")
_SEVERAL = re.compile(
    r"^(?:both|them|all|each|these|those|them (?:all|both)|(?:these|those|the|all) (?:two|three|four|five))$", re.I
)

_COMPARE = re.compile(
    r"^(?:compare|contrast|comparison (?:of|between)|(?:make|give|show)(?: me)? a (?:comparison|table))\b(?!-)", re.I
)
_DIFFER = re.compile(
    rf"^(?:how do(?:es)? .+ (?:differ|compare)|what (?:is|are) the differences?(?: in [\w -]+?)? (?:between|among)|"
    rf"(?:what|which) .+ (?:do|does|did) (?:each|all)(?: of)?(?: the| these| my)? {_PAPER})",
    re.I,
)
_PAPERS = re.compile(r"\b(?:papers|articles|studies|manuscripts|preprints|publications|documents|pdfs)\b", re.I)
# "How do the results differ from previous studies?" is about one paper and what it says of others.
_NOT_HERE = re.compile(
    r"\b(?:previous|previously|prior|other|others['’]|earlier|related|existing|past|similar) (?:[\w-]+ ){0,2}"
    r"(?:papers|articles|studies|publications)\b",
    re.I,
)
_EACH = re.compile(
    rf"\b(?:each|every|per) {_PAPER}\b|\b(?:across|between|among)(?: all)?(?: the| these| my)? papers\b", re.I
)

_AUXILIARY = (
    r"(?:is|are|was|were|do|does|did|can|could|has|have|had|should|would|will|may|might|must|isn't|aren't|doesn't)"
)
_YES_NO = re.compile(rf"^{_AUXILIARY}\s+(?!(?:which|what|how|why)\b)\S", re.I)
_AFTER_TITLE = re.compile(rf"(?:[:.,]\s|--|[–—])\s*({_AUXILIARY}\s.+)$", re.I)
# Titles ask so: "Rotator cuff tear: an occupational disease?"
_ANSWERED_TITLE = re.compile(r"(?::|--|[–—])\s*(?:an?|another|still|really)\s[^:]+\?$", re.I)
_QUESTION_WORD = re.compile(r"\b(?:what|which|who|whom|whose|when|where|why|how)\b", re.I)
_SAY_YES = re.compile(r"\byes\b['\"”]?\s*(?:/|or|,)\s*['\"“]?no\b", re.I)
# "…, and where?" asks for more than yes; "Is it A or B?" for one of two.
_MORE = re.compile(r"(?:,|\band\b|\bor\b)\s*(?:if so,? )?(?:where|how|why|what|which|when|who)\b", re.I)
_BETTER = r"\b(?:better|worse|best|worst|faster|slower|easier|harder|higher|lower|larger|smaller|more|less)\b"
_EITHER = re.compile(
    r"^(?:is|are|was|were) (?:it|they|this|the [\w-]+) [\w -]+ or (?!not\b)[\w-]+(?: [\w-]+)?\?*$|"
    r"^(?!.*\bthan\b).*\b(?-i:[\w-]*[A-Z][\w-]*) or (?-i:[\w-]*[A-Z-][\w-]*)\W*$|"  # "CPUs or GPUs?"
    rf"\w or (?!not\b)\w+(?: \w+){{0,3}}? {_BETTER}|\b(?:prefer\w*|rather)\b.* or (?!not\b)|{_BETTER} or {_BETTER}",
    re.I,
)

_THINGS = (
    "datasets|data sets|corpora|corpuses|baselines|metrics|measures|languages|language pairs|tasks|domains|models|"
    "methods|approaches|systems|benchmarks|techniques|algorithms|species|genes|proteins|mutations|drugs|"
    "compounds|variables|"
    "features|predictors|covariates|hyperparameters|hyper-parameters|labels|types|kinds|categories|classes|authors|"
    "countries|sites|instruments|tools|symptoms|diseases|cell lines|cell types|strategies|components|criteria|sources|"
    "subjects|topics|names|scores|outcomes|treatments|factors|limitations|steps|stages|phases"
)
_VERB = r"is|are|was|were|do|does|did|has|have|had|can|could|will|would|should"
_WHICH_THINGS = re.compile(
    rf"^(?:(?:in|on|with|for) )?(?:what|which)(?! of)(?: (?:are|were)(?: (?:the|their|its|all|some))?)?"
    rf"(?: (?!(?:{_VERB})\b)[\w-]+){{0,3}}? (?:{_THINGS})(?! (?:is|was)\b)(?: |\?|$)",
    re.I,
)
_WHICH_PAPERS = re.compile(
    rf"^(?:which|what|list|find|show|name|are there|is there)(?: (?:me|all|any|a|of|the|these|my))*"
    rf"(?: (?!(?:{_VERB})\b)[\w-]+)? (?:papers?|articles?|studies|preprints?)\b(?! (?:title|author|section)s?\b)",
    re.I,
)
_LIST = re.compile(r"^(?:list|name|enumerate|who (?:are|were))\b|\b(?:in|as) (?:a |the )?list\b", re.I)
# A thing that does something is a subject to explain, not to list: "What methods make it robust and why?"
_NOT_LIST = re.compile(r"\b(?:and why|and how|and what|how does|why|differ)\b", re.I)

_SENTENCE = re.compile(
    r"\band (?:how|why)\b(?! (?:many|much|long|often|old|large|big))|"
    r"^(?:why|how (?!many|much|long|often|old|large|big|small|far|high|low|deep|wide|fast|frequent|tall)|describe|"
    r"explain|discuss|define|compare|contrast|"
    r"in what ways?|to what extent|what (?:is|are|was|were) (?:the )?(?:\w+ ){0,2}(?:reasons?|"
    r"purpose|goal|"
    r"aim|role|mechanism|idea|intuition|motivation|difference|advantages?|benefits?|drawbacks?|contributions?|"
    r"findings?|"
    r"results?|challenges?|implications?|conclusions?|objective)|"
    r"what (?:does|do|did) .{2,80} (?:mean|show|find|conclude|suggest|do)\b|"
    r"what (?:advantages?|benefits?|challenges?|contributions?|advancements?|enhancements?|insights?|results?))",
    re.I,
)
_FEW_WORDS = re.compile(
    r"\bhow (?:many|much|long|often|old|large|big|small|far|high|low|deep|wide|fast|tall)\b|\bwho\b|^(?:when|where)\b|"
    r"\b(?:what|which) (?:percentage|percent|number|share|fraction|proportion|size|year|date|value|score|rate|name|age|"
    r"dose|accuracy|language|factor)\b",
    re.I,
)


def kind_of(question: str) -> AnswerKind:
    """``summary``, ``comparison``, ``yes_no`` or ``list`` where the words say so; else ``span``."""
    asked = plain(question)
    if wants_summary(asked):
        return "summary"
    if _compares(asked):
        return "comparison"
    if _is_yes_no(question, asked):
        return "yes_no"
    return "list" if _is_list(asked) else "span"


def plain(question: str) -> str:
    """The question without courtesies and an opening clause."""
    asked, before = question.strip(), ""
    while asked != before:
        before, asked = asked, _OPENING_CLAUSE.sub("", _POLITE.sub("", asked))
    return asked


def wants_sentence(question: str) -> bool:
    """True for why, how and describe: a few words out of a sentence would not answer it."""
    return bool(_SENTENCE.search(plain(question)))


def wants_words(question: str) -> bool:
    """True for amounts, names and dates: a few words are all that is asked for."""
    return bool(_FEW_WORDS.search(plain(question))) and not wants_sentence(question)


def wants_summary(asked: str) -> bool:
    """A summary of whole papers: the question says paper, it or a name; any other noun is a part of a paper."""
    if _ABOUT.search(asked):
        return True
    phrase = to_summarize(asked)
    if phrase is None:
        return False
    thing = _noun(phrase)
    return bool(_WHOLE.search(thing)) or _is_title(thing)


def to_summarize(question: str) -> str | None:
    """What the question wants in short, or wants to know what it is about; None if it asks for something else."""
    asked = plain(question)
    if about := _ABOUT_WHAT.search(asked):
        return about[1]
    found = _SUMMARY.search(asked)
    return asked[found.end() :] if found else None


def of_several(question: str) -> bool:
    """True if several papers are to be summarized: "summarize these papers", "… each paper", "… both"."""
    asked = plain(question)
    found = _SUMMARY.search(asked)
    thing = _noun(asked[found.end() :]) if found else asked
    return names_many(thing) or bool(_SEVERAL.search(thing))


def _noun(phrase: str) -> str:
    """The first noun with what stands before it: "the paper on snow" → "the paper"; nothing of what is quoted."""
    phrase = _BEFORE_NOUN.sub("", phrase) if not phrase.strip().startswith(("“", '"')) else ""
    behind = _BEHIND_NOUN.search(phrase)
    return (phrase[: behind.start()] if behind else phrase).strip(" .'’")


def _is_title(thing: str) -> bool:
    """A name, or capitals as in "A Deep Reinforced Model", which is no part of a paper."""
    is_name = bool(_NAME.search(thing)) and not _PART.search(thing)
    return (is_name or len(_CAPITAL.findall(_PART.sub("", thing))) > 1) and not _OWN.search(thing)


def names_many(question: str) -> bool:
    """True if the question is about several papers without naming them: "compare the papers", "for each study"."""
    return bool(_PAPERS.search(_NOT_HERE.sub("", question)) or _EACH.search(question))


def may_compare(question: str) -> bool:
    """True if it compares things, which are papers if the library has papers of those names."""
    return bool(_COMPARE.search(plain(question)) or _DIFFER.search(plain(question)))


def _compares(asked: str) -> bool:
    """A comparison whatever the things are called: it says "papers" or begins with "compare"."""
    return bool(_COMPARE.search(asked)) or (bool(_DIFFER.search(asked)) and names_many(asked))


def _is_yes_no(question: str, asked: str) -> bool:
    if _WHICH_PAPERS.search(asked):
        return False
    if _SAY_YES.search(question):
        return True
    behind = _AFTER_TITLE.search(question)
    clause = behind[1] if behind and not _QUESTION_WORD.match(asked) else asked
    if not _QUESTION_WORD.search(question) and _ANSWERED_TITLE.search(question):
        return True
    return bool(_YES_NO.search(clause)) and not _MORE.search(clause) and not _EITHER.search(clause)


def asks_for_papers(question: str) -> bool:
    """True if the papers themselves are asked for: "which papers use GloVe?"."""
    return bool(_WHICH_PAPERS.search(plain(question)))


def _is_list(asked: str) -> bool:
    if _NOT_LIST.search(asked):
        return False
    return bool(_WHICH_PAPERS.search(asked) or _LIST.search(asked) or _WHICH_THINGS.search(asked)) or (
        asks_for_several(asked) and not _SENTENCE.search(asked)
    )
