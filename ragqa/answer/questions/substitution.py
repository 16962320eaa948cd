"""Puts the subject of "What about SpanBERT?" in the place of the one before, by the shape of their names. Pure."""

import re
from difflib import SequenceMatcher

from ragqa.answer.questions.topics import name_spans, topic
from ragqa.document import Span

LEAST_ALIKE = 3  # characters that two names must share: SpanBERT and BioBERT, GPT-2 and GPT-3
MOST_OF = 0.5  # of the shorter one's; ResNet is not like ImageNet

_NOUN = r"(?:papers?|articles?|stud(?:y|ies)|preprints?|models?|methods?|systems?|data ?sets?|corpus|benchmarks?)"
_PREPOSITION = r"(?:on|in|with|without|at|by|to|from|of|for|under|during|over|after|before)"
_BEHIND = re.compile(rf"\b({_PREPOSITION}) (?:(?:the|a|an) )?$", re.I)
_THE = re.compile(r"\b(?:the|an?) $", re.I)
_SUBJECT = re.compile(
    rf"(?:(?P<preposition>{_PREPOSITION}) )?(?P<article>(?:the|an?) )?(?P<name>.+?)(?P<noun> {_NOUN})?", re.I
)


def in_its_place(question: str, subject: str) -> str:
    """The question with ``subject`` for the name that it stands against; "" if it is no name, or stands against none.

    The name against it is the one that is like it, else the only one, else the topic if nothing else may be meant.
    """
    said = _SUBJECT.fullmatch(subject.strip())
    if said is None or name_spans(f"is {said['name']}") != [(3, 3 + len(said["name"]))]:
        return ""
    place = _place(question, said["name"], (said["preposition"] or "").lower())
    return _put(question, place, said) if place else ""


def _place(question: str, name: str, preposition: str) -> Span | None:
    """Which name of the question gives way."""
    places = [span for span in name_spans(question) if _is_number(question[slice(*span)]) == _is_number(name)]
    if preposition:
        places = [span for span in places if _preposition(question, span) == preposition]
    likeness = {span: _likeness(question[slice(*span)], name) for span in places}
    best = max(places, key=lambda span: likeness[span], default=None)
    if best is None or likeness[best]:
        return best
    if name.startswith("“"):  # a paper takes the place of papers
        places = [span for span in places if question[span[0]] == "“"]
    if len(places) == 1:
        return places[0]
    about = topic(question)
    topics = [span for span in places if about.removesuffix("'s").endswith(question[slice(*span)])]
    rivals = [span for span in places if _preposition(question, span) not in ("", "of" if span in topics else "")]
    return topics[-1] if topics and not rivals else None


def _preposition(question: str, span: Span) -> str:
    found = _BEHIND.search(question[: span[0]])
    return found[1].lower() if found else ""


def _is_number(name: str) -> bool:
    return name[0].isdigit()


def _likeness(old: str, new: str) -> float:
    """Share of the shorter name that both have in one piece; 0 if it is little. Of a title its short name counts."""
    old, new = (name.strip("“”").partition(":")[0].casefold() for name in (old, new))
    if _is_number(old) and _is_number(new):
        return 1.0
    size = SequenceMatcher(None, old, new, autojunk=False).find_longest_match().size
    share = size / max(1, min(len(old), len(new)))
    return share if size >= LEAST_ALIKE and share > MOST_OF else 0.0


def _put(question: str, place: Span, said: re.Match[str]) -> str:
    """The new name, with the words around it unless the question has them."""
    before, after = question[: place[0]], question[place[1] :]
    noun = said["noun"] or ""
    if noun and not after.lower().startswith(noun.lower()):
        article = "" if _THE.search(before) else said["article"] or ""
        return f"{before}{article}{said['name']}{noun}{after}"
    return f"{before}{said['name']}{after}"
