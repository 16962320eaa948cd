"""Messages that only greet, thank or part: they ask for nothing and are no part of what the talk is about. Pure."""

import re
from collections.abc import Sequence

from ragqa.conversation import Turn

_WORD = re.compile(r"\w+(?:['’]\w+)?")
_SAYS_SO = re.compile(
    r"\b(?:thanks?|thx|cheers|hi|hello|hey|greetings|(?:good)?bye|ok|okay|alright|great|nice|cool|perfect|awesome|amazing|"
    r"excellent|wonderful|brilliant|fantastic|lovely|interesting|helpful|useful|wow|aha?|oh|understood|appreciate[ds]?|"
    r"sorry|good (?:morning|afternoon|evening|day|night|job|work)|well done|see you|got it|i see|makes sense|"
    r"no problem|(?:you are|you['’]re) welcome|(?:that|this|it)(?: is| was|['’]s) (?:all|clear|fine|it)|how are you|"
    r"(?:can|could|would|will) you (?:please )?(?:help|assist) me)\b",
    re.I,
)
# What stands around such words, and never alone says what is wanted.
_AROUND = frozenset(
    """a again all am and answer answering answers are assist can clarification clarifying clear could day did do done
    everyone everything evening explaining explanation explanations fine for get got have help helping here how i i'm
    information informing is it it's job joining just know later letting look lot makes many me much morning my need
    needed night no nope now of please problem really said see sense so some soon sounds that that's the there
    this time to today too very wanted was welcome well will with work would yes you you're your indeed good
    afternoon""".split()
)
# "Is it clear?" is asked of something.
_ASKS = re.compile(r"^\W*(?:is|are|was|do|did|(?:can|could|would|will) (?!you\b)|how (?!are you\b))", re.I)


def is_courtesy(message: str) -> bool:
    """True for "Thanks!", "Hi there" and "Great, thank you, bye."; false as soon as a word says what is wanted."""
    rest = _SAYS_SO.sub(" ", message)
    if rest == message or _ASKS.match(message):
        return False
    return all(word.lower().replace("’", "'") in _AROUND for word in _WORD.findall(rest))


def without_courtesies(turns: Sequence[Turn]) -> list[Turn]:
    """The turns that ask for something, take up what an answer offered, or were answered from a paper."""
    return [
        turn
        for turn in turns
        if turn.cited or turn.standalone_question != turn.question or not is_courtesy(turn.question)
    ]
