"""Sets a manuscript in two columns: styles, page templates, outline, PDF metadata. Knows nothing of results.

Only the fonts that every PDF reader has are used, and the page streams are not compressed,
so that the bytes depend on nothing but the text.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import reportlab
from figures import draw_figure
from markup import Manuscript, Part
from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    FrameBreak,
    KeepTogether,
    NextPageTemplate,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

WIDTH, HEIGHT = A4
MARGIN, GUTTER, TOP, BOTTOM = 54.0, 20.0, 62.0, 58.0
COLUMN = (WIDTH - 2 * MARGIN - GUTTER) / 2
WRITTEN = "1795219200"  # 21 November 2026; what reportlab dates an invariant file
RULE = colors.Color(0.25, 0.25, 0.25)

BODY = ParagraphStyle(
    "body", fontName="Times-Roman", fontSize=10, leading=12.5, alignment=TA_JUSTIFY, firstLineIndent=11,
    allowWidows=0, allowOrphans=0, splitLongWords=0,
)  # fmt: skip
STYLES = {
    "title": ParagraphStyle("title", fontName="Times-Bold", fontSize=17, leading=21, alignment=TA_CENTER),
    "authors": ParagraphStyle(
        "authors", fontName="Times-Roman", fontSize=11.5, leading=15, alignment=TA_CENTER, spaceBefore=7
    ),
    "abstract_heading": ParagraphStyle(
        "abstract_heading", fontName="Times-Bold", fontSize=11, leading=14, alignment=TA_CENTER, spaceAfter=4,
    ),
    "abstract": ParagraphStyle("abstract", BODY, leftIndent=13, rightIndent=13, firstLineIndent=0),
    "heading1": ParagraphStyle(
        "heading1", fontName="Times-Bold", fontSize=11.5, leading=14, spaceBefore=10, spaceAfter=4,
    ),
    "heading2": ParagraphStyle(
        "heading2", fontName="Times-Bold", fontSize=9.8, leading=12, spaceBefore=7, spaceAfter=3,
    ),
    "paragraph": BODY,
    "first": ParagraphStyle("first", BODY, firstLineIndent=0),
    "item": ParagraphStyle("item", BODY, firstLineIndent=0, leftIndent=11, bulletIndent=2, spaceBefore=2, spaceAfter=2),
    "equation": ParagraphStyle(
        "equation", BODY, alignment=TA_CENTER, firstLineIndent=0, spaceBefore=5, spaceAfter=5
    ),
    "caption": ParagraphStyle(
        "caption", BODY, fontSize=8.6, leading=10.2, firstLineIndent=0, alignment=TA_LEFT
    ),
    "cell": ParagraphStyle("cell", fontName="Times-Roman", fontSize=8.6, leading=10.2),
    "reference": ParagraphStyle(
        "reference", BODY, fontSize=9, leading=10.9, firstLineIndent=-9, leftIndent=9, spaceAfter=3,
        alignment=TA_LEFT,
    ),
}  # fmt: skip


class Outlined(Paragraph):
    """A heading that the PDF's outline lists at ``level`` (from 0)."""

    def __init__(self, text: str, style: ParagraphStyle, level: int) -> None:
        super().__init__(_inline(text), style)
        self.outline_title = text
        self.level = level


class TwoColumns(BaseDocTemplate):
    """A4, title across both columns on the first page, running header and page number on all."""

    def __init__(self, file: Path, manuscript: Manuscript) -> None:
        self.head = manuscript.head
        super().__init__(
            str(file), pagesize=A4, invariant=1, pageCompression=0, lang="en",
            title=self.head["title"], author=self.head["authors"], subject=self.head["subject"],
            keywords=self.head["keywords"].split(", "),
            creator=f"data/sample/build.py with reportlab {reportlab.Version}",
        )  # fmt: skip
        self.title_block = _title_block(self.head)
        tall = sum(_height(part) for part in self.title_block) + 24
        self.addPageTemplates(
            [
                PageTemplate("first", [_title_frame(tall), *_columns(tall)], onPage=self._decorate),
                PageTemplate("later", _columns(0), onPage=self._decorate),
            ]
        )

    def afterFlowable(self, flowable: Flowable) -> None:
        """List headings in the outline; the name is reportlab's."""
        if isinstance(flowable, Outlined):
            key = f"h{self.canv.getPageNumber()}-{self.seq.nextf('outline')}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(flowable.outline_title, key, flowable.level)

    def _decorate(self, canvas: Canvas, _: BaseDocTemplate) -> None:
        canvas.saveState()
        canvas.setFont("Times-Italic", 8.5)
        canvas.drawString(MARGIN, HEIGHT - 40, self.head["running"])
        canvas.drawRightString(WIDTH - MARGIN, HEIGHT - 40, self.head["venue"])
        canvas.setLineWidth(0.4)
        canvas.line(MARGIN, HEIGHT - 45, WIDTH - MARGIN, HEIGHT - 45)
        canvas.setFont("Times-Roman", 9)
        canvas.drawCentredString(WIDTH / 2, 34, str(canvas.getPageNumber()))
        canvas.restoreState()


def typeset(manuscript: Manuscript, results: dict[str, object], file: Path) -> None:
    """Write the paper to ``file``."""
    os.environ["SOURCE_DATE_EPOCH"] = WRITTEN
    document = TwoColumns(file, manuscript)
    document.build([*document.title_block, NextPageTemplate("later"), FrameBreak(), *_story(manuscript, results)])


def _story(manuscript: Manuscript, results: dict[str, object]) -> Iterator[Flowable]:
    counts = {"table": 0, "figure": 0}
    previous = section = ""
    for part in manuscript.parts:
        section = part.text if part.kind == "heading1" else section
        if part.kind in counts:
            counts[part.kind] += 1
            yield _float(part, counts[part.kind], results)
        else:
            yield from _text(part, previous, section)
        previous = part.kind


def _text(part: Part, previous: str, section: str) -> Iterator[Flowable]:
    if part.kind in {"heading1", "heading2"}:
        style = "abstract_heading" if part.text == "Abstract" else part.kind
        yield CondPageBreak(95 if part.kind == "heading1" else 55)
        yield Outlined(part.text, STYLES[style], int(part.kind == "heading2"))
    elif part.kind == "item":
        yield Paragraph(_inline(part.text), STYLES["item"], bulletText="•")
    elif part.kind == "paragraph" and section == "Abstract":
        yield Paragraph(_inline(part.text), STYLES["abstract"])
    else:
        starts = part.kind == "paragraph" and previous != "paragraph"
        yield Paragraph(_inline(part.text), STYLES["first" if starts else part.kind])


def _float(part: Part, number: int, results: dict[str, object]) -> Flowable:
    """Table with its caption above, or figure with its caption below; never parted."""
    caption = Paragraph(f"<b>{part.kind.title()} {number}:</b> {_inline(part.text)}", STYLES["caption"])
    if part.kind == "table":
        content = [caption, Spacer(0, 4), _table(part)]
    else:
        content = [draw_figure(part.name, results, COLUMN), Spacer(0, 4), caption]
    return KeepTogether([Spacer(0, 8), *content, Spacer(0, 9)])


def _table(part: Part) -> Table:
    cells = [[Paragraph(_inline(cell), STYLES["cell"]) for cell in row] for row in part.rows]
    natural = [max(_text_width(row[i]) for row in part.rows) for i in range(len(part.rows[0]))]
    spare = (COLUMN - sum(natural)) / len(natural)
    table = Table(cells, colWidths=[width + spare for width in natural])
    table.setStyle(
        [
            ("LINEABOVE", (0, 0), (-1, 0), 0.8, RULE),
            ("LINEBELOW", (0, 0), (-1, 0), 0.4, RULE),
            ("LINEBELOW", (0, -1), (-1, -1), 0.8, RULE),
            ("TOPPADDING", (0, 0), (-1, -1), 1.6),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.8),
            ("LEFTPADDING", (0, 0), (-1, -1), 2),
            ("RIGHTPADDING", (0, 0), (-1, -1), 2),
        ]
    )
    return table


def _text_width(cell: str) -> float:
    font = "Times-Bold" if cell.startswith("**") else "Times-Roman"
    return float(stringWidth(cell.replace("*", ""), font, STYLES["cell"].fontSize))


def _title_block(head: dict[str, str]) -> list[Flowable]:
    return [
        Outlined(head["title"], STYLES["title"], 0),
        Paragraph(_inline(head["authors"]), STYLES["authors"]),
    ]


def _height(part: Flowable) -> float:
    tall: float = part.wrap(WIDTH - 2 * MARGIN, HEIGHT)[1]
    return tall + part.getSpaceBefore()


def _title_frame(tall: float) -> Frame:
    return _frame(MARGIN, HEIGHT - TOP - tall, WIDTH - 2 * MARGIN, tall)


def _columns(taken: float) -> list[Frame]:
    tall = HEIGHT - TOP - BOTTOM - taken
    return [_frame(MARGIN + side * (COLUMN + GUTTER), BOTTOM, COLUMN, tall) for side in (0, 1)]


def _frame(x: float, y: float, width: float, height: float) -> Frame:
    return Frame(x, y, width, height, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)


def _inline(text: str) -> str:
    """``*italic*``, ``**bold**`` and ``x_1`` subscripts to reportlab's mark-up."""
    marked = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(text))
    marked = re.sub(r"\*(.+?)\*", r"<i>\1</i>", marked)
    return re.sub(r"(?<=[\w>])_(\w)\b", r"<sub rise='2' size='7'>\1</sub>", marked)
