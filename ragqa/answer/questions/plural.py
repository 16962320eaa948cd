"""Whether a question asks for several things: a plural noun behind "which" or "what". By its words alone. Pure."""

import re

_WHICH = re.compile(
    r"^(?:(?:in|on|with|for|from|to|by|at|of|against|through) )?(?P<which>what|which) (?P<rest>[^,;:?()]+)", re.I
)
_SOME_OF = re.compile(r"^which of (?:the|these|those|their|its) (?!following\b)[\w -]+? (?:were|are|have)\b", re.I)
_WORD = re.compile(r"[\w'’.+/-]*\w")
_COUNTED = re.compile(r"^(?:two|three|four|five|six|seven|eight|nine|ten|several|[2-9])$", re.I)

_OTHERS_VERB = frozenset("do does did can could will would should may might must shall had".split())
_ONE_IS = frozenset("is was has".split())
_SEVERAL_ARE = frozenset("are were have".split())
_AUXILIARIES = _OTHERS_VERB | _ONE_IS | _SEVERAL_ARE
_NOUN_ENDS = _AUXILIARIES | frozenset("which that who whom whose".split())
_SUBJECTS = frozenset("the this that these those it he she they we their its his her a an".split())
_PREPOSITIONS = frozenset("of in from for on with by to about at between among within".split())
LONGEST_NOUN = 6  # words before the verb
LONGEST_COUNTED = 4  # words of "two ancient Roman festivals"

_IRREGULAR = frozenset(
    "criteria people men women children mice rats bacteria fungi phenomena taxa stimuli genera loci nuclei corpora "
    "media strata spectra schemata foci alumni algae larvae".split()
)
# One or several: the verb tells.
_EITHER = frozenset("species series statistics headquarters characteristics mechanics".split())
# Of these, a sentence tells more than a few words.
_EXPLAINED = frozenset(
    "ways years times terms respects circumstances conditions reasons means efforts changes differences effects issues "
    "problems concerns consequences improvements details words advantages disadvantages benefits insights lessons "
    "results findings conclusions implications assumptions arguments steps considerations similarities challenges "
    "contributions enhancements advancements modifications purposes mechanisms".split()
)
_SINGULAR = frozenset(
    "bias gas atlas alias canvas lens news pancreas mathematics physics economics politics genetics linguistics ethics "
    "dynamics robotics electronics optics diabetes rabies measles herpes less plus across always perhaps chaos ethos "
    "cosmos pathos overseas besides".split()
)
# "Which performs better": a verb, with the noun left out.
_VERBS = frozenset(
    "performs works shows gives yields makes takes causes leads provides achieves predicts uses requires needs "
    "produces outperforms runs affects explains contains comes goes means reports describes offers includes refers "
    "depends helps happens allows says wins scores matters converges".split()
)
_NO_VERB = _SUBJECTS | _PREPOSITIONS | frozenset("better best more most worse worst faster well than as and or".split())


def asks_for_several(asked: str) -> bool:
    """True for "Which antibiotics were tested?" and "What two GPUs did they use?", false for "Which virus is it?"."""
    if _SOME_OF.search(asked):
        return True
    found = _WHICH.match(asked)
    words = _WORD.findall(found["rest"]) if found else []
    if found is None or len(words) < 2:
        return False
    verb = next((n for n, word in enumerate(words[: LONGEST_NOUN + 1]) if word.lower() in _NOUN_ENDS), None)
    if _COUNTED.match(words[0]):
        return any(word.lower().endswith("s") or is_plural(word) for word in words[1 : verb or LONGEST_COUNTED])
    if verb is None:
        return found["which"].lower() == "which" and _does_something(words)
    return verb > 0 and words[verb].lower() in _AUXILIARIES and _is_several(_head(words[:verb]), words[verb:])


def _head(noun: list[str]) -> str:
    """The word that the others say more of: "cell lines", "drugs of the trial" → "lines", "drugs"."""
    ends = next((n for n, word in enumerate(noun) if n and word.lower() in _PREPOSITIONS), len(noun))
    return noun[ends - 1]


def _is_several(head: str, rest: list[str]) -> bool:
    """The noun is plural, and the verb does not say otherwise."""
    verb = rest[0].lower()
    if head.lower() in _EITHER:
        return verb in _SEVERAL_ARE
    if verb in _ONE_IS and not (len(rest) > 1 and rest[1].lower() in _SUBJECTS):
        return False
    return is_plural(head)


def _does_something(words: list[str]) -> bool:
    """ "Which antibiotics inhibit growth?": a plural right behind "which", and what may be its verb."""
    is_verb = words[0].lower() in _VERBS or words[1].lower() in _NO_VERB or words[1].lower().endswith("s")
    return is_plural(words[0]) and not is_verb


def is_plural(noun: str) -> bool:
    """By its ending, unless it is an exception; of names and of what has to be explained never."""
    word, is_acronym = noun.lower(), noun.endswith("s") and noun[:-1].isupper()
    if word in _IRREGULAR or is_acronym:
        return True
    if word in _SINGULAR | _EXPLAINED | _EITHER or word.endswith(("ss", "us", "is", "'s", "’s")):
        return False
    return len(noun) > 3 and noun.endswith("s") and not noun[0].isupper()
