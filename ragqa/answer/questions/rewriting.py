"""Rules that rewrite a follow-up to a question that stands alone, without a model. Pure.

They carry over what the talk is about, in the spirit of the entity carry-over of Elgohary et al., "Can You Unpack
That? Learning to Rewrite Questions-in-Context" (EMNLP 2019); ``rewrite_by_rules`` lists them in order.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from ragqa.answer.questions.cited import only_cited, point_at_cited, quoted
from ragqa.answer.questions.courtesies import is_courtesy
from ragqa.answer.questions.substitution import in_its_place
from ragqa.answer.questions.topics import ORDERS, TOKEN, names_in, topic
from ragqa.answer.words import STOP_WORDS, content_words
from ragqa.conversation import CitedPaper, Turn

LONGEST_ELLIPSIS = 1  # content words of a question that leaves something unsaid: "Why?", "Which dataset?"
SENTENCE = 4  # words from which a question without a pronoun needs no more than the paper that it is asked of
OWN_WORDS = 4  # from so many words that are new to the talk, a question names its own things

# "It is true that …" and "the claim that …" point at nothing that was said before.
PRONOUN = re.compile(
    r"\b(it(?!\s+(?:true|possible|known|clear|necessary|likely|common)\b)|its|they|their|them|this|these|those|he|she"
    r"|his|her|him|that(?=\W*$)|(?:(?<=\bis )|(?<=\bwas )|(?<=\bof )|(?<=\bin )|(?<=\bon )|(?<=\bfor ))that"
    r"|the (?:former|latter)|ones?(?=\W*$))\b",
    re.I,
)
POSSESSIVE = frozenset({"its", "their", "his", "her"})
DETERMINERS = frozenset({"this", "that", "these", "those"})
PLURAL_PRONOUNS = frozenset({"they", "their", "them", "these", "those"})
OWN_NOUN = re.compile(r"\b(?:do|does|did|can|could)\s+(?:the\s+|an?\s+)?([\w-]+)", re.I)
WHAT_ABOUT = re.compile(
    r"^(?:and|but|so|also)?\s*(?:what|how)\s+about\s+(.+?)\??$|^(?:and|but)\s+(?:for\s+)?(.+?)\??$", re.I
)
PREPOSITION = re.compile(r"^(?:on|in|with|without|at|by|to|from|of|under|during|over|after|before)\b", re.I)
QUESTION_WORD = re.compile(
    r"^(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|can|could|has|have|had)\b", re.I
)
AUXILIARY = re.compile(r"\b(?:do|does|did|is|are|was|were|can|could|will|would|has|have|had|should)\s+$", re.I)
SUBJECT = re.compile(r"\b(?:do|does|did|is|are|was|were|can|could|has|have|had)\s+(?:the\s+)?([\w.+’'-]+)", re.I)
CLAUSE_ENDS = re.compile(r"[,;:.?!]\s|\b(?:and|but|if|when|because|while|that|which|so|since|than|as)\s", re.I)
DEFINITION = re.compile(r"^(?:what|who)\s+(?:is|are|was|were)\s+(?!the\b)\w", re.I)
IMPERATIVE = re.compile(rf"^(?:please )?(?:{ORDERS})\s+\w", re.I)
ONE = re.compile(r"\bone(?=$| (?:on|about|by|from)\b)", re.I)
LOOKS_BACK = re.compile(
    r"\b(?:differ\w*|compar\w+|instead|too|also|either|else|others?|another|same|similar\w*|better|worse|more|"
    r"less|fewer|as well)\b",
    re.I,
)
ACCEPTED = re.compile(
    r"^\W*(?:(?:yes|yeah|sure|ok|okay|please|of course|go ahead)\b\W*)+(?:thank(?:s| you)\W*)?$", re.I
)
TITLE = re.compile(r"(?:, in )?“[^”]*”")
QUOTED = re.compile(r"“[^”]*”")
ADDED_TITLE = re.compile(r", in “[^”]*”(?:(?:,| and) “[^”]*”)*$")
OFFERED = re.compile(r"([^.?!]{12,}\?)\s*$")
"""A question at the end of an answer, which a "yes" takes up."""


def rewrite_by_rules(question: str, turns: Sequence[Turn]) -> str:
    """Fill in what the question takes from what was said before; nothing where it names its own things."""
    last = turns[-1]
    if is_courtesy(question) and not (ACCEPTED.match(question) and OFFERED.search(last.answer)):
        return question
    if last.asked_back:
        return _specified(question, turns)
    if ACCEPTED.match(question) and (offer := OFFERED.search(last.answer)):
        return offer[1].strip()
    if (pointed := point_at_cited(question, turns, not _brings_names(question, turns))) != question:
        return _filled_in(pointed, turns) if _names_a_title(pointed) else pointed
    paper = only_cited(turns)
    is_whole = paper is not None and len(TOKEN.findall(question)) >= SENTENCE and not WHAT_ABOUT.match(question.strip())
    rewritten = question if is_whole and not _pronouns(question) else _filled_in(question, turns)
    if paper is None or quoted(paper) in rewritten or _leaves(paper, question, rewritten, turns):
        return rewritten
    return f"{rewritten.rstrip(' ?')}, in {quoted(paper)}?"


def _filled_in(question: str, turns: Sequence[Turn]) -> str:
    """What about X, a pronoun, or an ellipsis."""
    if (subject := _new_subject(question)) and not PRONOUN.search(QUOTED.sub("", subject)):
        core = _core(turns, subject)
        return f"{in_its_place(core, subject) or core + _added(subject)}?"
    if pronouns := _pronouns(question):
        return _replace_pronoun(question, pronouns, subject_of(turns, question))
    if _is_ellipsis(question):
        said = [turn for turn in turns if topic(turn.standalone_question)]
        return f"{question.rstrip(' ?')} ({_core(said)})?" if said else question
    return question


def _new_subject(question: str) -> str:
    """X of "What about X?"; "" of any other question."""
    about = WHAT_ABOUT.match(question.strip())
    subject = (about[1] or about[2]).strip() if about else ""
    return "" if QUESTION_WORD.match(subject) else subject


def _names_a_title(question: str) -> bool:
    return bool(QUOTED.fullmatch(_new_subject(question)))


def _added(subject: str) -> str:
    """How a new subject is added to the question before where it takes no place in it."""
    if PREPOSITION.match(subject):
        return f", {subject}"
    return f", in {subject}" if QUOTED.fullmatch(subject) else f", for {subject}"


def subject_of(turns: Sequence[Turn], question: str) -> str:
    """What the talk is about, other than what the question says itself: the topic of the last turn that has one.

    Of a turn that says nothing but titles, and not only where to look, these: "Summarize “X”".
    """
    for turn in reversed(turns):
        plain = TITLE.sub("", turn.standalone_question)
        if found := topic(plain, but_not=question):
            return found
        asked = ADDED_TITLE.sub("", turn.standalone_question.rstrip(" ?"))
        titles = [title for title in QUOTED.findall(asked) if title not in question]
        if titles and not topic(plain):
            return " and ".join(titles)
    return ""


def _brings_names(question: str, turns: Sequence[Turn]) -> bool:
    """True if it names something that was not named before."""
    said = _said(_texts(turns))
    return any(_bare(name) not in said for name in names_in(question))


def begins_anew(question: str, turns: Sequence[Turn]) -> bool:
    """True for a whole sentence that goes on to something else: nothing of what was said before belongs into it."""
    is_whole = len(TOKEN.findall(question)) >= SENTENCE and (
        QUESTION_WORD.match(question) or IMPERATIVE.match(question)
    )
    if not is_whole or turns[-1].asked_back or WHAT_ABOUT.match(question.strip()):
        return False
    if _pronouns(question) or LOOKS_BACK.search(question) or point_at_cited(question, turns) != question:
        return False
    subject = SUBJECT.search(question)
    return _has_new_words(question, turns) or (subject is not None and _brings_names(f"is {subject[1]}", turns))


def _leaves(paper: CitedPaper, question: str, rewritten: str, turns: Sequence[Turn]) -> bool:
    """True if the talk goes on to something that is no part of the paper."""
    return _changes_topic(question, paper, turns) or _is_of_another(paper, rewritten, turns)


def _changes_topic(question: str, paper: CitedPaper, turns: Sequence[Turn]) -> bool:
    """True for names that were not said of this paper, or new words enough, twice as many as old ones."""
    if _pronouns(question):
        return False
    return _has_new_words(question, turns) or _brings_names(question, [*_about(paper, turns)])


def _about(paper: CitedPaper, turns: Sequence[Turn]) -> Iterator[Turn]:
    """What was said of the paper: not the turns that cite others, and not what we asked back."""
    for turn in turns:
        if turn.asked_back:
            yield turn.model_copy(update={"answer": "", "cited": (paper,)})
        elif all(cited.paper_id == paper.paper_id for cited in turn.cited):
            yield turn


def _is_of_another(paper: CitedPaper, rewritten: str, turns: Sequence[Turn]) -> bool:
    """True if it names what a "What about X?" went on to from the paper, and neither title nor answers say."""
    first = next((n for n, turn in enumerate(turns) if paper in turn.cited and not turn.asked_back), len(turns))
    before, after = turns[: first + 1], turns[first + 1 :]
    said = _said([*_texts(before), paper.title, *(turn.answer for turn in after)])
    brought = _said(_new_subject(turn.question) for turn in after)
    names = map(_bare, names_in(QUOTED.sub("", rewritten)))
    return any(name in brought and name not in said for name in names)


def _bare(name: str) -> str:
    return name.lower().removesuffix("'s").removesuffix("’s")


def _said(texts: Iterable[str]) -> str:
    return " ".join(texts).lower()


def _has_new_words(question: str, turns: Sequence[Turn]) -> bool:
    words, said = content_words(question), content_words(" ".join(_texts(turns)))
    return len(words - said) >= max(OWN_WORDS, 2 * len(words & said))


def _texts(turns: Sequence[Turn]) -> Iterator[str]:
    for turn in turns:
        yield from (turn.question, turn.standalone_question, turn.answer, *(paper.title for paper in turn.cited))


def _specified(question: str, turns: Sequence[Turn]) -> str:
    """The answer to a question of ours: which paper was meant, put into the question that we could not answer."""
    pointed = point_at_cited(question, turns)
    if not WHAT_ABOUT.match(pointed.strip()) and (QUESTION_WORD.match(question) or IMPERATIVE.match(question)):
        return pointed
    return f"{_unspecified(turns[-1].standalone_question.rstrip(' ?.'), turns)}, in {_which(pointed)}?"


def _which(reply: str) -> str:
    """The paper that the answer to a question of ours names."""
    about = WHAT_ABOUT.match(reply.strip())
    return ONE.sub("paper", ((about and (about[1] or about[2])) or reply).strip(" .?!"))


def _unspecified(whole: str, turns: Sequence[Turn]) -> str:
    """The question without the paper that the user had named when we asked back."""
    for asked, reply in pairwise(turns):
        if asked.asked_back:
            whole = whole.removesuffix(f", in {_which(reply.question)}")
    return whole


def _pronouns(question: str) -> list[re.Match[str]]:
    """The pronouns whose noun is not in the question itself ("How do marmots feed their young?")."""
    return [found for found in PRONOUN.finditer(question) if not _has_own_noun(question, found)]


def _has_own_noun(question: str, pronoun: re.Match[str]) -> bool:
    before = question[: pronoun.start()]
    own = OWN_NOUN.search(before)
    if pronoun[0].lower() in POSSESSIVE and own is not None and own[1].lower() not in STOP_WORDS:
        return True
    if not AUXILIARY.search(before) and names_in(before):
        return True
    clauses = [found.start() for found in CLAUSE_ENDS.finditer(before)]
    return bool(clauses) and topic(before[: clauses[-1]]) != ""


def _replace_pronoun(question: str, pronouns: Sequence[re.Match[str]], topic_words: str) -> str:
    if not topic_words:
        return question
    found = next((p for p in pronouns if _may_stand_for(p[0].lower(), topic_words)), None)
    if found is None or (found[0].lower() in DETERMINERS and question[found.end() :].lstrip(" ?")):
        # "this model", or "they" for the authors: the words stay, the topic is added where it does no harm.
        return f"{question.rstrip(' ?')} ({topic_words})?"
    ending = "'" if topic_words.endswith("s") else "'s"
    insert = topic_words + ending if found[0].lower() in POSSESSIVE else topic_words
    return question[: found.start()] + insert + question[found.end() :]


def _may_stand_for(pronoun: str, topic_words: str) -> bool:
    return pronoun not in PLURAL_PRONOUNS or topic_words.endswith("s")


def _is_ellipsis(question: str) -> bool:
    content = [token for token in TOKEN.findall(question) if token.lower() not in STOP_WORDS]
    return len(content) <= LONGEST_ELLIPSIS and not DEFINITION.match(question)


def _core(turns: Sequence[Turn], subject: str = "") -> str:
    """The last question without what a follow-up before it had added, so that it does not grow turn by turn.

    What the user had specified goes if the new ``subject`` names something else.
    """
    last = turns[-1]
    whole = ADDED_TITLE.sub("", last.standalone_question.rstrip(" ?"))
    if names_in(f"is {subject}"):
        whole = _unspecified(whole, turns)
    if whole == last.question.rstrip(" ?"):
        return whole
    if _is_ellipsis(last.question) and whole.endswith(")"):
        return whole.partition("(")[2][:-1]
    before = _new_subject(last.question)
    return whole.removesuffix(_added(before)) if before else whole
