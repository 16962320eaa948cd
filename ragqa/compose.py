"""The composition root: the one place that knows every adapter and wires the parts together."""

import logging
import os
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from platformdirs import user_cache_path

from ingest.folder.intake import Intake
from ingest.pdf.ocr import OcrChoice, state_of_recognition
from ingest.pdf.render import SubprocessRenderer
from ingest.pipeline import Pipeline, generation
from ingest.worker import SubprocessReader
from ragqa.adapters.chat_models import open_chat_model
from ragqa.adapters.chroma_index import ChromaIndex
from ragqa.adapters.cross_encoder import CrossEncoderReranker
from ragqa.adapters.huggingface_nli import HuggingFaceNli
from ragqa.adapters.huggingface_reader import HuggingFaceReader
from ragqa.adapters.openvino_embedder import NAME as SHIPPED_EMBEDDER
from ragqa.adapters.openvino_embedder import OpenVinoEmbedder
from ragqa.adapters.openvino_reader import SHIPPED as SHIPPED_READER
from ragqa.adapters.openvino_reader import OpenVinoReader
from ragqa.adapters.registers import Registers
from ragqa.adapters.sentence_transformers_embedder import SentenceTransformersEmbedder, gpu_at_hand
from ragqa.adapters.tantivy_index import TantivyIndex
from ragqa.answer.scorer import EmbeddingScorer
from ragqa.answer.written.generative import Writer
from ragqa.answer.written.support import JudgedSupport, Support, WordSupport, shipped_weights
from ragqa.ask import Asker, Limits, Means
from ragqa.chat import ChatModelSource
from ragqa.checkup import Checkup, Trial
from ragqa.engine import Engine
from ragqa.errors import ModelError
from ragqa.evaluation.texts import TextLibrary
from ragqa.lock import FolderLock
from ragqa.page_images import PageImages
from ragqa.protocols import Embedder, PaperRegister, PassageReader, Reranker
from ragqa.search.caches import RememberingEmbedder, RememberingSearcher
from ragqa.search.filling import Progress
from ragqa.search.generations import Generation, Generations
from ragqa.search.index import HybridIndex
from ragqa.search.retrieve import Retriever
from ragqa.settings import Settings
from ragqa.store.catalogue import Catalogue
from ragqa.store.database import Database
from ragqa.store.history import History
from ragqa.store.ledger import Recipe
from ragqa.warm_up import WarmUp

log = logging.getLogger(__name__)

CATALOGUE_FILE = "catalogue.sqlite"
SEEN_NOTE = "files.json"
MOST_READERS = 4


def open_engine(settings: Settings, url: str = "", filling: Progress | None = None) -> Engine:
    """Take the data folder and open everything in it; ``url`` is where this process serves, if it does.

    ``filling`` hears how far a rebuilding of the indexes is, which may take minutes.

    Raise LibraryLocked if another process has the folder. On any error all that was opened is closed again.
    """
    with ExitStack() as opened:
        lock = FolderLock(settings.index_folder, url)
        opened.callback(lock.release)
        database = Database(settings.index_folder / CATALOGUE_FILE)
        opened.callback(database.close)
        catalogue, history = Catalogue(database), History(database)

        embedder = RememberingEmbedder(open_embedder(settings))
        catalogue.requeue_unfinished()
        wanted = Recipe(generation(embedder, settings.chunk_tokens), settings.embedder, settings.chunk_tokens)
        filling = filling or Progress()
        reader, reranker, support = open_reader(settings), open_reranker(settings), open_support(settings)
        opener = GenerationOpener(settings, catalogue, embedder, reranker, filling, opened)
        generations = Generations(catalogue.ledger, settings.index_folder, wanted, opener.open, filling)

        ocr = OcrChoice(settings.ocr, settings.ocr_languages, settings.ocr_timeout)
        pdf_readers = [
            SubprocessReader(settings.read_timeout, settings.read_memory_mb, settings.max_pages, ocr)
            for _ in range(readers_at_once())
        ]
        for pdf_reader in pdf_readers:
            opened.callback(pdf_reader.close)
        register = open_register(settings)
        if register is not None:
            opened.callback(register.close)
        pipeline = Pipeline(catalogue, pdf_readers, generations, register)
        intake = Intake(
            catalogue,
            pipeline,
            settings.ingest_folder,
            settings.max_file_mb << 20,
            settings.poll_seconds,
            settings.index_folder / SEEN_NOTE,
        )
        opened.callback(intake.close)

        models = ChatModelSource(partial(open_chat_model, settings))
        opened.callback(models.close)
        trial = Trial(support.try_out, when_asked=settings.support != "shipped")
        means = Means(EmbeddingScorer(embedder), reader, models, Writer(support, settings.max_answer_tokens))
        return Engine(
            catalogue=catalogue,
            generations=generations,
            intake=intake,
            asker=Asker(generations, means, catalogue, history, Limits(settings.max_question_chars)),
            history=history,
            images=PageImages(catalogue, history, SubprocessRenderer(settings.read_memory_mb)),
            checkup=Checkup(
                catalogue, generations, embedder.fingerprint, models, partial(state_of_recognition, ocr), trial
            ),
            resources=opened.pop_all(),
            warm_up=WarmUp(models, generations, reader, reranker, trial).begin if settings.warm_up else nothing,
        )


def nothing() -> None:
    """What a server does before the first question if it is not to load the models."""


@dataclass(frozen=True, slots=True)
class GenerationOpener:
    """Opens the indexes of generations; ``opened`` closes them in the end."""

    settings: Settings
    catalogue: Catalogue
    embedder: Embedder
    reranker: Reranker | None
    filling: Progress
    opened: ExitStack

    def open(self, recipe: Recipe, folder: Path) -> Generation:
        """With the recipe's embedder, if it can be opened."""
        embedder = self._embedder_of(recipe)
        index = HybridIndex(folder, self.catalogue, recipe.name, ChromaIndex, TantivyIndex, self.filling)
        self.opened.callback(index.close)
        retriever = Retriever(self.catalogue, index, embedder, self.settings.max_question_chars, self.reranker)
        return Generation(recipe, embedder, index, RememberingSearcher(retriever, self.catalogue.ledger.version))

    def _embedder_of(self, recipe: Recipe) -> Embedder | None:
        embedder = self.embedder
        if recipe.embedder != self.settings.embedder:
            try:
                earlier = open_embedder(self.settings.model_copy(update={"embedder": recipe.embedder}))
            except ModelError as exc:
                log.warning("The embedder %r cannot be opened: %s", recipe.embedder, exc)
                return None
            embedder = RememberingEmbedder(earlier)
        return embedder if generation(embedder, recipe.chunk_tokens) == recipe.name else None


def open_text_library(settings: Settings) -> TextLibrary:
    """A library of plain texts in a new folder, searched and read as papers are."""
    with ExitStack() as opened:
        database = Database(settings.index_folder / CATALOGUE_FILE)
        opened.callback(database.close)
        catalogue, embedder = Catalogue(database), open_embedder(settings)
        reranker = open_reranker(settings)
        made_by = generation(embedder, settings.chunk_tokens)
        index = HybridIndex(settings.index_folder / "texts", catalogue, made_by, ChromaIndex, TantivyIndex)
        opened.callback(index.close)
        return TextLibrary(
            catalogue=catalogue,
            index=index,
            embedder=embedder,
            retriever=Retriever(catalogue, index, embedder, settings.max_question_chars, reranker),
            reranks=reranker is not None,
            scorer=EmbeddingScorer(embedder),
            reader=open_reader(settings),
            chunk_tokens=settings.chunk_tokens,
            resources=opened.pop_all(),
        )


def open_register(settings: Settings) -> PaperRegister | None:
    """The public registers, if the user wants them asked."""
    if settings.enrich == "off":
        return None
    return Registers(settings.enrich_url, settings.enrich_arxiv_url, settings.enrich_mail)


def readers_at_once() -> int:
    """A core reads three times the pages that it embeds; more readers would take memory and stand idle."""
    return max(1, min(MOST_READERS, (os.cpu_count() or 1) // 4))


def open_embedder(settings: Settings) -> Embedder:
    """The shipped model in int8 on a CPU; sentence-transformers on a GPU and for every other model."""
    if settings.embedder != SHIPPED_EMBEDDER:
        return SentenceTransformersEmbedder(settings.embedder, settings.device)
    if settings.device in ("cuda", "mps") or (settings.device == "auto" and gpu_at_hand()):
        return SentenceTransformersEmbedder.shipped(settings.device)
    return OpenVinoEmbedder(settings.cache or user_cache_path("ragqa") / "models")


def open_reader(settings: Settings) -> PassageReader | None:
    """What finds answers in passages; None if the user wants none. Raise a ModelError if it cannot be had."""
    if settings.reader == "none":
        return None
    return _shipped_reader() if settings.reader == "shipped" else HuggingFaceReader(settings.reader, settings.device)


def open_reranker(settings: Settings) -> Reranker | None:
    """What judges passages; None if the user wants none. Raise a ModelError if it cannot be had."""
    if settings.reranker == "none":
        return None
    if settings.reranker == "shipped":
        return _shipped_reader()
    return CrossEncoderReranker(settings.reranker, settings.device)


def open_support(settings: Settings) -> Support:
    """What holds written sentences to the evidence. Raise a ModelError if it cannot be had."""
    if settings.support == "words":
        return WordSupport()
    if settings.support == "shipped":
        return JudgedSupport(_shipped_reader(), shipped_weights())
    return JudgedSupport(HuggingFaceNli(settings.support, settings.device), None)


@cache
def _shipped_reader() -> OpenVinoReader:
    """One for both uses: what was judged relevant is not read a second time."""
    return OpenVinoReader(SHIPPED_READER)
