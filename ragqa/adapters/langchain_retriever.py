"""The library as a LangChain retriever, for chains and agents that others build. Owns langchain-core's retriever."""

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import SkipValidation

from ragqa.library import Library
from ragqa.types import Filter, Hit, SearchMode, SearchRequest


class LibraryRetriever(BaseRetriever):
    """Searches ``library``: ``LibraryRetriever(library=engine, k=5).invoke("What was measured?")``."""

    library: SkipValidation[Library]
    k: int = 10
    mode: SearchMode = "hybrid"
    collection: str | None = None
    filter: Filter = Filter()
    rerank: bool = True

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        """At most k documents, best first. Raise BadQuestion if the query cannot be searched for."""
        request = SearchRequest(
            question=query, k=self.k, mode=self.mode, collection=self.collection, filter=self.filter,
            rerank=self.rerank,
        )  # fmt: skip
        return [_document(hit) for hit in self.library.search(request).hits]


def _document(hit: Hit) -> Document:
    """The chunk's text, with its paper, page, section and scores as metadata."""
    return Document(id=hit.chunk_id, page_content=hit.text, metadata=hit.model_dump(exclude={"text"}))
