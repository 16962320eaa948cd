"""Papers as BibTeX. Pure: papers in, text out; reads nothing."""

import re
import string
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from ragqa.types import Paper

_SPECIAL = str.maketrans(
    {character: f"\\{character}" for character in "&%$#_"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    # BibTeX counts braces even behind a backslash.
    | {"{": r"\textbraceleft{}", "}": r"\textbraceright{}"}
)
_PROCEEDINGS = re.compile(
    r"\b(proceedings|conference|workshop|symposium|meeting|congress)\b|^[A-Z]{3,8} \d{4}$", re.IGNORECASE
)
_PREPRINTS = re.compile(r"^(arxiv|biorxiv|medrxiv|chemrxiv|psyarxiv|ssrn)\b", re.IGNORECASE)
_JUNIOR = re.compile(r"^(.*\S) (\S+) ((?:jr|sr)\.?|ii|iii|iv)$", re.IGNORECASE)
_SKIPPED = frozenset(
    "a an the on of for in to and with from by at is are do does can how what why when towards".split()
)
# NFKD does not take these apart.
_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
_VERSION = re.compile(r"v\d+$")


def bibtex(papers: Sequence[Paper], keys: Mapping[str, str]) -> str:
    """One entry a paper, in their order; ``keys`` are those of ``cite_keys``."""
    return "\n".join(_entry(paper, keys[paper.id]) for paper in papers)


def cite_keys(papers: Iterable[Paper]) -> dict[str, str]:
    """Keys by paper id, such as ``vaswani2017attention``; of those alike, later ones end in b, c, …

    Give all papers of a library in the order in which they came: then keys stay when papers are added.
    """
    keys: dict[str, str] = {}
    taken: set[str] = set()
    for paper in papers:
        key = stem = _stem(paper)
        number = 1
        while key in taken:
            number += 1
            key = stem + _letters(number)
        taken.add(key)
        keys[paper.id] = key
    return keys


def _entry(paper: Paper, key: str) -> str:
    kind, venue = _kind(paper)
    arxiv_id = _VERSION.sub("", paper.arxiv_id)
    fields = {
        "title": _title(paper.title or paper.file_name),
        "author": " and ".join(filter(None, map(_author, paper.authors))),
        "year": str(paper.year or ""),
        venue: _escaped(paper.venue),
        "doi": _plain(paper.doi),
        "eprint": _plain(arxiv_id),
        "archiveprefix": "arXiv" if arxiv_id else "",
        "url": _url(paper.doi, arxiv_id),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}", ""])


def _kind(paper: Paper) -> tuple[str, str]:
    """Kind of entry, and the field that names the venue."""
    if not paper.venue or _PREPRINTS.match(paper.venue):
        return "misc", "howpublished"
    return ("inproceedings", "booktitle") if _PROCEEDINGS.search(paper.venue) else ("article", "journal")


def _title(text: str) -> str:
    """Braces keep the capitals of ``BERT`` and ``SpanBERT``; styles would make small letters of them."""
    return " ".join(f"{{{word}}}" if re.search(r"\w[^\W\d_a-z]", word) else word for word in _escaped(text).split(" "))


def _author(name: str) -> str:
    """In natural order, which BibTeX takes apart itself; a name of its own making is kept whole by braces."""
    plain = _escaped(name)
    junior = _JUNIOR.match(plain)
    if junior:
        return f"{junior[2]}, {junior[3]}, {junior[1]}"
    return f"{{{plain}}}" if "," in plain or re.search(r"\band\b", plain, re.IGNORECASE) else plain


def _url(doi: str, arxiv_id: str) -> str:
    if doi:
        return f"https://doi.org/{_plain(doi)}"
    return f"https://arxiv.org/abs/{_plain(arxiv_id)}" if arxiv_id else ""


def _escaped(text: str) -> str:
    return " ".join(text.translate(_SPECIAL).split())


def _plain(text: str) -> str:
    """Ids stand as they are; what would break the entry is percent-encoded."""
    return "".join(f"%{ord(sign):02X}" if sign in "{}\\% " else sign for sign in "".join(text.split()))


def _stem(paper: Paper) -> str:
    families = [_ascii(name.split()[-1]) for name in paper.authors[:1] if name.strip()]
    words = [word for word in map(_ascii, re.split(r"[\s:—–-]+", paper.title)) if word]
    first = next((word for word in words if word not in _SKIPPED and not word.isdigit()), "")
    return "".join((*families, str(paper.year or ""), first[:24])) or f"paper{_ascii(paper.id)[:8]}"


def _ascii(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    return "".join(character for character in decomposed if character.isascii() and character.isalnum())


def _letters(number: int) -> str:
    """2 is b, 26 is z, 27 is aa."""
    text = ""
    while number:
        number, digit = divmod(number - 1, 26)
        text = string.ascii_lowercase[digit] + text
    return text
