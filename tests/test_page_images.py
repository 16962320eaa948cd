"""Pictures of pages: what was cited is marked, and the words in it that answer stand out."""

import io
from pathlib import Path

import pytest
from PIL import Image

from ingest.pdf.pdfium import render_page
from ingest.pdf.render import SubprocessRenderer
from ragqa.details import ShortAnswer
from ragqa.errors import CitationNotFound
from ragqa.page_images import PageImages
from ragqa.store.history import History
from ragqa.types import Answer, Citation
from tests import papers
from tests.test_pipeline import Library, ignore, library, reader

__all__ = ["library", "reader"]

SENTENCE, WORDS, ELSEWHERE = (100.0, 300.0, 300.0, 320.0), (200.0, 300.0, 240.0, 320.0), (400.0, 300.0, 440.0, 320.0)


class Marks:
    """A PageRenderer that remembers what it was to mark."""

    def __init__(self) -> None:
        self.rects: object = None
        self.strong: object = None

    def render(self, path: Path, page: int, rects: object, scale: float, strong: object = ()) -> bytes:
        self.rects, self.strong = rects, strong
        return b"png"


def answer(paper_id: str) -> Answer:
    """Two citations; the first has words that answer."""
    cited = tuple(
        Citation(
            id=f"a.{number}", number=number, paper_id=paper_id, file_name="marmots.pdf", title="", page=1,
            quote="They sleep.", rects=(rect,), score=1.0,
        )
        for number, rect in ((1, SENTENCE), (2, ELSEWHERE))
    )  # fmt: skip
    return Answer(
        answer="They sleep [1] [2]", kind="span", mode="extractive", abstained=False, confidence=1.0, citations=cited,
        short=(ShortAnswer(text="sleep", citation=1, probability=0.9, rects=(WORDS,)),),
        standalone_question="What do they do?", model="extractive", conversation_id="c",
    )  # fmt: skip


def test_words_that_answer_are_marked_within_their_own_citation_only(library: Library, tmp_path: Path) -> None:
    library.intake().ingest([papers.write_one_column(tmp_path / "marmots.pdf")], "", ignore)
    paper = library.catalogue.papers()[0]
    history, marks = History(library.catalogue._db), Marks()
    history.save("a", "What do they do?", answer(paper.id))
    images = PageImages(library.catalogue, history, marks)
    images.png(paper.id, 1, "a.1")
    assert (marks.rects, marks.strong) == ((SENTENCE,), (WORDS,))
    images.png(paper.id, 1, "a.2")
    assert (marks.rects, marks.strong) == ((ELSEWHERE,), ())
    images.png(paper.id, 1, "")
    assert (marks.rects, marks.strong) == ((), ())
    for page, name in ((2, "a.1"), (1, "a.3"), (1, "b.1")):
        with pytest.raises(CitationNotFound):
            images.png(paper.id, page, name)


@pytest.mark.parametrize("draw", [render_page, SubprocessRenderer(512).render], ids=["here", "in a child"])
def test_words_that_answer_have_a_stronger_colour(draw, tmp_path: Path) -> None:
    png = draw(papers.write_one_column(tmp_path / "a.pdf"), 1, [SENTENCE], 1.0, [WORDS])
    image = Image.open(io.BytesIO(png)).convert("RGB")
    light, strong = image.getpixel((110, 310)), image.getpixel((220, 310))
    assert image.getpixel((420, 310)) == (255, 255, 255)
    assert light[2] < 200
    assert strong[1] < light[1] - 20
