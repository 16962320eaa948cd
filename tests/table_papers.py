"""Typesets pages with tables, and pages with what must not be taken for one."""

from collections.abc import Sequence
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = A4
TEXT = [
    "Marmots hibernate in groups of up to",
    "twenty animals, and every group keeps its",
    "own burrow through the whole winter. The",
    "depth of the snow above explains most of",
    "the variance that we saw between sites.",
]

Rows = Sequence[Sequence[str]]

DAYS: Rows = (
    ("Site", "Days", "Error", "Snow"),
    ("Alp A", "201", "3.5", "2.2"),
    ("Alp B", "188", "4.1", "1.9"),
    ("Low meadow", "92.5", "12.0", "0.4"),
)


class Sheet:
    """One page to draw on; heights count from the top, as the reader's do."""

    def __init__(self, path: Path) -> None:
        self._canvas = Canvas(str(path), pagesize=A4, invariant=True)

    def text(self, x: float, y: float, text: str, size: float = 10, font: str = "Times-Roman") -> None:
        """A line of text whose baseline is ``y`` points below the top."""
        self._canvas.setFont(font, size)
        self._canvas.drawString(x, HEIGHT - y, text)

    def rule(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A thin line."""
        self._canvas.setLineWidth(0.5)
        self._canvas.line(x0, HEIGHT - y0, x1, HEIGHT - y1)

    def rows(self, rows: Rows, xs: Sequence[float], y: float, pitch: float = 12) -> float:
        """Cells at the left edges ``xs``; the baseline after the last row."""
        for row in rows:
            for x, cell in zip(xs, row, strict=True):
                self.text(x, y, cell, 9)
            y += pitch
        return y

    def prose(self, x: float, y: float, times: int = 1) -> float:
        """Lines of running text; the baseline after the last."""
        for line in TEXT * times:
            self.text(x, y, line)
            y += 12
        return y

    def turn(self) -> None:
        """What follows is written upwards, from the lower left corner of the page as its upper left one."""
        self._canvas.saveState()
        self._canvas.translate(WIDTH, 0)
        self._canvas.rotate(90)
        self._canvas.translate(0, WIDTH - HEIGHT)

    def turn_back(self) -> None:
        """What follows is upright again."""
        self._canvas.restoreState()

    def save(self) -> None:
        """Write the file."""
        self._canvas.save()


def write_booktabs(path: Path, *, caption_above: bool = False) -> Path:
    """Three rules across, text around, the caption below the table unless told otherwise."""
    sheet = Sheet(path)
    y = sheet.prose(72, 80, 2) + 20
    if caption_above:
        sheet.text(72, y, "Table 1: Days asleep at each site.", 9)
        y += 14
    for at in (y, y + 16, y + 60):
        sheet.rule(90, at, 420, at)
    sheet.rows(DAYS[:1], (100, 200, 280, 360), y + 12)
    sheet.rows(DAYS[1:], (100, 200, 280, 360), y + 28)
    if not caption_above:
        sheet.text(72, y + 78, "Table 1: Days asleep at each site.", 9)
    sheet.prose(72, y + 110, 2)
    sheet.save()
    return path


def write_bare(path: Path) -> Path:
    """No rule at all: rows are told by their places."""
    sheet = Sheet(path)
    y = sheet.prose(72, 80, 2) + 20
    sheet.text(72, y, "Table 1: Days asleep at each site.", 9)
    y = sheet.rows(DAYS, (100, 200, 280, 360), y + 18)
    sheet.prose(72, y + 40, 2)
    sheet.save()
    return path


def write_boxed(path: Path) -> Path:
    """Rules on all sides of every cell, a name above two columns, and cells of several lines."""
    sheet = Sheet(path)
    sheet.prose(72, 80)
    sheet.text(72, 180, "Table 1: What was seen where.", 9)
    for y in (190, 206, 222, 258, 282):
        sheet.rule(90 if y != 206 else 180, y, 420, y)
    for x in (90, 180, 420):
        sheet.rule(x, 190, x, 282)
    sheet.rule(300, 206, 300, 282)
    sheet.text(100, 202, "Site", 9)
    sheet.text(270, 202, "Observations", 9)
    sheet.rows((("May", "June"),), (190, 310), 218)
    cells = (("Alp A", "no animal had left", "whistling whenever an"), ("", "its burrow yet", "eagle came near"))
    sheet.rows(cells, (100, 190, 310), 234)
    sheet.rows((("Alp B", "snow", "grass"),), (100, 190, 310), 272)
    sheet.save()
    return path


def write_two_columns(path: Path) -> Path:
    """A table in each column, set side by side, above two columns of text."""
    sheet = Sheet(path)
    for x, name in ((60, "Table 1: Days asleep."), (312, "Table 2: Days awake.")):
        for at in (60, 76, 120):
            sheet.rule(x, at, x + 220, at)
        sheet.rows(DAYS, (x + 5, x + 80, x + 130, x + 180), 72, 13)
        sheet.text(x, 138, name, 9)
        sheet.prose(x, 170, 6)
    sheet.save()
    return path


def write_sideways(path: Path) -> Path:
    """A table set sideways on a page whose text is upright."""
    sheet = Sheet(path)
    sheet.prose(350, 80, 10)
    sheet.turn()
    sheet.text(100, 60, "Table 1: Days asleep at each site.", 9)
    for at in (70, 86, 150):
        sheet.rule(100, at, 500, at)
    rows = (*DAYS, ("Glacier", "215", "2.0", "4.4"), ("High pass", "209", "1.7", "3.9"))
    sheet.rows(rows, (110, 200, 280, 360), 82, 13)
    sheet.turn_back()
    sheet.save()
    return path


def write_long(path: Path) -> Path:
    """A table of forty rows with its caption above."""
    sheet = Sheet(path)
    sheet.text(72, 70, "Table 1: Days asleep of each animal that we followed.", 9)
    animals = ((f"Marmot {n}", "Alp A" if n % 2 else "Alp B", f"{180 + n}") for n in range(40))
    rows = [("Animal", "Site", "Days"), *animals]
    for at in (80, 96, 80 + 16 * 42):
        sheet.rule(90, at, 420, at)
    sheet.rows(rows, (100, 220, 340), 92, 16)
    sheet.save()
    return path


def write_no_table(path: Path) -> Path:
    """Two columns of text that speak of a table, with a list, an equation and a byline, and no table."""
    sheet = Sheet(path)
    for x, name in ((100, "Ada Lovelace"), (260, "Grace Hopper"), (420, "Alan Turing")):
        sheet.text(x, 60, name)
        sheet.text(x, 74, "Alpine Institute")
    for x in (60, 312):
        y = sheet.prose(x, 110, 3)
        sheet.text(x, y, "Table 3 shows how long each of them was")
        y = sheet.prose(x, y + 12, 2)
        for n, item in enumerate(("the burrow is deep", "the snow is high", "the group is large"), start=1):
            sheet.text(x, y, f"{n}.")
            sheet.text(x + 30, y, item)
            y += 12
        sheet.text(x + 40, y + 10, "d = a + b s")
        sheet.text(x + 190, y + 10, "(1)")
        sheet.prose(x, y + 34, 2)
    sheet.save()
    return path


def write_plot(path: Path) -> Path:
    """A figure whose ticks and legend stand in rows, above its caption."""
    sheet = Sheet(path)
    sheet.prose(72, 80, 2)
    for row in range(5):
        sheet.text(100, 230 + 30 * row, f"{250 - 50 * row}", 7)
    for column in range(6):
        sheet.text(130 + 50 * column, 370, f"{2010 + column}", 7)
    sheet.text(72, 400, "Figure 1: Days asleep over the years, for the two sites of Table 1.", 9)
    sheet.prose(72, 430, 3)
    sheet.save()
    return path
