"""Content words of a text, for measuring how much of one text another covers. Pure."""

import re

NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate("two three four five six seven eight nine ten eleven twelve".split(), start=2)
}
STOP_WORDS = frozenset(
    """a about above after again all also am an and any are as at be been before being below between both but by
    can could did do does doing down during each few for from further had has have having he her here hers him
    his how i if in into is it its itself just me more most my no nor not of off on once only or other our out
    over own paper papers same she should so some such than that the their them then there these they this those
    through to too under until up use used uses using very was we were what when where which while who whom why
    will with would you your""".split()
)
WORD = re.compile(r"\w+")
SUFFIXES = ("ations", "ation", "ings", "ing", "ied", "ies", "ed", "es", "s")
SHORTEST_STEM = 4


def content_words(text: str) -> frozenset[str]:
    """Lower-cased words without stop words, common English endings cut off."""
    return frozenset(stem(word) for word in WORD.findall(text.casefold()) if word not in STOP_WORDS)


def coverage(wanted: frozenset[str], text: str) -> float:
    """Share of the wanted words that the text has, 0 to 1; 0 if none is wanted."""
    return len(wanted & content_words(text)) / len(wanted) if wanted else 0.0


def stem(word: str) -> str:
    """The word without common English endings."""
    for suffix in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= SHORTEST_STEM:
            return word[: -len(suffix)]
    return word
