"""Whether a sentence can stand by itself for what a paper says. Pure: its words alone."""

import re

TITLE_WORDS = 20  # at most, of a title or a heading
TITLE_CASE = 0.7  # share of its longer words that begin with a capital
LONGER = 4  # letters
LETTERS = 0.6  # share of the words that are words; a formula or a row of a table has less

_ENDS = re.compile(r"[.!?]['\"”’)\]\d,–-]*$")
_LEADS_ON = re.compile(r"(?::\s*\(?(?:\d+|[a-z]|[ivx]+)[.)]+|\bas follows\W*|\b(?:i\.e|e\.g|vs|cf)\.)$", re.I)
# What a publisher prints on a page, and what authors say of the publication and not of the work.
_FURNITURE = re.compile(
    r"\bauthor manuscript\b|\bavailable in PMC\b|^(?:in )?proceedings\b|\bISSN\b|\bdoi:|^preprint\b|\bunder review\b|©|"
    r"\bcopyright\b|\ball rights reserved|\bcreative commons\b|\blicen[cs]ed under\b|\bthis licen[cs]e\b|"
    r"\bpermission to (?:make|reproduce|reprint)|^downloaded from\b|"
    r"\b(?:equal|equally) contribut|\bcontributed equally|\bcorresponding authors?\b|\bcorrespondence (?:should|may)\b|"
    r"\bwork (?:was )?(?:done|performed) (?:while|during|at|when)\b|"
    r"^(?:received|accepted|published|submitted|revised|citation|editors?|reviewers?|keywords?|page)"
    r"(?: online)? ?[:\d]|"
    r"\bauthors? (?:declares?|have no)\b|\bcompeting interests?\b|^we thank\b|"
    r"\bsupported by (?:the|a|an) .*\b(?:grants?|fund)|"
    r"\b(?:is|are|can be|be) found (?:in|at|on) (?:the )?(?:supplement|appendi|online)|"
    r"\bsupplementary (?:information|materials?|data) (?:is|are)\b",
    re.I,
)
_AVAILABLE = re.compile(
    r"\b(?:data(?:sets?)?|codes?|scripts?|software|models?|maps|sequences|coordinates|structures?|materials?|"
    r"checkpoints?|implementations?)\b.{0,80}?\b(?:is|are|were|was|been|be|made)\b.{0,30}?"
    r"(?:\b(?:available|accessible) (?:at|in|from|on|online|via|through|upon|under|here)\b|\bdeposited\b)|"
    r"\b(?:available|accessible|found|downloaded|obtained|visit)\b.{0,60}?(?:https?:\s?//|\bwww\.\w)|"
    r"\baccession (?:codes?|numbers?)\b",
    re.I,
)
# What stands elsewhere in the paper. "Table 2 shows that …" says it itself.
_POINTS = re.compile(
    r"^(?:(?:in|throughout) (?:this|the (?:next|following|rest|remainder))\b.{0,14}?\b(?:sub)?sections?\b|"
    r"(?:in )?sections? \d|(?:the )?(?:rest|remainder) of (?:this|the|our)|"
    r"(?:this|the (?:next|following)) (?:sub)?section|we (?:begin|start|open|close|end) (?:this|the) (?:sub)?section|"
    r"(?:(?:as|see|in) )?(?:tables?|figures?|fig\.|algorithm|equation|eq\.|appendix) \(?[\dA-Z](?!.*\bthat\b))|"
    r"\b(?:paper|article|report|rest of this \w+) is (?:\w+ )?(?:structured|organi[sz]ed)\b|"
    r"\b(?:sub)?section (?:we|describes|presents|introduces|discusses)\b",
    re.I,
)
# Papers do not address their reader: an example, a prompt or a form does.
_ADDRESSES = re.compile(
    r"\b(?:you|your|yours|yourself|you['’]\w+)\b|\b(?:question|answer|input|output) ?:|(?-i:^[QA]:)", re.I
)
_WORD = re.compile(r"[^\W\d_]{2}|^a$", re.I)
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|can|may|might|could|should|would|will|must|do|does|did|[Ww]e|[Tt]hey|"
    r"[Ii]t|use|propose|present|show|find|report|found|made|took|gave|led|held|built|shown|seen|came|went|became|began|"
    r"kept|left|rose|fell|grew|"
    r"[a-z]\w+ed|[a-z]\w+s)\b"
)


def tells(sentence: str) -> bool:
    """False of page furniture, labels, formulas, prompts, and of what is cut off or only points elsewhere."""
    words = sentence.split()
    return (
        _is_whole(sentence)
        and not any(pattern.search(sentence) for pattern in (_FURNITURE, _AVAILABLE, _POINTS, _ADDRESSES))
        and sum(bool(_WORD.search(word)) for word in words) >= LETTERS * len(words)
        and not _is_label(words)
    )


def _is_whole(sentence: str) -> bool:
    """Begins and ends as a sentence: chunks and pages cut some, and a list goes on behind its colon."""
    return sentence[:1].isupper() and bool(_ENDS.search(sentence)) and not _LEADS_ON.search(sentence)


def _is_label(words: list[str]) -> bool:
    """A title, a heading or a legend: no verb in it, or capitals nearly throughout."""
    if not any(_VERB.search(word) for word in words):
        return True
    longer = [word.strip("(“\"'[") for word in words if len(word) >= LONGER]
    return len(words) <= TITLE_WORDS and sum(word[:1].isupper() for word in longer) >= TITLE_CASE * len(longer)
