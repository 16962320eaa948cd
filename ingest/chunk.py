"""A document to chunks: whole sentences of one section on one page, packed up to a token limit.

Words are only ever grouped, never rewritten, so a chunk's rectangles are those of its words.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ragqa.document import Block, BlockKind, Chunk, Document, Page
from ragqa.protocols import Tokenizer
from ragqa.sentences import is_finished, sentence_spans

CHUNKER_VERSION = "1"
"""Part of an index's name: chunks of different versions are never mixed."""

SHORT_TOKENS = 40
"""A shorter last chunk takes sentences from the one before it."""

LABEL_TOKENS = 8
"""Less text than this beside a figure or table is a stray label, which says nothing on its own."""

_FLOWING = frozenset({BlockKind.PARAGRAPH, BlockKind.ABSTRACT, BlockKind.REFERENCE, BlockKind.TABLE})
_FRONT = frozenset({BlockKind.TITLE, BlockKind.AUTHORS})


@dataclass(frozen=True, slots=True)
class Run:
    """Blocks that follow each other on one page and in one section; chunks never cross its ends."""

    page: int
    section: str
    kind: BlockKind
    blocks: tuple[tuple[int, int], ...]


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
        if run.kind is not BlockKind.TABLE or _tokens(packed) >= LABEL_TOKENS
    ]


def find_runs(document: Document) -> list[Run]:
    """Join neighbouring blocks of the same kind, page and section; headings only name sections."""
    runs: list[Run] = []
    pages = {page.number: page for page in document.pages}
    for block, section in with_sections(document):
        kind = _run_kind(block, pages[block.page])
        span = (block.start, block.end)
        if runs and _continues(runs[-1], block, section, kind):
            last = runs.pop()
            runs.append(Run(last.page, section, kind, (*last.blocks, span)))
        else:
            runs.append(Run(block.page, section, kind, (span,)))
    return runs


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
            path.append((block.level, _text(pages[block.page], block.start, block.end)))
        else:
            yield block, " > ".join(name for _, name in path)


def _continues(run: Run, block: Block, section: str, kind: BlockKind) -> bool:
    if (run.page, run.section, run.kind) != (block.page, section, kind):
        return False
    return run.blocks[-1][1] == block.start and (kind in _FLOWING or block.kind in _FRONT)


def split_sentences(run: Run, page: Page) -> list[tuple[int, int]]:
    """Sentence spans in words of the page; a paragraph that stops half way flows into the next block."""
    texts = [word.text for word in page.words]
    paragraphs: list[tuple[int, int]] = []
    for start, end in run.blocks:
        if paragraphs and _flows_on(texts[paragraphs[-1][1] - 1], texts[start]):
            paragraphs[-1] = (paragraphs[-1][0], end)
        else:
            paragraphs.append((start, end))
    return [(at + a, at + b) for at, end in paragraphs for a, b in sentence_spans(texts[at:end])]


def _flows_on(last: str, first: str) -> bool:
    return not is_finished(last) and not last.endswith(":") and first[0].islower()


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
    return Chunk(run.page, start, end, run.section, run.kind, _text(page, start, end))


def _text(page: Page, start: int, end: int) -> str:
    return " ".join(word.text for word in page.words[start:end])
