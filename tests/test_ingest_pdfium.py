"""The two PDF libraries behind their adapters."""

import io

import pytest
from PIL import Image

from ingest import reader
from ingest.pdf import pypdf_reader, source
from ingest.pdf.pdfium import PdfiumFile, render_page
from ragqa.errors import DamagedPdf, EncryptedPdf
from tests import papers


def test_words_carry_place_size_and_weight(tmp_path):
    file = PdfiumFile(papers.write_one_column(tmp_path / "a.pdf"))
    words = {word.text: word for word in file.page(1).words}
    file.close()
    assert words["Alpine"].size == 18
    assert words["Alpine"].bold
    assert not words["Ada"].bold
    assert words["Introduction"].x0 == pytest.approx(81, abs=2)


def test_a_page_that_is_not_there_is_reported(tmp_path):
    file = PdfiumFile(papers.write_one_column(tmp_path / "a.pdf"))
    with pytest.raises(DamagedPdf, match="Page 9"):
        file.page(9)
    file.close()


def test_rendered_rectangles_are_marked(tmp_path):
    path = papers.write_one_column(tmp_path / "a.pdf")
    plain, marked = (
        Image.open(io.BytesIO(render_page(path, 1, rects, 1.0))).convert("RGB")
        for rects in ([], [(300, 300, 340, 320)])
    )
    assert plain.size == marked.size == (596, 842)
    assert plain.getpixel((310, 310)) == (255, 255, 255)
    assert marked.getpixel((310, 310))[2] < 200
    assert plain.getpixel((400, 310)) == marked.getpixel((400, 310))


def test_rendering_a_page_that_is_not_there_is_reported(tmp_path):
    with pytest.raises(DamagedPdf, match="no page 9"):
        render_page(papers.write_one_column(tmp_path / "a.pdf"), 9, [], 1.0)


def test_pypdf_refuses_a_password(tmp_path):
    with pytest.raises(EncryptedPdf):
        pypdf_reader.read_pages(papers.write_encrypted(tmp_path / "a.pdf", "secret"), 20)


def test_unreadable_metadata_is_a_warning(tmp_path):
    metadata, warning = pypdf_reader.read_metadata(papers.write_truncated(tmp_path / "a.pdf"))
    assert metadata.title == ""
    assert "a.pdf" in warning


def test_the_second_reader_takes_over_when_the_first_gives_up(tmp_path, monkeypatch):
    def give_up(path, *_):
        raise DamagedPdf(f"{path.name} cannot be opened.", hint="Download it again.")

    monkeypatch.setattr(source, "read_with_pdfium", give_up)
    document = reader.read_pdf(papers.write_one_column(tmp_path / "a.pdf"), 20)
    assert "Marmots hibernate in groups" in document.pages[0].text
    assert "places on the page are estimates" in document.warnings[0]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ada Lovelace; Grace Hopper", ("Ada Lovelace", "Grace Hopper")),
        ("Ada Lovelace, Grace Hopper and Alan Turing", ("Ada Lovelace", "Grace Hopper", "Alan Turing")),
        ("Lovelace, Ada", ("Ada Lovelace",)),
        ("user", ()),
    ],
)
def test_author_lists_are_split(text, names):
    assert pypdf_reader.split_authors(text) == names
