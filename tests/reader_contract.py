"""What every PdfReader must do: subclass, override the ``reader`` fixture, inherit the tests."""

from pathlib import Path

import pytest

from ragqa.document import BlockKind
from ragqa.errors import DamagedPdf, EmptyFile, EncryptedPdf, NoTextLayer, NotPdf, PathNotFound, TooManyPages
from ragqa.protocols import PdfReader
from tests import papers


class PdfReaderContract:
    """Readers under test allow 20 pages."""

    @pytest.fixture(scope="class")
    @classmethod
    def reader(cls) -> PdfReader:
        raise NotImplementedError

    def test_reads_title_and_authors_from_the_page(self, reader: PdfReader, tmp_path: Path) -> None:
        document = reader.read(papers.write_one_column(tmp_path / "a.pdf"))
        assert document.metadata.title == papers.TITLE
        assert document.metadata.authors == ("Ada Lovelace", "Grace Hopper", "Alan Turing")

    def test_blocks_point_at_words_of_their_page(self, reader: PdfReader, tmp_path: Path) -> None:
        document = reader.read(papers.write_one_column(tmp_path / "a.pdf"))
        for block in document.blocks:
            assert 0 <= block.start < block.end <= len(document.pages[block.page - 1].words)

    def test_every_word_belongs_to_one_block(self, reader: PdfReader, tmp_path: Path) -> None:
        document = reader.read(papers.write_two_columns(tmp_path / "a.pdf"))
        covered = sorted((b.page, i) for b in document.blocks for i in range(b.start, b.end))
        assert covered == [(page.number, i) for page in document.pages for i in range(len(page.words))]

    def test_rectangles_lie_on_the_page(self, reader: PdfReader, tmp_path: Path) -> None:
        page = reader.read(papers.write_one_column(tmp_path / "a.pdf")).pages[0]
        for word in page.words:
            for x0, y0, x1, y1 in word.rects:
                assert 0 <= x0 < x1 <= page.width
                assert 0 <= y0 < y1 <= page.height

    def test_references_are_told_apart(self, reader: PdfReader, tmp_path: Path) -> None:
        document = reader.read(papers.write_one_column(tmp_path / "a.pdf"))
        assert {block.kind for block in document.blocks if block.page == 3} == {BlockKind.HEADING, BlockKind.REFERENCE}

    @pytest.mark.parametrize(
        ("write", "error"),
        [
            (papers.write_empty, EmptyFile),
            (papers.write_not_pdf, NotPdf),
            (papers.write_truncated, DamagedPdf),
            (papers.write_picture_only, NoTextLayer),
            (lambda path: papers.write_encrypted(path, "secret"), EncryptedPdf),
            (lambda path: papers.write_many_pages(path, 21), TooManyPages),
            (lambda path: path, PathNotFound),
        ],
        ids=["empty", "not a PDF", "truncated", "picture only", "encrypted", "21 pages", "missing"],
    )
    def test_names_the_cause_and_the_next_step(self, reader: PdfReader, tmp_path: Path, write, error) -> None:
        path = write(tmp_path / "bad.pdf")
        with pytest.raises(error) as caught:
            reader.read(path)
        assert "bad.pdf" in caught.value.message
        assert caught.value.hint

    def test_reads_a_file_that_an_empty_password_opens(self, reader: PdfReader, tmp_path: Path) -> None:
        document = reader.read(papers.write_encrypted(tmp_path / "a.pdf", ""))
        assert "Marmots whistle" in document.pages[0].text

    def test_page_limit_is_inclusive(self, reader: PdfReader, tmp_path: Path) -> None:
        assert len(reader.read(papers.write_many_pages(tmp_path / "a.pdf", 20)).pages) == 20

    def test_a_bad_file_costs_that_file_only(self, reader: PdfReader, tmp_path: Path) -> None:
        with pytest.raises(DamagedPdf):
            reader.read(papers.write_truncated(tmp_path / "bad.pdf"))
        assert reader.read(papers.write_one_column(tmp_path / "good.pdf")).pages
