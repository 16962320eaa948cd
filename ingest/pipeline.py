"""From queued PDFs to ready papers: read → chunk → embed → store → index. Follow ``Pipeline.run`` from the top."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from ingest.chunk import CHUNKER_VERSION, chunk_document
from ingest.folder.enrich import Enricher
from ingest.folder.files import content_hash
from ragqa.document import BlockKind, Chunk, Document
from ragqa.errors import LibraryError, PaperNotFound, PathNotFound, ReadError
from ragqa.protocols import Embedder, PaperRegister, PdfReader, Vectors
from ragqa.search.generations import Generation, Generations
from ragqa.store.catalogue import Catalogue
from ragqa.types import Paper, PaperState

log = logging.getLogger(__name__)

# These three bound memory, and how long a paper waits until it can be found.
READ_AHEAD = 6  # papers that are being read, or are read and wait
WAITING_CHUNKS = 2000  # while so many wait, no further paper is begun
GROUP_CHUNKS = 500  # embedded together, if papers wait
STOP_WITHIN_S = 0.2

PAPERS_OWN = (ReadError, PathNotFound, PaperNotFound)
"""What a single paper can be blamed for; anything else stops the run."""

OnChange = Callable[[Paper], None]


@dataclass(frozen=True, slots=True)
class ReadPaper:
    """A paper's document, and its chunks for each generation that it is made for; not embedded yet."""

    paper: Paper
    document: Document
    chunks: list[tuple[Generation, list[Chunk]]]


@dataclass(frozen=True, slots=True)
class Begun:
    """A paper that is being read, or was."""

    paper: Paper
    reading: "Future[ReadPaper]"

    def chunks(self) -> int:
        """Of all generations, 0 if the paper could not be read; waits until it is."""
        if self.reading.exception() is not None:
            return 0
        return sum(len(chunks) for _, chunks in self.reading.result().chunks)

    def stops_all(self) -> bool:
        """Whether reading it ended with an error that is not the paper's own."""
        problem = self.reading.exception()
        return problem is not None and not isinstance(problem, PAPERS_OWN)


def generation(embedder: Embedder, chunk_tokens: int) -> str:
    """Names what vectors and chunks depend on; papers of another generation are made anew."""
    return f"{embedder.fingerprint}+chunks-{CHUNKER_VERSION}-{chunk_tokens}"


class Pipeline:
    """Works off the queue. One ``run`` at a time."""

    def __init__(
        self,
        catalogue: Catalogue,
        readers: Sequence[PdfReader],
        generations: Generations,
        register: PaperRegister | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._generations = generations
        self._enricher = Enricher(catalogue, register)
        self._running = threading.Lock()
        self._reading_threads = len(readers)
        self._idle_readers: SimpleQueue[PdfReader] = SimpleQueue()
        for reader in readers:
            self._idle_readers.put(reader)

    def run(self, on_change: OnChange, stop: threading.Event) -> None:
        """Read and embed until the queue is empty or ``stop`` is set; a paper begun is finished or goes back.

        Then papers that were made with other settings are made anew, while they can still be found as they were.
        """
        with self._running:
            # A full disk may have kept an earlier run from putting its papers back.
            self._catalogue.requeue_unfinished()
            with closing(self._groups(on_change, stop)) as groups:
                for group in groups:
                    self._finish(group, on_change)
            self._generations.change_if_complete()

    def update_index(self) -> None:
        """Let the indexes forget what the catalogue has forgotten."""
        self._generations.update()

    def _groups(self, on_change: OnChange, stop: threading.Event) -> Generator[list[Begun]]:
        """Papers that have been read, as many as are there when the last ones are done; the next are read meanwhile."""
        waiting: deque[Begun] = deque()
        threads = ThreadPoolExecutor(max_workers=self._reading_threads, thread_name_prefix="read")
        try:
            while not stop.is_set():
                self._begin(waiting, [], threads, on_change)
                if not waiting or not _is_read(waiting[0], stop):
                    return
                group = _next_group(waiting)
                self._begin(waiting, group, threads, on_change)
                yield group
        finally:
            # Whoever stops does not wait for a long paper: closing the reader ends what is still read.
            threads.shutdown(wait=False, cancel_futures=True)
            for begun in waiting:
                self._put_back(begun.paper)

    def _begin(
        self, waiting: deque[Begun], group: Sequence[Begun], threads: ThreadPoolExecutor, on_change: OnChange
    ) -> None:
        """Have the next papers read, up to what may wait; those of ``group`` are to be finished."""
        if sum(begun.chunks() for begun in waiting if begun.reading.done()) >= WAITING_CHUNKS:
            return
        begun = {one.paper.id for one in (*waiting, *group)}
        for paper in self._next(begun)[: READ_AHEAD - len(waiting)]:
            if _is_new(paper):
                on_change(self._moved(paper, PaperState.READING))
            waiting.append(Begun(paper, threads.submit(self._read, paper)))

    def _next(self, begun: set[str]) -> list[Paper]:
        """Queued papers; when there are none left, those that were made with other settings."""
        count = READ_AHEAD + len(begun)
        queued = [paper for paper in self._catalogue.queued(count) if paper.id not in begun]
        if queued:
            return queued
        not_made = [paper_id for paper_id in self._generations.not_made() if paper_id not in begun]
        return self._catalogue.papers_of(not_made[:count])

    def _read(self, paper: Paper) -> ReadPaper:
        path = self._catalogue.path(paper.id)
        if not path.is_file():
            raise PathNotFound(f"{path} is gone.", hint="Put it back and ingest it again, or delete the paper.")
        document = self._enricher.enriched(paper.id, self._read_by_the_next_reader(path))
        if content_hash(path) != paper.id:
            raise PathNotFound(f"{path} has changed since it was found.", hint="Ingest it again.")
        makers = self._generations.making() if _is_new(paper) else [self._generations.wanted]
        return ReadPaper(
            paper,
            document,
            [
                (made_for, chunk_document(document, made_for.embedder, made_for.recipe.chunk_tokens))
                for made_for in makers
                if made_for.embedder is not None
            ],
        )

    def _read_by_the_next_reader(self, path: Path) -> Document:
        reader = self._idle_readers.get()
        try:
            return reader.read(path)
        finally:
            self._idle_readers.put(reader)

    def _finish(self, group: Sequence[Begun], on_change: OnChange) -> None:
        """Embed and store the papers of a group; each ends ``ready`` or ``failed``, or is queued again."""
        unfinished = {begun.paper.id: begun.paper for begun in group}
        try:
            read = list(self._readable(group, unfinished, on_change))
            for one in read:
                if _is_new(one.paper):
                    on_change(self._moved(one.paper, PaperState.EMBEDDING))
            self._make(read)
            # Only now: who sees a paper ready may ask for it at once.
            self._catalogue.finish([one.paper.id for one in read])
        except BaseException:  # Ctrl-C too: a paper that was begun must not stay begun
            for paper in unfinished.values():
                self._put_back(paper)
            raise
        for one in read:
            with suppress(PaperNotFound):  # deleted while it was read
                on_change(self._catalogue.paper(one.paper.id))

    def _readable(
        self, group: Sequence[Begun], unfinished: dict[str, Paper], on_change: OnChange
    ) -> Iterator[ReadPaper]:
        """What was read; a paper that cannot be read ends ``failed`` with the reason."""
        for begun in group:
            try:
                yield begun.reading.result()
            except PaperNotFound:
                log.info("%s was deleted while it was read.", begun.paper.file_name)
                del unfinished[begun.paper.id]
            except (ReadError, PathNotFound) as exc:
                self._catalogue.fail(begun.paper.id, exc.code, str(exc))
                del unfinished[begun.paper.id]
                with suppress(PaperNotFound):  # deleted, and its file with it, while it was read
                    on_change(self._catalogue.paper(begun.paper.id))

    def _make(self, read: Sequence[ReadPaper]) -> None:
        """The catalogue first, a transaction for each paper: the indexes can always be brought up to it."""
        works = [(made_for, one, chunks) for one in read for made_for, chunks in one.chunks]
        for made_for in {one.recipe.name: one for one, _, _ in works}.values():
            own = [(one, chunks) for made_by, one, chunks in works if made_by is made_for]
            if made_for.embedder is None:
                continue
            titled = [(one.document.metadata.title, chunks) for one, chunks in own]
            for (one, chunks), vectors in zip(own, embed(titled, made_for.embedder), strict=True):
                state = PaperState.EMBEDDING if _is_new(one.paper) else PaperState.READY
                with suppress(PaperNotFound):  # deleted while it was read
                    self._catalogue.store(one.paper.id, one.document, chunks, vectors, made_for.recipe.name, state)
            made_for.index.update()

    def _moved(self, paper: Paper, state: PaperState) -> Paper:
        self._catalogue.set_state(paper.id, state)
        return paper.model_copy(update={"state": state})

    def _put_back(self, paper: Paper) -> None:
        """Queue a paper again; where that cannot be written now, the next run does it."""
        if not _is_new(paper):
            return
        with suppress(LibraryError):
            self._catalogue.set_state(paper.id, PaperState.QUEUED)


def _is_read(begun: Begun, stop: threading.Event) -> bool:
    """Wait until a paper is read; False if told to stop before."""
    while not begun.reading.done() and not stop.is_set():
        wait([begun.reading], timeout=STOP_WITHIN_S)
    return begun.reading.done()


def _next_group(waiting: deque[Begun]) -> list[Begun]:
    """The paper that has waited longest, once it is read, with those behind it that are read too."""
    group = [waiting.popleft()]
    chunks = group[0].chunks()
    # What stops everything is left for a group of its own: the papers before it are finished first.
    while waiting and chunks < GROUP_CHUNKS and waiting[0].reading.done() and not waiting[0].stops_all():
        group.append(waiting.popleft())
        chunks += group[-1].chunks()
    return group


def embed(papers: Sequence[tuple[str, Sequence[Chunk]]], embedder: Embedder) -> Iterator[list[Vectors | None]]:
    """For each paper, given as title and chunks, a vector per chunk; all embedded at once, so that batches are full.

    References get none: they are searched by their words alone.
    """
    wanted = [[chunk.kind is not BlockKind.REFERENCE for chunk in chunks] for _, chunks in papers]
    passages = [
        passage(title, chunk)
        for (title, chunks), has_vector in zip(papers, wanted, strict=True)
        for chunk, is_wanted in zip(chunks, has_vector, strict=True)
        if is_wanted
    ]
    vectors: Iterator[Vectors] = iter(embedder.embed_passages(passages) if passages else ())
    for has_vector in wanted:
        yield [next(vectors) if is_wanted else None for is_wanted in has_vector]


def _is_new(paper: Paper) -> bool:
    """A paper that is made anew for other settings stays ready meanwhile."""
    return paper.state is not PaperState.READY


def passage(title: str, chunk: Chunk) -> str:
    """What is embedded: the chunk with the title and heading path that give it its meaning; never what is quoted."""
    return "\n".join(filter(None, (title, chunk.section, chunk.context, chunk.text)))
