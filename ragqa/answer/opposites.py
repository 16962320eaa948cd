"""Words that say the opposite of each other. Pure; knows single words, no grammar."""

from collections.abc import Iterator

from ragqa.answer.words import WORD

# Beginnings of words on either side of an opposition.
OPPOSITES = tuple(
    (frozenset(first.split()), frozenset(second.split()))
    for first, second in (
        ("increas rais rise rising rose grow grew grown", "decreas reduc declin drop fall fell shrink shrank diminish"),
        ("higher greater larger bigger more", "lower less smaller fewer fewest"),
        ("highest largest biggest greatest maximum", "lowest smallest minimum"),
        ("better best", "worse worst"),
        ("improv enhanc", "worsen degrad deteriorat impair harm hurt"),
        ("faster fastest", "slower slowest"),
        ("longer longest", "shorter shortest"),
        ("stronger strongest", "weaker weakest"),
        ("positive positively", "negative negatively"),
        ("before", "after"),
        ("above", "below under"),
        ("early earlier earliest", "late later latest"),
        ("first", "last"),
        ("majority", "minority"),
        ("similar same equal identical", "different differ distinct"),
        ("include included includes including", "exclude excluded excludes excluding"),
        ("accept accepted", "reject rejected"),
        ("support supports supported", "contradict contradicts contradicted refute refutes refuted"),
        ("outperform outperforms outperformed exceed exceeds exceeded", "underperform underperforms underperformed"),
        ("success successful successfully succeed succeeds succeeded", "failure fail fails failed"),
        ("presence present", "absence absent"),
        ("always", "never"),
        ("high", "low"),
        ("large", "small"),
        ("male men", "female women"),
    )
)
OPPOSING_PREFIXES = ("un", "in", "im", "non", "dis", "ir", "non-")
SHORTEST_PREFIXED = 5  # letters: "to" is not the opposite of "into"
SHORTEST_STEM_MATCH = 4  # letters from which a beginning stands for the word's other forms


def opposed(claim: str, text: str) -> bool:
    """True if a word of the claim does not stand in the text, but its opposite does."""
    said, there = set(WORD.findall(claim.casefold())), set(WORD.findall(text.casefold()))
    for ours, theirs in _oppositions():
        if _has(said, ours) and not _has(there, ours) and _has(there, theirs) and not _has(said, theirs):
            return True
    mine, other = ({w for w in words if len(w) >= SHORTEST_PREFIXED} for words in (said - there, there - said))
    return any(f"{prefix}{word}" in other for word in mine for prefix in OPPOSING_PREFIXES) or any(
        f"{prefix}{word}" in mine for word in other for prefix in OPPOSING_PREFIXES
    )


def _oppositions() -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    for first, second in OPPOSITES:
        yield first, second
        yield second, first


def _has(words: set[str], beginnings: frozenset[str]) -> bool:
    return not words.isdisjoint(beginnings) or any(
        word.startswith(begin) for begin in beginnings if len(begin) > SHORTEST_STEM_MATCH for word in words
    )
