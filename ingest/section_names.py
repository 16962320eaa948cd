"""What headings say: their numbers, and the names that sections of papers usually have. Knows text, not layout."""

import re

Number = tuple[int, ...]
"""(3, 1) for "3.1"."""

_NUMBER = re.compile(r"^(?P<number>\d{1,2}(\.\d{1,2}){0,3})\.?\s+(?=[^\W\d_]|\d*[^\W\d_]|[“\"(])")
_LETTER_NUMBER = re.compile(
    r"^(?P<word>(?i:appendix|supplement|annex)\s+)?(?P<number>[A-Z](\.\d{1,2}){0,3})[.:]?(\s+(?=[A-Z(“])|$)"
)
_ROMAN = re.compile(r"^(?P<number>[IVX]{1,5})\.\s+(?=[A-Z])")
_KNOWN = re.compile(
    r"^(abstract|(executive )?summary|(general )?introduction|background|(previous|prior|related) works?"
    r"|related literature|literature review|motivation|preliminaries|methods?|materials? and methods?"
    r"|methods and materials|methodology|experimental procedures|(our )?approach|patients and methods"
    r"|models?|data|datasets?|experiments?|experimental (setup|settings|results)|evaluation|results?"
    r"|results and (discussion|analysis)|analysis|error analysis|ablation (study|studies)|discussion"
    r"|discussions?|conclusions?|conclusions? and future work|concluding remarks|future work|limitations"
    r"|ethics statement|ethical considerations|broader impacts?|acknowledge?ments?|references?|bibliography"
    r"|literature cited"
    r"|appendix|appendices|supplement(ary|al) (material|materials|information|data)|supporting information"
    r"|funding|author contributions|authors[’'] contributions|data availability|code availability"
    r"|competing interests|conflicts? of interest|additional information|declarations"
    r"|keywords|availability and implementation|highlights|graphical abstract)$"
)
# Letters of a name may stand apart ("R E F E R E N C E S", "I NTRODUCTION").
_KNOWN_SQUEEZED = re.compile(_KNOWN.pattern.replace(" ", ""))
_REFERENCES = re.compile(
    r"^(additional|supplement(ary|al)|methods?|appendix|main|selected)?(references?(list|cited|andnotes|andfurtherreading)?"
    r"|notesandreferences|bibliography|literature(cited)?|workscited|citedliterature|literatur(verzeichnis)?"
    r"|références(bibliographiques)?|bibliographie|referencias(bibliográficas)?|bibliografía|referências|литература"
    r"|списоклитературы|参考文献)$"
)
_AFTER_REFERENCES = re.compile(
    r"^(appendi|supplement|supporting info|acknowledg|author contribution|authors[’'] contribution|funding|competing"
    r"|conflict|additional info|data availab|code availab|ethic|about the author|publisher|online content|methods"
    r"|reporting|figure legends|figure captions|open access|extended data|declaration|copyright|correspondence"
    r"|peer review|reprints|how to cite|checklist|neurips paper checklist|author biograph|biograph"
    r"|table of contents|index$)"
)
_EDGES = " .:—–-■"
_BACK_MATTER = re.compile(r"^(appendi|supplement|supporting info)")


def numbered_depth(text: str) -> int:
    """3 for "3.1.2 Title", 1 for "IV. Title" and "A Title", 0 without a number."""
    match = _NUMBER.match(text) or _ROMAN.match(text) or _LETTER_NUMBER.match(text)
    return match["number"].count(".") + 1 if match else 0


def decimal_number(text: str) -> Number:
    """(3, 1, 2) for "3.1.2 Title"; empty if there is none."""
    match = _NUMBER.match(text)
    return tuple(map(int, match["number"].split("."))) if match else ()


def letter_number(text: str) -> Number:
    """(1, 2) for "A.2 Title" and "Appendix A.2"; empty if there is none."""
    match = _LETTER_NUMBER.match(text)
    if not match or (not match["word"] and match.end() == len(text)):
        return ()
    letter, *rest = match["number"].split(".")
    return (ord(letter) - ord("A") + 1, *map(int, rest))


def is_known(text: str) -> bool:
    """True for names such as Introduction, with or without a number."""
    if len(text) > 70:
        return False
    return bool(_KNOWN.match(plain_title(text))) or any(map(_KNOWN_SQUEEZED.match, _squeezed(text)))


def names_references(text: str) -> bool:
    """True for "References" and its like."""
    return len(text) < 50 and any(map(_REFERENCES.match, _squeezed(text)))


def names_what_follows_references(text: str) -> bool:
    """True for appendices, statements and notices."""
    return bool(_AFTER_REFERENCES.match(plain_title(text)))


def names_back_matter(text: str) -> bool:
    """True for "Appendices", "Supplementary Material" and the like."""
    return bool(_BACK_MATTER.match(plain_title(text)))


def plain_title(text: str) -> str:
    """Small letters, without number and closing punctuation."""
    for pattern in (_NUMBER, _ROMAN, _LETTER_NUMBER):
        if pattern.match(text):
            text = pattern.sub("", text, count=1) or text
            break
    return text.lower().strip(_EDGES)


def _squeezed(text: str) -> tuple[str, str]:
    """Without spaces; in "A B S T R A C T" the first letter is no number."""
    return plain_title(text).replace(" ", ""), text.lower().strip(_EDGES).replace(" ", "")
