"""When two papers are the same work in another file; cautious by design."""

from dataclasses import replace

import pytest

from ragqa.document import Metadata
from ragqa.works import is_same_work, work_keys

PAPER = Metadata(
    title="How Marmots Sleep in Winter",
    authors=("Ada Lovelace", "Grace Hopper"),
    doi="10.1000/182",
    arxiv_id="1706.03762v1",
)
BARE = replace(PAPER, doi="", arxiv_id="")


@pytest.mark.parametrize(
    "other",
    [
        replace(PAPER, arxiv_id="1706.03762v7", doi="", title="How Marmots Sleep"),
        replace(PAPER, arxiv_id="", doi="10.1000/182", title="How marmots sleep in winter."),
        replace(BARE, title="How marmots sleep in winter", authors=("A. Lovelace",)),
        replace(BARE, doi="10.1101/2024.01.01.000001"),
        Metadata(arxiv_id="1706.03762"),
    ],
    ids=["another version", "DOI", "title and first author", "preprint and journal", "nothing but the id"],
)
def test_the_same_work(other):
    assert is_same_work(PAPER, other)
    assert is_same_work(other, PAPER)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (BARE, replace(BARE, authors=("Alan Turing",))),
        (BARE, replace(BARE, authors=())),
        (replace(BARE, title="Introduction"), replace(BARE, title="Introduction")),
        (replace(BARE, doi="10.1000/1"), replace(BARE, doi="10.1000/2")),
        (replace(BARE, arxiv_id="1706.03762"), replace(BARE, arxiv_id="1801.00001")),
        (PAPER, Metadata(title="A Data Set of Burrows", authors=("Alan Turing",), doi="10.1000/182")),
        (Metadata(), Metadata()),
    ],
    ids=["other author", "title alone", "short title", "two DOIs", "two arXiv ids", "DOI of a cited work", "nothing"],
)
def test_other_works(first, second):
    assert not is_same_work(first, second)


def test_keys_are_free_of_version_case_and_accents() -> None:
    said = Metadata("Ärger in the Burrows", ("Zoë Müller",), doi="10.1000/ABC", arxiv_id="1706.03762v3")
    assert work_keys(said) == {"doi:10.1000/abc", "arxiv:1706.03762", "title:argerintheburrows/muller"}
