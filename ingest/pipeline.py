"""From queued PDFs to ready papers: read → chunk → embed → store → index. Follow ``Pipeline.run`` from the top."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ingest.chunk import CHUNKER_VERSION, chunk_document
from ingest.folder import content_hash
from ragqa.catalogue import Catalogue
from ragqa.document import BlockKind, Chunk, Document
from ragqa.errors import LibraryError, PaperNotFound, PathNotFound, ReadError
from ragqa.index import HybridIndex
from ragqa.protocols import Embedder, PdfReader, Vectors
from ragqa.types import Paper, PaperState

log = logging.getLogger(__name__)

READ_AHEAD = 3  # papers read while one is embedded; bounds memory

OnChange = Callable[[Paper], None]


@dataclass(frozen=True, slots=True)
class ReadPaper:
    """A paper's document and chunks, not embedded yet."""

    paper: Paper
    document: Document
    chunks: list[Chunk]


def generation(embedder: Embedder, chunk_tokens: int) -> str:
    """Names what vectors and chunks depend on; papers of another generation are made anew."""
    return f"{embedder.fingerprint}+chunks-{CHUNKER_VERSION}-{chunk_tokens}"


class Pipeline:
    """Works off the queue. One ``run`` at a time."""

    def __init__(
        self, catalogue: Catalogue, reader: PdfReader, embedder: Embedder, index: HybridIndex, chunk_tokens: int
    ) -> None:
        self._catalogue = catalogue
        self._reader = reader
        self._embedder = embedder
        self._index = index
        self._chunk_tokens = chunk_tokens
        self._running = threading.Lock()

    def run(self, on_change: OnChange, stop: threading.Event) -> None:
        """Read and embed until the queue is empty or ``stop`` is set; a paper begun is finished or goes back."""
        with self._running:
            # A full disk may have kept an earlier run from putting its papers back.
            self._catalogue.requeue_unfinished()
            for paper, reading in self._read_ahead(on_change, stop):
                with self._failure_noted(paper, on_change):
                    read = reading.result()
                    on_change(self._moved(paper, PaperState.EMBEDDING))
                    vectors = self._embed(read)
                    self._store(read, vectors)
                    on_change(self._catalogue.paper(paper.id))

    def update_index(self) -> None:
        """Let the indexes forget what the catalogue has forgotten."""
        self._index.update()

    def _read_ahead(self, on_change: OnChange, stop: threading.Event) -> Iterator[tuple[Paper, "Future[ReadPaper]"]]:
        """Queued papers with their reading, which runs in a thread of its own, a few papers ahead."""
        waiting: list[tuple[Paper, Future[ReadPaper]]] = []
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read") as thread:
            try:
                while not stop.is_set():
                    begun = {paper.id for paper, _ in waiting}
                    queued = [p for p in self._catalogue.papers(PaperState.QUEUED) if p.id not in begun]
                    for paper in queued[: READ_AHEAD - len(waiting)]:
                        on_change(self._moved(paper, PaperState.READING))
                        waiting.append((paper, thread.submit(self._read, paper)))
                    if not waiting:
                        return
                    yield waiting.pop(0)
            finally:
                for paper, reading in waiting:
                    reading.cancel()
                    self._put_back(paper)

    def _read(self, paper: Paper) -> ReadPaper:
        path = self._catalogue.path(paper.id)
        if not path.is_file():
            raise PathNotFound(f"{path} is gone.", hint="Put it back and ingest it again, or delete the paper.")
        document = self._reader.read(path)
        if content_hash(path) != paper.id:
            raise PathNotFound(f"{path} has changed since it was found.", hint="Ingest it again.")
        return ReadPaper(paper, document, chunk_document(document, self._embedder, self._chunk_tokens))

    def _embed(self, read: ReadPaper) -> list[Vectors | None]:
        """A vector per chunk; references get none and are not searched."""
        title = read.document.metadata.title
        searched = [n for n, chunk in enumerate(read.chunks) if chunk.kind is not BlockKind.REFERENCE]
        passages = [passage(title, read.chunks[n]) for n in searched]
        vectors: list[Vectors | None] = [None] * len(read.chunks)
        for n, vector in zip(searched, self._embedder.embed_passages(passages), strict=True):
            vectors[n] = vector
        return vectors

    def _store(self, read: ReadPaper, vectors: Sequence[Vectors | None]) -> None:
        """The catalogue first: whatever happens after, the indexes can be brought up to it."""
        made_by = generation(self._embedder, self._chunk_tokens)
        self._catalogue.store(read.paper.id, read.document, read.chunks, vectors, made_by)
        self._index.update()

    def _moved(self, paper: Paper, state: PaperState) -> Paper:
        self._catalogue.set_state(paper.id, state)
        return paper.model_copy(update={"state": state})

    def _put_back(self, paper: Paper) -> None:
        """Queue a paper again; where that cannot be written now, the next run does it."""
        with suppress(LibraryError):
            self._catalogue.set_state(paper.id, PaperState.QUEUED)

    @contextmanager
    def _failure_noted(self, paper: Paper, on_change: OnChange) -> Iterator[None]:
        """A paper that cannot be read ends ``failed`` with the reason; any other error puts it back in the queue."""
        started = time.perf_counter()
        try:
            yield
        except PaperNotFound:
            log.info("%s was deleted while it was read.", paper.file_name)
        except (ReadError, PathNotFound) as exc:
            self._catalogue.fail(paper.id, exc.code, str(exc))
            with suppress(PaperNotFound):  # deleted, and its file with it, while it was read
                on_change(self._catalogue.paper(paper.id))
        except BaseException:  # Ctrl-C too: a paper that was begun must not stay begun
            self._put_back(paper)
            raise
        log.debug("%s took %.2f s", paper.file_name, time.perf_counter() - started)


def passage(title: str, chunk: Chunk) -> str:
    """What is embedded: the chunk with the title and heading path that give it its meaning; never what is quoted."""
    return "\n".join(filter(None, (title, chunk.section, chunk.text)))
