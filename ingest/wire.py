"""A Document as compact JSON and back, and the frames that carry it through a pipe. No pickle."""

import json
from dataclasses import asdict
from typing import IO, Any

from ragqa.document import Block, BlockKind, Document, Metadata, Page, Rect, Table, Word

_LENGTH_BYTES = 8
MOST_BYTES = 1 << 27
"""Longest payload that a frame may carry."""
_TENTHS = 10
"""Rectangles travel as whole tenths of a point."""


def write_frame(stream: IO[bytes], payload: bytes) -> None:
    """Length, then bytes. Raise BrokenPipeError if nobody reads."""
    stream.write(len(payload).to_bytes(_LENGTH_BYTES, "big"))
    stream.write(payload)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next payload; None if the other side closed its end, even half way, or announces too much."""
    head = stream.read(_LENGTH_BYTES)
    if len(head) < _LENGTH_BYTES:
        return None
    length = int.from_bytes(head, "big")
    if length > MOST_BYTES:
        return None
    payload = stream.read(length)
    return payload if len(payload) == length else None


def document_to_json(document: Document) -> bytes:
    """The whole document."""
    meta = document.metadata
    shape = {
        "metadata": asdict(meta),
        "pages": [_page_to_json(page) for page in document.pages],
        "blocks": [[block.kind.value, block.page, block.start, block.end, block.level] for block in document.blocks],
        "warnings": list(document.warnings),
        "tables": [_table_to_json(table) for table in document.tables],
        "hidden_words": document.hidden_words,
    }
    return json.dumps(shape, ensure_ascii=False, separators=(",", ":")).encode()


def document_from_json(payload: bytes) -> Document:
    """The inverse of document_to_json."""
    shape = json.loads(payload)
    said = shape["metadata"]
    return Document(
        Metadata(**said | {"authors": tuple(said["authors"])}),
        tuple(map(_page_from_json, shape["pages"])),
        tuple(Block(BlockKind(kind), *rest) for kind, *rest in shape["blocks"]),
        tuple(shape["warnings"]),
        tuple(map(_table_from_json, shape["tables"])),
        shape["hidden_words"],
    )


def _table_to_json(table: Table) -> list[Any]:
    return [table.page, table.start, table.end, table.caption, table.header_rows, table.rows]


def _table_from_json(shape: list[Any]) -> Table:
    page, start, end, caption, header_rows, rows = shape
    return Table(page, start, end, tuple(caption), header_rows, tuple(tuple(map(tuple, row)) for row in rows))


def _page_to_json(page: Page) -> list[Any]:
    first = [round(edge * _TENTHS) for word in page.words for edge in word.rects[0]]
    more = [
        [index, *(round(edge * _TENTHS) for edge in rect)]
        for index, word in enumerate(page.words)
        for rect in word.rects[1:]
    ]
    return [page.number, page.width, page.height, page.text, first, more]


def _page_from_json(shape: list[Any]) -> Page:
    number, width, height, text, first, more = shape
    rects: list[tuple[Rect, ...]] = [(_rect(first[at : at + 4]),) for at in range(0, len(first), 4)]
    for index, *edges in more:
        rects[index] = (*rects[index], _rect(edges))
    texts = text.split(" ") if rects else []
    return Page(number, width, height, tuple(map(Word, texts, rects)))


def _rect(tenths: list[int]) -> Rect:
    x0, y0, x1, y1 = tenths
    return (x0 / _TENTHS, y0 / _TENTHS, x1 / _TENTHS, y1 / _TENTHS)
