"""Typesets small real PDFs for tests: papers in one and two columns, and files that are hard to read."""

from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = A4
TITLE = "Alpine Marmots and the Length of Winter"
AUTHORS = "Ada Lovelace, Grace Hopper and Alan Turing"
ABSTRACT = "We measured how long marmots sleep in winter. They sleep for two hundred days at high altitude."

CAPTION_END = "with the standard deviation shown as bars."

LEFT = [
    "Marmots hibernate in groups of up to",
    "twenty animals. We observed nine hiber-",
    "nation sites over twelve winters. The",
    "state-of-the-art method is telemetry. A",
    "group that loses members sleeps less.",
]
RIGHT = [
    "Each site was visited four times a year.",
    "The mean duration was 201 days with a",
    "standard deviation of 3.5 days (Fig. 1).",
    "Snow depth explains most of the variance.",
]


def write_one_column(path: Path, *, pages: int = 3) -> Path:
    """Title, authors, abstract, numbered sections, a table, a caption, references; header and page numbers."""
    canvas = _canvas(path, title="untitled")
    for number in range(1, pages + 1):
        _running_lines(canvas, number)
        if number == 1:
            _front(canvas)
            y = _heading(canvas, 1, "1 Introduction", 600)
            y = _lines(canvas, LEFT, 72, y)
        elif number == 2:
            y = _heading(canvas, 2, "2 Method", 740)
            y = _heading(canvas, 3, "2.1 Study sites", y - 6)
            y = _lines(canvas, RIGHT, 72, y)
            _table(canvas, y - 30)
        else:
            y = _heading(canvas, 4, "References", 740)
            entries = [f"[{i}] A. Author. A study of marmots, part {i}. Alpine Journal, 2015." for i in (1, 2, 3)]
            _lines(canvas, entries, 72, y)
        canvas.showPage()
    canvas.save()
    return path


def write_two_columns(path: Path) -> Path:
    """Full-width title over two columns, the lines of both columns written in turns, a figure caption across both."""
    canvas = _canvas(path)
    _front(canvas)
    left = ["Winter is long in the high Alps, and most", "mammals there cannot feed before May."] * 4 + LEFT
    right = ["The second column continues the argument", "and must be read after the first one here."] * 4 + RIGHT
    canvas.setFont("Times-Roman", 10)
    for row in range(max(len(left), len(right))):
        for column, x in ((left, 72), (right, 310)):
            if row < len(column):
                canvas.drawString(x, 600 - 12 * row, column[row])
    canvas.setFont("Times-Roman", 9)
    canvas.drawString(
        72,
        400,
        "Figure 1: Duration of hibernation against altitude, by year, with the standard deviation shown as bars.",
    )
    canvas.save()
    return path


def write_title_in_header(path: Path) -> Path:
    """Three pages whose running header repeats the title of the first."""
    canvas = _canvas(path)
    for number in range(1, 4):
        canvas.setFont("Times-Italic", 9)
        canvas.drawString(72, 815, TITLE)
        if number == 1:
            canvas.setFont("Times-Bold", 18)
            canvas.drawCentredString(WIDTH / 2, 770, TITLE)
        _lines(canvas, LEFT + RIGHT, 72, 700)
        canvas.showPage()
    canvas.save()
    return path


def write_wide_table(path: Path) -> Path:
    """Two columns below a table as wide as the page, whose cells the file writes column by column."""
    canvas = _canvas(path)
    canvas.setFont("Times-Roman", 9)
    columns = [("Site", "Alp A", "Alp B"), ("Days", "201", "188"), ("Error", "3.5", "4.1"), ("Snow", "2.2", "1.9")]
    for column, cells in enumerate(columns):
        for row, cell in enumerate(cells):
            canvas.drawString(90 + 120 * column, 760 - 12 * row, cell)
    canvas.drawString(
        72, 715, "Table 2: Days asleep, standard error and depth of snow at each of the sites that we visited."
    )
    canvas.setFont("Times-Roman", 10)
    for row, (left, right) in enumerate(zip(LEFT * 3, RIGHT * 4, strict=False)):
        canvas.drawString(72, 680 - 12 * row, left)
        canvas.drawString(310, 680 - 12 * row, right)
    canvas.save()
    return path


def write_superscript(path: Path) -> Path:
    """A citation mark set small and raised behind a word."""
    canvas = _canvas(path)
    text = canvas.beginText(72, 700)
    text.setFont("Times-Roman", 12)
    text.textOut("Marmots sleep in deep burrows")
    text.setFont("Times-Roman", 7)
    text.setRise(5)
    text.textOut("21")
    text.setRise(0)
    text.setFont("Times-Roman", 12)
    text.textOut(" and eat CO2-free grass.")
    canvas.drawText(text)
    canvas.save()
    return path


def write_rotated(path: Path, turn: int) -> Path:
    """One line on a page that is shown turned by ``turn`` degrees, with a crop box off the origin."""
    # Square, because reportlab turns the paper along with the page.
    canvas = Canvas(str(path), pagesize=(900, 900), invariant=True)
    canvas.setPageRotation(turn)
    canvas.setCropBox((50, 100, 550, 800))
    canvas.drawString(100, 700, "Marmots are large ground squirrels of the mountains.")
    canvas.save()
    return path


def write_many_pages(path: Path, pages: int) -> Path:
    """A line of text on each page."""
    canvas = _canvas(path)
    for number in range(pages):
        canvas.drawString(72, 500, f"This is sheet number {number} of a long report on marmots.")
        canvas.showPage()
    canvas.save()
    return path


def write_encrypted(path: Path, password: str) -> Path:
    """Opens with ``password`` only; an empty one opens without asking."""
    canvas = Canvas(str(path), pagesize=A4, encrypt=_encryption(password))
    canvas.drawString(72, 700, "Marmots whistle when an eagle comes near.")
    canvas.save()
    return path


def write_picture_only(path: Path) -> Path:
    """A page with a drawing and no words, as a scanner writes it."""
    canvas = _canvas(path)
    canvas.rect(100, 100, 300, 500, fill=1)
    canvas.save()
    return path


def write_empty(path: Path) -> Path:
    """Zero bytes."""
    path.write_bytes(b"")
    return path


def write_not_pdf(path: Path) -> Path:
    """A web page saved under the wrong name."""
    path.write_text("<html><body>404: no such paper</body></html>" * 20, encoding="utf-8")
    return path


def write_truncated(path: Path) -> Path:
    """The first 300 bytes of a paper, as a broken download leaves them."""
    whole = write_one_column(path).read_bytes()
    path.write_bytes(whole[:300])
    return path


def _encryption(password: str) -> StandardEncryption:
    return StandardEncryption(password, ownerPassword="owner", strength=128)


def _canvas(path: Path, title: str = "") -> Canvas:
    canvas = Canvas(str(path), pagesize=A4, invariant=True)
    canvas.setTitle(title)
    return canvas


def _front(canvas: Canvas) -> None:
    canvas.setFont("Times-Bold", 18)
    canvas.drawCentredString(WIDTH / 2, 740, TITLE)
    canvas.setFont("Times-Roman", 12)
    canvas.drawCentredString(WIDTH / 2, 712, AUTHORS)
    canvas.setFont("Times-Bold", 11)
    canvas.drawCentredString(WIDTH / 2, 680, "Abstract")
    canvas.setFont("Times-Roman", 10)
    canvas.drawString(100, 660, ABSTRACT[:46])
    canvas.drawString(100, 648, ABSTRACT[46:])


def _heading(canvas: Canvas, number: int, text: str, y: float) -> float:
    canvas.setFont("Times-Bold", 12)
    canvas.drawString(72, y, text)
    canvas.bookmarkPage(f"h{number}")
    return y - 20


def _lines(canvas: Canvas, lines: list[str], x: float, y: float) -> float:
    canvas.setFont("Times-Roman", 10)
    for line in lines:
        canvas.drawString(x, y, line)
        y -= 12
    return y


def _table(canvas: Canvas, y: float) -> None:
    canvas.setFont("Times-Roman", 9)
    canvas.drawString(72, y, "Table 1: Days asleep by site.")
    for row, cells in enumerate([("Site", "Days", "Error"), ("Alp A", "201", "3.5"), ("Alp B", "188", "4.1")]):
        for column, cell in enumerate(cells):
            canvas.drawString(90 + 90 * column, y - 16 - 12 * row, cell)


def _running_lines(canvas: Canvas, number: int) -> None:
    canvas.setFont("Times-Italic", 9)
    canvas.drawString(72, 815, "Journal of Alpine Studies, vol. 7")
    canvas.drawCentredString(WIDTH / 2, 30, str(number))
