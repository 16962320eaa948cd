"""Pages that are pictures are read by what is installed, in the right places, and said to be."""

import shutil
import stat
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ingest.pdf import ocr
from ingest.pdf.ocr import OcrChoice, find_engine, state_of_recognition
from ingest.reader import read_pdf
from ingest.worker import SubprocessReader
from ragqa.document import Document
from ragqa.errors import NoTextLayer
from tests import papers

SENTENCES = [
    "Marmots hibernate in groups of up to twenty animals.",
    "We observed nine hibernation sites over twelve winters.",
    "The mean duration was 201 days at high altitude.",
]
SIZE = (500.0, 300.0)
DOTS = 4.0

has_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
has_rapidocr = pytest.mark.skipif(
    find_spec("rapidocr") is None or find_spec("onnxruntime") is None, reason="the ocr extra is not installed"
)

# Speaks as tesseract does: the sentence "Marmots whistle", 400 dots from the left and 800 from above.
STAND_IN = """#!{python}
import sys
assert sys.stdin.buffer.read(2) == b"P5", "a grey picture"
print("level\\tpage_num\\tblock_num\\tpar_num\\tline_num\\tword_num\\tleft\\ttop\\twidth\\theight\\tconf\\ttext")
print("4\\t1\\t1\\t1\\t1\\t0\\t400\\t800\\t500\\t50\\t-1\\t")
print("5\\t1\\t1\\t1\\t1\\t1\\t400\\t805\\t240\\t40\\t96.5\\tMarmots")
print("5\\t1\\t1\\t1\\t1\\t2\\t660\\t810\\t240\\t30\\t96.5\\twhistle")
print("5\\t1\\t1\\t1\\t1\\t3\\t950\\t810\\t9\\t9\\t3.1\\t~")
"""


def write_scan(path: Path, *, stamp: str = "", text_page: bool = False, sentences: list[str] = SENTENCES) -> Path:
    """A page that is a picture of sentences, with a stamp in text if asked, perhaps after a page of text."""
    picture = Image.new("RGB", (round(SIZE[0] * DOTS), round(SIZE[1] * DOTS)), "white")
    for row, sentence in enumerate(sentences):
        ImageDraw.Draw(picture).text((200, 300 + 120 * row), sentence, fill="black", font_size=48)
    canvas = Canvas(str(path), pagesize=SIZE, invariant=True)
    if text_page:
        canvas.drawString(50, 200, "This page is text: snow depth explains most of the variance.")
        canvas.showPage()
    canvas.drawImage(ImageReader(picture), 0, 0, *SIZE)
    if stamp:
        canvas.drawString(50, 20, stamp)
    canvas.save()
    return path


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The only program on the path is one that says what tesseract would."""
    if sys.platform == "win32":
        pytest.skip("needs scripts that can be run")
    program = tmp_path / "bin" / "tesseract"
    program.parent.mkdir()
    program.write_text(STAND_IN.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent))


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr.shutil, "which", lambda name: None)
    monkeypatch.setattr(ocr, "find_spec", lambda name: None)


@pytest.mark.usefixtures("stand_in")
def test_recognised_words_stand_where_the_picture_shows_them(tmp_path: Path) -> None:
    document = read_pdf(write_scan(tmp_path / "a.pdf"), 10, OcrChoice())
    (page,) = document.pages
    assert page.text == "Marmots whistle"
    assert page.words[0].rects == ((96.0, 192.0, 153.6, 204.0),)
    assert document.warnings == ("Pages read by text recognition (tesseract), which errs: 1.",)


@pytest.mark.usefixtures("stand_in")
def test_only_the_pages_that_are_pictures_are_recognised(tmp_path: Path) -> None:
    begun: list[int] = []
    document = read_pdf(write_scan(tmp_path / "a.pdf", text_page=True), 10, OcrChoice(), lambda: begun.append(1))
    assert "snow depth" in document.pages[0].text
    assert document.pages[1].text == "Marmots whistle"
    assert len(begun) == 1


@pytest.mark.usefixtures("stand_in")
def test_a_stamp_on_a_scan_is_kept_beside_what_is_recognised(tmp_path: Path) -> None:
    document = read_pdf(write_scan(tmp_path / "a.pdf", stamp="Downloaded from a library"), 10, OcrChoice())
    assert "Marmots whistle" in document.pages[0].text
    assert "Downloaded from a library" in document.pages[0].text


@pytest.mark.usefixtures("stand_in")
def test_blank_pages_are_not_recognised(tmp_path: Path) -> None:
    with pytest.raises(NoTextLayer):
        read_pdf(write_scan(tmp_path / "a.pdf", sentences=[]), 10, OcrChoice())


@pytest.mark.usefixtures("stand_in")
def test_time_for_pictures_runs_out_and_the_rest_is_named(tmp_path: Path) -> None:
    document = read_pdf(write_scan(tmp_path / "a.pdf", text_page=True), 10, OcrChoice(timeout_s=-1.0))
    assert document.warnings == ("Pages without text: 2.",)


@pytest.mark.usefixtures("stand_in")
def test_the_reading_process_recognises_too(tmp_path: Path) -> None:
    reader = SubprocessReader(timeout_s=30, memory_mb=1000, max_pages=10, ocr=OcrChoice())
    try:
        assert reader.read(write_scan(tmp_path / "a.pdf")).pages[0].text == "Marmots whistle"
    finally:
        reader.close()


@pytest.mark.usefixtures("nothing_installed")
def test_without_an_engine_the_reason_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(NoTextLayer, match="no text layer") as caught:
        read_pdf(write_scan(tmp_path / "a.pdf"), 10, OcrChoice())
    assert "apt install tesseract-ocr" in caught.value.hint
    assert 'pip install "ragqa[ocr]"' in caught.value.hint


@pytest.mark.usefixtures("nothing_installed")
def test_without_an_engine_a_mixed_paper_is_read_and_its_pictures_are_named(tmp_path: Path) -> None:
    document = read_pdf(write_scan(tmp_path / "a.pdf", text_page=True), 10, OcrChoice())
    assert "snow depth" in document.pages[0].text
    assert document.warnings[0].startswith("Pages without text: 2. Install text recognition")


def test_recognition_that_is_off_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(NoTextLayer) as caught:
        read_pdf(papers.write_picture_only(tmp_path / "a.pdf"), 10, OcrChoice("off"))
    assert "RAGQA_OCR=auto" in caught.value.hint


@pytest.mark.usefixtures("nothing_installed")
def test_doctor_names_what_is_missing() -> None:
    name, problem = state_of_recognition(OcrChoice())
    assert name == ""
    assert "apt install tesseract-ocr" in problem
    assert state_of_recognition(OcrChoice("off")) == ("", "")


@has_tesseract
def test_doctor_names_a_language_that_is_missing() -> None:
    name, problem = state_of_recognition(OcrChoice("tesseract", "eng+tlh"))
    assert name == "tesseract"
    assert "tlh" in problem


@pytest.mark.parametrize(
    "engine", [pytest.param("tesseract", marks=has_tesseract), pytest.param("rapidocr", marks=has_rapidocr)]
)
def test_a_scan_is_read_where_it_stands(tmp_path: Path, engine: str) -> None:
    reader = SubprocessReader(timeout_s=60, memory_mb=1500, max_pages=10, ocr=OcrChoice(engine))
    try:
        document = reader.read(write_scan(tmp_path / "a.pdf"))
    finally:
        reader.close()
    assert _share_read(document) > 0.95
    (first,) = [word for word in document.pages[0].words if word.text == "hibernate"]
    pen = ImageDraw.Draw(Image.new("RGB", (9, 9)))
    left, right = (50 + pen.textlength(text, font_size=48) / DOTS for text in ("Marmots ", "Marmots hibernate"))
    x0, y0, x1, y1 = first.rects[0]
    assert (x0, x1) == pytest.approx((left, right), abs=3)
    assert 72 < y0 < y1 < 92


def test_tesseract_is_asked_before_rapidocr(tmp_path: Path, stand_in: None) -> None:
    found = find_engine(OcrChoice())
    assert found is not None
    assert found.name == "tesseract"


def _share_read(document: Document) -> float:
    wanted = " ".join(SENTENCES).split()
    read = document.pages[0].text.split()
    return sum(word in read for word in wanted) / len(wanted)
