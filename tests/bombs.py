"""Small files that grow when they are read, each in a way of its own."""

from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from tests.raw_pdfs import FONT, line, packed_stream, stream, write_objects, write_page

MEGABYTE = 1 << 20
_WORD = b"BT /F1 9 Tf 9 9 Td (marmot) Tj ET\n"


def _with_content(path: Path, content: bytes, resources: bytes = b"", *more: bytes) -> Path:
    """A page whose content is an object as given."""
    write_page(path, b"", resources=resources, more=more)
    path.write_bytes(path.read_bytes().replace(stream(b""), content, 1))
    return path


def inflating(path: Path) -> Path:
    """Page content of 4 GB of spaces."""
    return _with_content(path, packed_stream([(b" " * MEGABYTE, 4096), (_WORD, 1)]))


def inflating_twice(path: Path) -> Path:
    """The same, packed once more to a few kilobytes."""
    return _with_content(path, packed_stream([(b" " * MEGABYTE, 4096), (_WORD, 1)], times=2))


def many_glyphs(path: Path) -> Path:
    """Thirty million letters on one page."""
    return _with_content(path, packed_stream([(b"BT /F1 9 Tf 9 9 Td (" + b"marmot " * 1000 + b") Tj ET\n", 4300)]))


def many_words(path: Path) -> Path:
    """A page of 10,000 words, two hundred times."""
    rows = b"".join(b"1 0 0 1 9 %d Tm (" % (8 * y) + b"marmot%d " % y * 100 + b") Tj\n" for y in range(100))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9999 999]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
    kids = b" ".join(b"%d 0 R" % number for number in (3, *range(6, 205)))
    return write_objects(path, [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 200/Kids[" + kids + b"]>>", page,
        packed_stream([(b"BT /F1 3 Tf " + rows + b" ET", 1)]), FONT, *[page] * 199,
    ])  # fmt: skip


def many_paths(path: Path) -> Path:
    """A million boxes over a line of text."""
    return _with_content(path, packed_stream([(_WORD, 1), (b"0 0 200 200 re f\n" * 100, 10_000)]))


def huge_picture(path: Path) -> Path:
    """A picture of 60,000 by 60,000 pixels on a page without words."""
    rows = b"/Type/XObject/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 8/ColorSpace/DeviceGray"
    image = packed_stream([(b"\x80" * MEGABYTE, 3434)], rows)
    return write_page(path, b"500 0 0 500 0 0 cm /I1 Do", resources=b"/XObject<</I1 6 0 R>>", more=[image])


def huge_page(path: Path) -> Path:
    """A page of a million inches, with white words to be judged by its picture."""
    write_page(path, b"1 g " + line("white marmots") + line("more", 70_000_000, 60_000_000))
    path.write_bytes(path.read_bytes().replace(b"[0 0 500 500]", b"[0 0 72000000 72000000]"))
    return path


def nested_forms(path: Path) -> Path:
    """Ten forms, each of which paints the next one ten times: ten thousand million words."""
    forms = []
    for number in range(6, 16):
        inner = b"/Resources<</Font<</F1 5 0 R>>/XObject<</X %d 0 R>>>>" % (number + 1)
        body = b"/X Do " * 10 if number < 15 else _WORD
        forms.append(stream(body, b"/Type/XObject/Subtype/Form/BBox[0 0 500 500]" + inner))
    return write_page(path, b"/X Do", resources=b"/XObject<</X 6 0 R>>", more=forms)


def form_in_itself(path: Path) -> Path:
    """A form that paints itself."""
    entries = b"/Type/XObject/Subtype/Form/BBox[0 0 500 500]/Resources<</XObject<</X 6 0 R>>>>"
    return write_page(
        path, line("marmots") + b"/X Do", resources=b"/XObject<</X 6 0 R>>", more=[stream(b"/X Do", entries)]
    )


def deep_page_tree(path: Path) -> Path:
    """A hundred thousand nodes, each the only child of the one before, and the last the parent of the first."""
    count = 100_000
    nodes = [b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (number + 1) for number in range(2, count)]
    return write_objects(path, [b"<</Type/Catalog/Pages 2 0 R>>", *nodes, b"<</Type/Pages/Kids[2 0 R]/Count 1>>"])


def false_page_count(path: Path) -> Path:
    """One page that is said to be two thousand million."""
    write_page(path, line("marmots"))
    path.write_bytes(path.read_bytes().replace(b"/Count 1", b"/Count 2000000000"))
    return path


def huge_table_of_objects(path: Path) -> Path:
    """A cross-reference stream for a thousand million objects."""
    table = packed_stream([(b"\x01\x00\x00\x00\x10\x00" * 10_000, 10_000)],
                          b"/Type/XRef/Size 1000000000/W[1 4 1]/Root 2 0 R/Index[0 1000000000]")  # fmt: skip
    start = b"%PDF-1.7\n"
    path.write_bytes(start + b"1 0 obj" + table + b" endobj\nstartxref\n%d\n%%%%EOF" % len(start))
    return path


def inflating_objects(path: Path) -> Path:
    """A stream of objects that unpacks to 3 GB."""
    objects = packed_stream([(b"2 0 ", 1), (b" " * MEGABYTE, 3000)], b"/Type/ObjStm/N 1/First 4")
    return write_objects(path, [b"<</Type/Catalog/Pages 2 0 R>>", objects])


def long_report(path: Path) -> Path:
    """Five thousand pages of fifty lines."""
    canvas = Canvas(str(path), pagesize=(595, 842), pageCompression=1, invariant=True)
    for number in range(5000):
        canvas.setFont("Helvetica", 9)
        for row in range(50):
            canvas.drawString(60, 800 - 14 * row, f"Sheet {number}, line {row}: marmots hibernate in groups of twenty.")
        canvas.showPage()
    canvas.save()
    return path


ALL = (
    inflating, inflating_twice, many_glyphs, many_words, many_paths, huge_picture, huge_page, nested_forms,
    form_in_itself, deep_page_tree, false_page_count, huge_table_of_objects, inflating_objects,
)  # fmt: skip
