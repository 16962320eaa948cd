"""The composition root: the one place that knows every adapter and wires the parts together."""

from contextlib import ExitStack
from functools import partial

from platformdirs import user_cache_path

from ingest.intake import Intake
from ingest.pipeline import Pipeline, generation
from ingest.render import SubprocessRenderer
from ingest.worker import SubprocessReader
from ragqa.adapters.chat_models import open_chat_model
from ragqa.adapters.chroma_index import ChromaIndex
from ragqa.adapters.openvino_embedder import NAME as SHIPPED_EMBEDDER
from ragqa.adapters.openvino_embedder import OpenVinoEmbedder
from ragqa.adapters.sentence_transformers_embedder import SentenceTransformersEmbedder, gpu_at_hand
from ragqa.adapters.tantivy_index import TantivyIndex
from ragqa.answer.scorer import EmbeddingScorer
from ragqa.ask import Asker, Limits
from ragqa.catalogue import Catalogue
from ragqa.chat import ChatModelSource
from ragqa.checkup import Checkup
from ragqa.database import Database
from ragqa.engine import Engine
from ragqa.evaluation.texts import TextLibrary
from ragqa.generations import Generations
from ragqa.history import History
from ragqa.index import HybridIndex
from ragqa.lock import FolderLock
from ragqa.page_images import PageImages
from ragqa.protocols import Embedder
from ragqa.retrieve import Retriever
from ragqa.settings import Settings

CATALOGUE_FILE = "catalogue.sqlite"


def open_engine(settings: Settings, url: str = "") -> Engine:
    """Take the data folder and open everything in it; ``url`` is where this process serves, if it does.

    Raise LibraryLocked if another process has the folder. On any error all that was opened is closed again.
    """
    with ExitStack() as opened:
        lock = FolderLock(settings.index_folder, url)
        opened.callback(lock.release)
        database = Database(settings.index_folder / CATALOGUE_FILE)
        opened.callback(database.close)
        catalogue, history = Catalogue(database), History(database)

        embedder = open_embedder(settings)
        made_by = generation(embedder, settings.chunk_tokens)
        catalogue.requeue_unfinished()
        generations = Generations(catalogue, made_by, settings.index_folder, settings.ingest_folder)
        index = HybridIndex(generations.folder, catalogue, made_by, ChromaIndex, TantivyIndex)
        opened.callback(index.close)
        generations.remove_other_indexes()

        reader = SubprocessReader(settings.read_timeout, settings.read_memory_mb, settings.max_pages)
        opened.callback(reader.close)
        pipeline = Pipeline(catalogue, reader, embedder, index, settings.chunk_tokens)
        intake = Intake(catalogue, pipeline, settings.ingest_folder, settings.max_file_mb << 20)
        opened.callback(intake.close)

        models = ChatModelSource(partial(open_chat_model, settings))
        opened.callback(models.close)
        retriever = Retriever(catalogue, index, embedder, settings.max_question_chars)
        limits = Limits(settings.max_question_chars, settings.max_answer_tokens)
        return Engine(
            catalogue=catalogue,
            generations=generations,
            intake=intake,
            retriever=retriever,
            asker=Asker(retriever, EmbeddingScorer(embedder), catalogue, history, models, limits),
            images=PageImages(catalogue, history, SubprocessRenderer(settings.read_memory_mb)),
            checkup=Checkup(catalogue, generations, embedder.fingerprint, models),
            resources=opened.pop_all(),
        )


def open_text_library(settings: Settings) -> TextLibrary:
    """A library of plain texts in a new folder, searched and read as papers are."""
    with ExitStack() as opened:
        database = Database(settings.index_folder / CATALOGUE_FILE)
        opened.callback(database.close)
        catalogue, embedder = Catalogue(database), open_embedder(settings)
        made_by = generation(embedder, settings.chunk_tokens)
        index = HybridIndex(settings.index_folder / "texts", catalogue, made_by, ChromaIndex, TantivyIndex)
        opened.callback(index.close)
        return TextLibrary(
            catalogue=catalogue,
            index=index,
            embedder=embedder,
            retriever=Retriever(catalogue, index, embedder, settings.max_question_chars),
            scorer=EmbeddingScorer(embedder),
            chunk_tokens=settings.chunk_tokens,
            resources=opened.pop_all(),
        )


def open_embedder(settings: Settings) -> Embedder:
    """The shipped model in int8 on a CPU; sentence-transformers on a GPU and for every other model."""
    if settings.embedder != SHIPPED_EMBEDDER:
        return SentenceTransformersEmbedder(settings.embedder, settings.device)
    if settings.device in ("cuda", "mps") or (settings.device == "auto" and gpu_at_hand()):
        return SentenceTransformersEmbedder.shipped(settings.device)
    return OpenVinoEmbedder(settings.cache or user_cache_path("ragqa") / "models")
