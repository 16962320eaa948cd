"""BibTeX that other programs can read back: escaping, kinds of entries, keys."""

import bibtexparser
import pytest
from bibtexparser.model import Entry
from hypothesis import given
from hypothesis import strategies as st

from ragqa.bibtex import bibtex, cite_keys
from ragqa.types import Paper

ATTENTION = Paper(
    id="a" * 64,
    file_name="1706.03762.pdf",
    title="Attention Is All You Need",
    authors=("Ashish Vaswani", "Łukasz Kaiser"),
    year=2017,
    arxiv_id="1706.03762v5",
)


def export(*papers: Paper) -> str:
    return bibtex(papers, cite_keys(papers))


def parsed(text: str) -> list[Entry]:
    library = bibtexparser.parse_string(text)
    assert library.failed_blocks == []
    return library.entries


def fields(paper: Paper) -> dict[str, str]:
    [entry] = parsed(export(paper))
    return {field.key: field.value for field in entry.fields}


def test_a_preprint() -> None:
    assert export(ATTENTION) == (
        "@misc{vaswani2017attention,\n"
        "  title = {Attention Is All You Need},\n"
        "  author = {Ashish Vaswani and Łukasz Kaiser},\n"
        "  year = {2017},\n"
        "  eprint = {1706.03762},\n"
        "  archiveprefix = {arXiv},\n"
        "  url = {https://arxiv.org/abs/1706.03762},\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("venue", "kind", "field"),
    [
        ("Proceedings of the 2016 Conference on Marmots", "inproceedings", "booktitle"),
        ("31st Conference on Neural Information Processing Systems (NIPS 2017)", "inproceedings", "booktitle"),
        ("ICLR 2021", "inproceedings", "booktitle"),
        ("Nature Communications", "article", "journal"),
        ("bioRxiv", "misc", "howpublished"),
    ],
)
def test_the_venue_tells_the_kind_of_entry(venue, kind, field):
    [entry] = parsed(export(ATTENTION.model_copy(update={"venue": venue})))
    assert (entry.entry_type, entry.fields_dict[field].value) == (kind, venue)


def test_capitals_inside_words_are_kept() -> None:
    said = fields(ATTENTION.model_copy(update={"title": "SpanBERT: Improving the DNA of Models"}))
    assert said["title"] == "{SpanBERT:} Improving the {DNA} of Models"


def test_a_doi_makes_the_address() -> None:
    said = fields(ATTENTION.model_copy(update={"doi": "10.1016/S0140-6736(20)30183-5"}))
    assert (said["doi"], said["url"]) == (
        "10.1016/S0140-6736(20)30183-5", "https://doi.org/10.1016/S0140-6736(20)30183-5",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("author", "written"),
    [
        ("Gerard de Melo", "Gerard de Melo"),
        ("Sammy Davis Jr.", "Davis, Jr., Sammy"),
        ("Research and Development", "{Research and Development}"),
        ("AT&T", r"AT\&T"),
    ],
)
def test_authors(author, written):
    assert fields(ATTENTION.model_copy(update={"authors": (author,)}))["author"] == written


def test_a_paper_of_which_nothing_is_known_has_an_entry() -> None:
    said = fields(Paper(id="b" * 64, file_name="scan_01.pdf"))
    assert said == {"title": r"scan\_01.pdf"}


@pytest.mark.parametrize(
    ("authors", "year", "title", "key"),
    [
        (("Ashish Vaswani",), 2017, "Attention Is All You Need", "vaswani2017attention"),
        (("Łukasz Kaiser",), 2017, "The 3 Éclairs of Gödel", "kaiser2017eclairs"),
        ((), None, "On the Origin", "origin"),
        (("王小明",), 2020, "研究", "2020"),
        ((), None, "", "paperabcdefab"),
    ],
)
def test_keys(authors, year, title, key):
    paper = Paper(id="abcdefabcdef", file_name="x.pdf", authors=authors, year=year, title=title)
    assert cite_keys([paper]) == {paper.id: key}


def test_papers_alike_have_keys_of_their_own_which_later_papers_do_not_change() -> None:
    papers = [ATTENTION.model_copy(update={"id": str(number)}) for number in range(30)]
    keys = list(cite_keys(papers).values())
    assert keys[:3] == ["vaswani2017attention", "vaswani2017attentionb", "vaswani2017attentionc"]
    assert keys[25:27] == ["vaswani2017attentionz", "vaswani2017attentionaa"]
    assert list(cite_keys(papers[:5]).values()) == keys[:5]


ANY = st.text(max_size=60)


@given(st.lists(st.builds(
    Paper,
    id=st.uuids().map(str),
    file_name=st.just("paper.pdf"),
    title=ANY,
    authors=st.lists(ANY, max_size=4).map(tuple),
    year=st.none() | st.integers(1600, 2100),
    doi=st.just("") | ANY.map(lambda rest: f"10.1000/{rest}"),
    venue=ANY,
    arxiv_id=st.sampled_from(["", "1706.03762v5", "hep-th/9901001"]),
), max_size=4))  # fmt: skip
def test_whatever_papers_say_parses_back(papers):
    entries = parsed(export(*papers))
    assert [entry.key for entry in entries] == list(cite_keys(papers).values())
    assert len({entry.key for entry in entries}) == len(papers)
    for entry, paper in zip(entries, papers, strict=True):
        written = {field.key: field.value for field in entry.fields}
        assert written.get("year", "") == str(paper.year or "")
        assert written.get("eprint", "") == paper.arxiv_id.removesuffix("v5")
        assert all(value.count("{") == value.count("}") for value in written.values())
