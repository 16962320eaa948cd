"""DOIs and arXiv ids in text and file names. Pure."""

import re
from collections.abc import Iterable

DOI = re.compile(r"\b10\.\d{4,9}/[-._;()/:<>A-Za-z0-9]*[A-Za-z0-9)]")
_OLD_ARXIV = r"[a-z-]+(?:\.[A-Z]{2})?/\d{7}"
_ARXIV = re.compile(rf"arXiv:\s?((?:\d{{4}}\.\d{{4,5}}|{_OLD_ARXIV})(?:v\d+)?)", re.IGNORECASE)
ARXIV_STAMP = re.compile(rf"{_ARXIV.pattern}\s\[[^\]]+\]\s\d{{1,2}}\s\w+\s((?:19|20)\d\d)", re.IGNORECASE)
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(.+)", re.IGNORECASE)
ARXIV_FILE = re.compile(r"^(\d{4}\.\d{4,5}(?:v\d+)?)$")


def find_doi(texts: Iterable[str]) -> str:
    """The first one, without a stop or a bracket that belongs to the sentence."""
    for text in texts:
        match = DOI.search(text)
        if match:
            found = match[0]
            return found[:-1] if found.endswith(")") and found.count("(") < found.count(")") else found
    return ""


def find_arxiv_id(first_page: str, doi: str) -> str:
    """From the stamp, with its version, or from arXiv's DOI. An id without subject and date may be a cited paper's."""
    match = ARXIV_STAMP.search(first_page) or _ARXIV.match(first_page) or _ARXIV_DOI.match(doi)
    return match[1] if match else ""
