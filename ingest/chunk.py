"""A document to chunks: whole sentences of one section on one page, packed up to a token limit.

Words are only ever grouped, never rewritten, so a chunk's rectangles are those of its words.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ragqa.document import Block, BlockKind, Chunk, Document, Page, Span, Table
from ragqa.protocols import Tokenizer
from ragqa.sentences import is_finished, sentence_spans

CHUNKER_VERSION = "2"
"""Part of an index's name: chunks of different versions are never mixed."""

SHORT_TOKENS = 40
"""A shorter last chunk takes sentences from the one before it."""

LABEL_TOKENS = 8
"""Less text than this beside a figure or table is a stray label, which says nothing on its own."""

WORDED = 0.5
"""Share of a figure's labels that must be words of some length: ticks and letters say nothing."""

CONTEXT_WORDS = 40
"""Of a caption and of a table's head, for the parts of a table that begin below them."""

_RELATION = re.compile(r"[=<>≤≥≈∝→∈∼∑∏∫≜≡]")
_LONGEST_FORMULA = 60
_FLOWING = frozenset({BlockKind.PARAGRAPH, BlockKind.ABSTRACT, BlockKind.REFERENCE, BlockKind.TABLE, BlockKind.FIGURE})
_FRONT = frozenset({BlockKind.TITLE, BlockKind.AUTHORS})


@dataclass(frozen=True, slots=True)
class Run:
    """Blocks that follow each other on one page and in one section; chunks never cross its ends."""

    page: int
    section: str
    kind: BlockKind
    blocks: tuple[Span, ...]
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """Words ``start:end`` that stay together, and their tokens."""

    start: int
    end: int
    tokens: int


def chunk_document(document: Document, tokenizer: Tokenizer, max_tokens: int) -> list[Chunk]:
    """Chunks of at most ``max_tokens`` tokens (a single longer word excepted), in reading order."""
    pages = {page.number: page for page in document.pages}
    runs = find_runs(document)
    sentences = [(run, span) for run in runs for span in split_sentences(run, pages[run.page])]
    pieces = split_long(count(sentences, pages, tokenizer), pages, tokenizer, max_tokens)
    return [
        _chunk(run, pages[run.page], packed)
        for run in runs
        for packed in pack(pieces.get(run, []), max_tokens)
        if _says_something(run, pages[run.page], packed)
    ]


def _says_something(run: Run, page: Page, pieces: Sequence[Piece]) -> bool:
    """Stray labels do not; nor do figures whose labels are not mostly words, but their captions are chunks."""
    if run.kind is BlockKind.TABLE:
        return bool(run.tables) or _tokens(pieces) >= LABEL_TOKENS
    if run.kind is not BlockKind.FIGURE:
        return True
    words = [word.text for word in page.words[pieces[0].start : pieces[-1].end]]
    worded = sum(len(word) > 2 and word.isalpha() for word in words)
    return _tokens(pieces) >= LABEL_TOKENS and worded >= WORDED * len(words)


def find_runs(document: Document) -> list[Run]:
    """Join neighbouring blocks of the same kind, page and section; a table is a run of its own with its caption."""
    runs: list[Run] = []
    pages = {page.number: page for page in document.pages}
    tables = _tables_by_block(document)
    for block, section in with_sections(document):
        kind = _run_kind(block, pages[block.page])
        own = tables.get((block.page, block.start), ())
        span = (block.start, block.end)
        if runs and _continues(runs[-1], block, section, kind) and runs[-1].tables == own:
            last = runs.pop()
            runs.append(Run(last.page, section, kind, (*last.blocks, span), own))
        else:
            runs.append(Run(block.page, section, kind, (span,), own))
    return runs


def _tables_by_block(document: Document) -> dict[tuple[int, int], tuple[Table, ...]]:
    """The tables of a TABLE block or of a caption, by page and first word; parts of one table have one caption."""
    by_caption: dict[tuple[int, int], tuple[Table, ...]] = {}
    for table in document.tables:
        key = (table.page, table.caption[0] if table.caption[0] < table.caption[1] else table.start)
        by_caption[key] = (*by_caption.get(key, ()), table)
    by_block = {(table.page, table.start): tables for tables in by_caption.values() for table in tables}
    return by_caption | by_block


def _run_kind(block: Block, page: Page) -> BlockKind:
    """The title goes with the authors, and a table's caption with its rows, which mean little without it."""
    if block.kind in _FRONT:
        return BlockKind.AUTHORS
    is_table_caption = block.kind is BlockKind.CAPTION and page.words[block.start].text.lower().startswith("tab")
    return BlockKind.TABLE if is_table_caption else block.kind


def with_sections(document: Document) -> Iterator[tuple[Block, str]]:
    """Every block that is no heading, with its heading path, such as ``3 Method > 3.1 Data``."""
    pages = {page.number: page for page in document.pages}
    path: list[tuple[int, str]] = []
    for block in document.blocks:
        if block.kind is BlockKind.HEADING:
            path = [(level, name) for level, name in path if level < block.level]
            path.append((block.level, _text(pages[block.page], block.start, block.end).rstrip(" .:")))
        else:
            yield block, " > ".join(name for _, name in path)


def _continues(run: Run, block: Block, section: str, kind: BlockKind) -> bool:
    if (run.page, run.section, run.kind) != (block.page, section, kind):
        return False
    return run.blocks[-1][1] == block.start and (kind in _FLOWING or block.kind in _FRONT)


def split_sentences(run: Run, page: Page) -> list[Span]:
    """Sentence spans in words of the page; a paragraph that stops half way flows into the next block.

    Of a table with cells the spans are its rows; a reference is a span, whatever full stops it has.
    """
    if run.kind is BlockKind.REFERENCE:
        return list(run.blocks)
    texts = [word.text for word in page.words]
    rows = {table.start: table.rows for table in run.tables}
    paragraphs: list[Span] = []
    spans: list[Span] = []
    for start, end in run.blocks:
        spans += [(row[0][0], row[-1][1]) for row in rows.get(start, ()) if row[0][0] < row[-1][1]]
        at = max(start, spans[-1][1]) if spans else start
        if paragraphs and at == start and _flows_on(texts, paragraphs[-1], (start, end)):
            paragraphs[-1] = (paragraphs[-1][0], end)
        elif at < end:
            paragraphs.append((at, end))
    return sorted(spans + [(at + a, at + b) for at, end in paragraphs for a, b in sentence_spans(texts[at:end])])


def _flows_on(texts: Sequence[str], before: Span, block: Span) -> bool:
    """A paragraph that stops half way goes on; a displayed formula belongs to the sentence around it."""
    last, first = texts[before[1] - 1], texts[block[0]]
    if _is_formula(texts[block[0] : block[1]]):
        return True
    return not is_finished(last) and not last.endswith(":") and first[0].islower()


def _is_formula(words: Sequence[str]) -> bool:
    """A relation among signs and letters, and hardly a word."""
    if len(words) > _LONGEST_FORMULA or not any(_RELATION.search(word) for word in words):
        return False
    return sum(len(word) > 3 and word.isalpha() for word in words) <= 0.3 * len(words)


def count(
    sentences: Sequence[tuple[Run, tuple[int, int]]], pages: Mapping[int, Page], tokenizer: Tokenizer
) -> list[tuple[Run, Piece]]:
    """Tokens of every sentence, asked for all at once."""
    # One call: tokenizers work on batches far faster than on single sentences.
    texts = [_text(pages[run.page], start, end) for run, (start, end) in sentences]
    counts = tokenizer.token_counts(texts) if texts else []
    return [(run, Piece(*span, tokens)) for (run, span), tokens in zip(sentences, counts, strict=True)]


def split_long(
    pieces: Sequence[tuple[Run, Piece]], pages: Mapping[int, Page], tokenizer: Tokenizer, max_tokens: int
) -> dict[Run, list[Piece]]:
    """Pieces by run, those over the limit cut between words."""
    found: dict[Run, list[Piece]] = {}
    for run, piece in pieces:
        own = found.setdefault(run, [])
        if piece.tokens <= max_tokens:
            own.append(piece)
            continue
        words = [word.text for word in pages[run.page].words[piece.start : piece.end]]
        singles = [Piece(piece.start + i, piece.start + i + 1, n) for i, n in enumerate(tokenizer.token_counts(words))]
        own.extend(map(_merged, _filled(singles, max_tokens)))
    return found


def pack(pieces: Sequence[Piece], max_tokens: int) -> list[list[Piece]]:
    """Fill chunk after chunk; a short last one takes pieces from the one before it."""
    packed = _filled(pieces, max_tokens)
    if len(packed) > 1:
        packed[-2:] = _balanced(packed[-2], packed[-1], max_tokens)
    return packed


def _filled(pieces: Sequence[Piece], max_tokens: int) -> list[list[Piece]]:
    filled: list[list[Piece]] = []
    room = 0
    for piece in pieces:
        if not filled or piece.tokens > room:
            filled.append([])
            room = max_tokens
        filled[-1].append(piece)
        room -= piece.tokens
    return filled


def _balanced(first: list[Piece], last: list[Piece], max_tokens: int) -> list[list[Piece]]:
    while len(first) > 1 and _tokens(last) < SHORT_TOKENS:
        moved = first[-1]
        if _tokens(last) + moved.tokens > max_tokens or _tokens(first) - moved.tokens < SHORT_TOKENS:
            break
        first, last = first[:-1], [moved, *last]
    return [first, last]


def _tokens(pieces: Sequence[Piece]) -> int:
    return sum(piece.tokens for piece in pieces)


def _merged(pieces: Sequence[Piece]) -> Piece:
    return Piece(pieces[0].start, pieces[-1].end, _tokens(pieces))


def _chunk(run: Run, page: Page, pieces: Sequence[Piece]) -> Chunk:
    start, end = pieces[0].start, pieces[-1].end
    context = _context(run, page, start, end)
    return Chunk(run.page, start, end, run.section, run.kind, _text(page, start, end), context)


def _context(run: Run, page: Page, start: int, end: int) -> str:
    """Caption and head of a table that its part ``start:end`` does not hold."""
    table = next((table for table in run.tables if table.start < end and start < table.end), None)
    if table is None:
        return ""
    head = table.rows[: table.header_rows]
    spans = [table.caption, (head[0][0][0], head[-1][-1][1])] if head else [table.caption]
    missing = [(a, min(b, a + CONTEXT_WORDS)) for a, b in spans if not start <= a < end]
    return " ".join(filter(None, (_text(page, a, b) for a, b in missing)))


def _text(page: Page, start: int, end: int) -> str:
    return " ".join(word.text for word in page.words[start:end])
