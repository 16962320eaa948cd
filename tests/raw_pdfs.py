"""PDFs written object by object, for what no typesetter would write."""

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


def write_objects(path: Path, objects: Sequence[bytes], trailer: bytes = b"") -> Path:
    """Objects 1, 2, … of which the first is the catalogue; without a table of them, which readers can do without."""
    body = b"".join(b"%d 0 obj%s endobj\n" % (number, content) for number, content in enumerate(objects, start=1))
    path.write_bytes(b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R" + trailer + b">>\n%%EOF")
    return path


def write_page(
    path: Path,
    content: bytes,
    *,
    resources: bytes = b"",
    page: bytes = b"",
    catalogue: bytes = b"",
    more: Sequence[bytes] = (),
) -> Path:
    """One page 500 points square with font F1; ``more`` are objects from number 6."""
    return write_objects(
        path,
        [
            b"<</Type/Catalog/Pages 2 0 R" + catalogue + b">>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 500]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>"
            + resources
            + b">>"
            + page
            + b">>",
            stream(content),
            FONT,
            *more,
        ],
    )


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """A stream object, not packed."""
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), entries, content)


def packed_stream(pieces: Sequence[tuple[bytes, int]], entries: bytes = b"", times: int = 1) -> bytes:
    """A stream of repeated pieces, packed ``times`` times over. Its checksum is wrong, which no reader minds."""
    packer = zlib.compressobj(9)
    data = b""
    for piece, count in pieces:
        first, again = (packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
        data += first + again * (count - 1)
    data += packer.flush()
    for _ in range(times - 1):
        data = zlib.compress(data, 9)
    filters = b"/Filter[" + b"/FlateDecode" * times + b"]"
    return stream(data, filters + entries)


def line(text: str, x: int = 50, y: int = 400) -> bytes:
    """Content that shows a line of 12 points."""
    return b"BT /F1 12 Tf %d %d Td (%s) Tj ET\n" % (x, y, text.encode("ascii"))


def names(entries: Mapping[str, str]) -> bytes:
    """A dictionary's entries."""
    return b" ".join(f"/{name} {value}".encode("ascii") for name, value in entries.items())
