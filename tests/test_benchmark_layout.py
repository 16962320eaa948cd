"""What the layout benchmark counts, on small documents written by hand, and the labels that are kept."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.layout import as_json, averaged, main, score_all, summed
from benchmarks.layout_labels import (
    LabelledOrder,
    LabelledTable,
    Labels,
    Place,
    ReferenceList,
    labels_of,
    load_labels,
)
from benchmarks.layout_scores import Score, align, compare_grids, letters, score_paper
from ragqa.document import Block, BlockKind, Document, Metadata, Page, Table, Word
from tests.papers import AUTHORS, TITLE, write_one_column

KEPT = sorted((Path(__file__).parents[1] / "benchmarks" / "labels").glob("*/*.json"))
LABELS = Labels("marmots.pdf", "How Marmots Sleep")

Blocks = Sequence[tuple[BlockKind, str]]
HEADING, PARAGRAPH = BlockKind.HEADING, BlockKind.PARAGRAPH
CAPTION, FOOTNOTE, REFERENCE = BlockKind.CAPTION, BlockKind.FOOTNOTE, BlockKind.REFERENCE


def paper(*pages: Blocks, level: int = 1, metadata: Metadata | None = None) -> Document:
    """A document of these blocks; its headings are all of one level."""
    shown, blocks = [], []
    for number, page in enumerate(pages, 1):
        words: list[Word] = []
        for kind, text in page:
            start = len(words)
            words += [Word(token, ()) for token in text.split()]
            blocks.append(Block(kind, number, start, len(words), level if kind is HEADING else 0))
        shown.append(Page(number, 595, 842, tuple(words)))
    return Document(metadata or Metadata(), tuple(shown), tuple(blocks))


def with_table(rows: Sequence[Sequence[str]], page: int = 1) -> Document:
    """A document whose only page is one table."""
    words: list[Word] = []
    spans = []
    for row in rows:
        spans.append([])
        for cell in row:
            start = len(words)
            words += [Word(token, ()) for token in cell.split()]
            spans[-1].append((start, len(words)))
    table = Table(page, 0, len(words), (0, 0), 1, tuple(map(tuple, spans)))
    return Document(Metadata(), (Page(page, 595, 842, tuple(words)),), (), tables=(table,))


def counts(score: Score) -> tuple[int, int, int]:
    return score.right, score.given, score.wanted


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Word Sense Disambiguation", "WORD SENSE  DISAMBIGUATION"),
        ("inﬂammatory", "inflammatory"),
        ("Łukasz Šimić", "Lukasz Simic"),
        ("Ju¨rgen", "Jürgen"),
        ("state-of-the-art", "state-ofthe-art"),
    ],
)
def test_texts_are_compared_by_their_letters(text: str, same: str) -> None:
    assert letters(text) == letters(same)


def test_a_score_is_the_harmonic_mean_of_precision_and_recall() -> None:
    assert Score(1, 2, 1).value == pytest.approx(2 / 3)
    assert Score().value is None
    assert counts(Score(1, 2, 3, ("- gone",)) + Score(1, 1, 1)) == (2, 3, 4)


def test_metadata_is_right_or_wrong_and_authors_are_counted() -> None:
    labels = replace(
        LABELS, authors=("Łukasz Šimić", "Ada Byron"), year=2020, doi="10.1/x", arxiv_id="2001.00001v2", venue="Alpine"
    )
    metadata = Metadata(
        "HOW MARMOTS  SLEEP", ("Lukasz Simic", "Zermatt"), 2019, "https://doi.org/10.1/X", "Alpine", "2001.00001"
    )
    scores = score_paper(paper(metadata=metadata), labels)
    names = ("title", "venue", "doi", "arxiv", "year")
    assert [scores[name].value for name in names] == [1, 1, 1, 1, 0]
    assert counts(scores["authors"]) == (1, 2, 2)
    assert scores["authors"].notes == ("- adabyron", "+ zermatt")


def test_what_is_not_printed_must_not_be_made_up() -> None:
    scores = score_paper(paper(metadata=Metadata(year=2019)), LABELS)
    assert scores["year"].value == 0
    assert scores["doi"].value == 1


def test_a_heading_counts_on_its_page_only() -> None:
    labels = replace(LABELS, headings=(Place("1 Introduction", 1, 1), Place("2 Method", 2, 1)))
    found = paper([(HEADING, "1 Introduction"), (HEADING, "2 Method")], [(PARAGRAPH, "Snow fell.")])
    score = score_paper(found, labels)["headings"]
    assert counts(score) == (1, 2, 2)
    assert score.notes == ("- 2: 2method", "+ 1: 2method")


def test_run_in_and_optional_headings_count_neither_for_nor_against() -> None:
    labels = replace(
        LABELS,
        headings=(
            Place("1 Sites", 1, 1), Place("Setup.", 1, 2, run_in=True), Place("Results.", 1, 2, run_in=True),
            Place("Checklist", 1, 1, optional=True),
        ),
    )  # fmt: skip
    found = paper([(HEADING, "1 Sites"), (HEADING, "Setup."), (HEADING, "Checklist")])
    scores = score_paper(found, labels)
    assert counts(scores["headings"]) == (1, 1, 1)
    assert counts(scores["run-in"]) == (1, 2, 2)


def test_levels_are_judged_where_the_heading_was_found() -> None:
    labels = replace(LABELS, headings=(Place("1 Sites", 1, 1), Place("1.1 Snow", 1, 2), Place("1.2 Ice", 1, 2)))
    score = score_paper(paper([(HEADING, "1 Sites"), (HEADING, "1.1 Snow")], level=2), labels)["levels"]
    assert counts(score) == (1, 2, 2)


def test_nothing_is_judged_from_the_page_on_where_labels_end() -> None:
    labels = replace(LABELS, headings=(Place("1 Sites", 1, 1),), partial_from_page=2)
    found = paper([(HEADING, "1 Sites")], [(HEADING, "A Prompts"), (CAPTION, "Figure 9: A prompt.")])
    scores = score_paper(found, labels)
    assert counts(scores["headings"]) == (1, 1, 1)
    assert scores["captions"].value is None


LIST = ReferenceList(1, 2, 3, "[1] A. Author. A study", "[3] C. Author. The last", after="A Appendix")
FIRST, SECOND, THIRD = (
    "[1] A. Author. A study of marmots.",
    "[2] B. Author. Ice.",
    "[3] C. Author. The last word, 2015.",
)


@pytest.mark.parametrize(
    ("pages", "cut", "single"),
    [
        ([[(REFERENCE, FIRST), (REFERENCE, SECOND)], [(REFERENCE, THIRD)]], 1, (3, 3, 3)),
        ([[(REFERENCE, f"{FIRST} {SECOND} {THIRD}")]], 1, (1, 1, 3)),
        ([[(REFERENCE, FIRST), (REFERENCE, "[2] B.")], [(REFERENCE, "Ice."), (REFERENCE, THIRD)]], 1, (3, 3, 3)),
        ([[(REFERENCE, "We thank the guides."), (REFERENCE, f"{FIRST} {SECOND}"), (REFERENCE, THIRD)]], 0, (3, 3, 3)),
        ([[(REFERENCE, FIRST), (REFERENCE, SECOND)]], 0, (2, 2, 3)),
        ([[(REFERENCE, FIRST), (REFERENCE, SECOND), (REFERENCE, f"{THIRD} A Appendix")]], 0, (3, 3, 3)),
        ([[(REFERENCE, text) for text in (FIRST, SECOND, THIRD, "Snow", "Ice")]], 0, (3, 5, 3)),
        ([[(PARAGRAPH, FIRST)]], 0, (0, 0, 3)),
    ],
    ids=[
        "one block each", "one block for all", "one goes on over the page", "something before", "the last is missing",
        "the appendix is in it", "figure texts after it", "no list found",
    ],
)  # fmt: skip
def test_the_reference_list_is_cut_out_and_up(pages: list[Blocks], cut: int, single: tuple[int, int, int]) -> None:
    scores = score_paper(paper(*pages), replace(LABELS, references=LIST))
    assert (scores["references cut"].value, counts(scores["references"])) == (cut, single)


def test_a_paper_without_references_has_no_reference_blocks() -> None:
    assert score_paper(paper([(PARAGRAPH, "Snow.")]), LABELS)["references cut"].value == 1
    assert score_paper(paper([(REFERENCE, FIRST)]), LABELS)["references cut"].value == 0


GRID = [["Site", "Days", "Snow"], ["Alp", "201", ""], ["Bernina", "", "3.5"]]


@pytest.mark.parametrize(
    ("given", "right"),
    [
        (GRID, 7),
        ([["Table 1", "", ""], *GRID], 7),
        ([["", *row] for row in GRID], 7),
        ([["Site", "Days", "Snow"], ["Alp", "201", ""], ["Bernina", "3.5", ""]], 6),
        ([["Site Days Snow"], ["Alp 201"], ["Bernina 3.5"]], 0),
        ([], 0),
    ],
    ids=["the same", "a row too much", "a column too much", "a cell in the wrong column", "columns joined", "no table"],
)
def test_cells_are_compared_after_rows_and_columns_were_aligned(given: list[list[str]], right: int) -> None:
    score = compare_grids(GRID, given)
    assert (score.right, score.wanted) == (right, 7)


def test_the_table_most_like_the_labelled_one_is_judged() -> None:
    labels = replace(LABELS, table=LabelledTable(1, "Table 1", tuple(map(tuple, GRID))))
    assert score_paper(with_table(GRID), labels)["cells"].value == 1
    assert score_paper(with_table(GRID, page=2), labels)["cells"].value == 0
    assert score_paper(with_table([["Site", "Days"], ["Alp", "2.01"]]), labels)["cells"].right == 3


def test_alignment_keeps_the_order_of_both() -> None:
    assert align(3, 3, lambda a, b: int("abc"[a] == "cab"[b])) == [(0, 1), (1, 2)]
    assert align(0, 2, lambda a, b: 1) == []


def test_captions_are_found_by_their_labels() -> None:
    labels = replace(
        LABELS,
        captions=(Place("Figure 1: Sleep", 1), Place("Table 10: Snow", 1), Place("Listing 1: Code", 1, optional=True)),
    )
    found = paper([(CAPTION, "Fig. 1. Sleep by year"), (CAPTION, "Table 1: Snow"), (CAPTION, "Listing 1: Code")])
    assert counts(score_paper(found, labels)["captions"]) == (1, 2, 2)


def test_footnotes_may_begin_with_their_mark() -> None:
    labels = replace(LABELS, footnotes=(Place("We counted twice", 1), Place("By hand", 1)))
    found = paper([(FOOTNOTE, "3 We counted twice, in May.")], [(FOOTNOTE, "By hand")])
    assert counts(score_paper(found, labels)["footnotes"]) == (1, 2, 2)


def test_a_page_is_in_order_if_all_its_snippets_are() -> None:
    labels = replace(
        LABELS,
        order=(
            LabelledOrder(1, ("marmots sleep", "in winter")),
            LabelledOrder(2, ("in winter", "marmots sleep")),
            LabelledOrder(3, ("not there",)),
        ),
    )
    text = [(PARAGRAPH, "All marmots sleep long in winter.")]
    score = score_paper(paper(text, text), labels)["order"]
    assert counts(score) == (1, 3, 3)
    assert score.notes == ("- 2: marmots sleep", "- 3: not there")


def labels_row(**changes: Any) -> Mapping[str, Any]:
    """What a label file of the typeset test paper holds."""
    row = {
        "doc": "marmots.pdf", "title": TITLE, "authors": AUTHORS.replace(" and ", ", ").split(", "), "year": None,
        "venue": "", "doi": "", "arxiv_id": "", "table": None, "captions": [], "footnotes": [], "order": [],
        "headings": [{"text": "2 Method", "page": 2, "level": 1}],
        "references": {
            "page": 3, "last_page": 3, "count": 3, "first": "[1] A. Author. A study of marmots, part 1.",
            "last": "[3] A. Author. A study", "after": "",
        },
    }  # fmt: skip
    return row | changes


def test_the_command_writes_what_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_one_column(tmp_path / "marmots.pdf")
    (tmp_path / "empty.pdf").touch()
    labels = tmp_path / "labels"
    labels.mkdir()
    for name in ("empty", "marmots"):
        row = labels_row(doc=f"{name}.pdf")
        (labels / f"{name}.json").write_text(json.dumps(row), encoding="utf-8")
    out = tmp_path / "scores.json"
    command = ["layout", str(tmp_path), "--labels", str(labels), "--workers", "1", "--json", str(out)]
    monkeypatch.setattr(sys, "argv", command)
    main()
    printed, written = capsys.readouterr().out, json.loads(out.read_text(encoding="utf-8"))
    assert "marmots" in printed
    assert written["papers"]["marmots"]["title"]["value"] == 1
    assert written["papers"]["empty"]["title"]["value"] == 0
    assert written["all"]["title"] == {"value": 0.5, "right": 1, "given": 2, "wanted": 2, "notes": []}


def test_papers_are_summed_and_averaged() -> None:
    results = {"long": {"cells": Score(8, 10, 10)}, "short": {"cells": Score(0, 0, 1)}, "none": {"cells": Score()}}
    assert counts(summed(results)["cells"]) == (8, 10, 11)
    assert averaged(results)["cells"] == pytest.approx(0.4)
    assert as_json(results)["papers"]["none"]["cells"]["value"] is None


def test_no_labels_give_no_scores(tmp_path: Path) -> None:
    assert list(score_all(tmp_path, [], workers=1)) == []


def test_a_misspelt_key_is_refused() -> None:
    with pytest.raises(TypeError):
        labels_of(labels_row(headings=[{"text": "2 Method", "page": 2, "levl": 1}]))


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.stem)
def test_kept_labels_are_whole(file: Path) -> None:
    labels = load_labels(file)
    assert labels.title
    assert all(place.level >= 1 for place in labels.headings)
    assert all(place.text and place.page >= 1 for place in (*labels.headings, *labels.captions, *labels.footnotes))
    assert len({len(row) for row in (labels.table.rows if labels.table else ())}) <= 1
    assert all(len(letters(snippet)) >= 10 for page in labels.order for snippet in page.snippets)
