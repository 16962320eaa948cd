"""Which papers are the same work in another file. Pure: metadata in, yes or no out.

Cautious: a title alone never makes two papers one, and ids that contradict each other part them.
"""

import re
import unicodedata

from ragqa.document import Metadata

_PREPRINT_DOI = re.compile(r"10\.(1101|48550|21203|31234|26434|2139|20944)/")
_VERSION = re.compile(r"v\d+$")
_SHORTEST_TITLE = 16
"""Letters; below, titles such as "Introduction" repeat."""


def work_keys(said: Metadata) -> frozenset[str]:
    """What two files of one work may have in common: DOI, arXiv id without its version, title with first author."""
    keys = {f"doi:{_doi(said)}" if said.doi else "", f"arxiv:{_arxiv(said)}" if _arxiv(said) else ""}
    title, author = folded(said.title), first_family(said)
    if author and len(title) >= _SHORTEST_TITLE:
        keys.add(f"title:{title}/{author}")
    return frozenset(filter(None, keys))


def is_same_work(first: Metadata, second: Metadata) -> bool:
    """They share an id and do not disagree on who wrote what, or share title and first author and no id parts them."""
    shared = work_keys(first) & work_keys(second)
    if any(not key.startswith("title:") for key in shared):
        return _agree(first, second)
    return bool(shared) and not _ids_differ(first, second)


def folded(text: str) -> str:
    """Letters and digits alone, without accents, for comparing."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if character.isalnum())


def first_family(said: Metadata) -> str:
    """Family name of the first author, folded; '' without authors."""
    return folded(said.authors[0].split()[-1]) if said.authors and said.authors[0].strip() else ""


def _agree(first: Metadata, second: Metadata) -> bool:
    """A page may print the DOI of another work: title or first author must be the same, where both are known."""
    titles, authors = (folded(first.title), folded(second.title)), (first_family(first), first_family(second))
    if titles[0] == titles[1] or authors[0] == authors[1]:
        return True
    return not (all(titles) or all(authors))


def _ids_differ(first: Metadata, second: Metadata) -> bool:
    both_published = [doi for doi in (_doi(first), _doi(second)) if doi and not _PREPRINT_DOI.match(doi)]
    arxiv = [arxiv for arxiv in (_arxiv(first), _arxiv(second)) if arxiv]
    return len(set(both_published)) > 1 or len(set(arxiv)) > 1


def _doi(said: Metadata) -> str:
    return said.doi.casefold()


def _arxiv(said: Metadata) -> str:
    return _VERSION.sub("", said.arxiv_id.casefold())
