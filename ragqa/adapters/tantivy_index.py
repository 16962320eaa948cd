"""The keyword index: BM25 over chunks, on disk, incremental. Owns tantivy; knows nothing of papers."""

from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ragqa.document import BlockKind
from ragqa.errors import DiskFull, IndexDamaged
from ragqa.protocols import IndexEntry, Scope, Scored
from ragqa.search.terms import TERMS_VERSION, folded, passage_terms, question_terms

# Words of a question match in each field; a hit in the title or heading says less than one in the text.
FIELD_BOOSTS = {"text": 1.0, "section": 0.4, "title": 0.3}
EXACT, EXACT_BOOST = "exact", 1.0
FILTER_FIELDS = ("paper_id", "kind", "section_kind")
REFERENCE = BlockKind.REFERENCE.value
MAX_QUESTION_WORDS = 256
WRITER_MEMORY = 64_000_000
NO_SPACE = "No space left on device"
OTHER_SCHEMA = "schema does not match"
STEMMED, SPLIT = "en_stem", "split"


class TantivyIndex:
    """A ``KeywordIndex`` in the folder ``path``."""

    def __init__(self, path: Path) -> None:
        import tantivy

        self._tantivy: Any = tantivy
        path.mkdir(parents=True, exist_ok=True)
        with _translated("opened"):
            self._index: Any = tantivy.Index(_schema(tantivy), path=str(path))
            self._stems: Any = _analyzer(tantivy, stemmed=True)
            self._whole_words: Any = _analyzer(tantivy, stemmed=False)
            self._index.register_tokenizer(STEMMED, self._stems)
            self._index.register_tokenizer(SPLIT, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
            self._writer: Any = self._index.writer(heap_size=WRITER_MEMORY, num_threads=1)
        self._schema: Any = self._index.schema

    def add(self, entries: Sequence[IndexEntry], replaced: Sequence[str] = ()) -> None:
        """One commit for all entries."""
        with self._committed():
            for paper_id in replaced:
                self._writer.delete_documents_by_term("paper_id", paper_id)
            for entry in entries:
                self._writer.delete_documents_by_term("chunk_id", entry.chunk_id)
                self._writer.add_document(self._document(entry))

    def delete_papers(self, paper_ids: Sequence[str]) -> None:
        """One commit for all papers."""
        with self._committed():
            for paper_id in paper_ids:
                self._writer.delete_documents_by_term("paper_id", paper_id)

    def search(self, question: str, k: int, scope: Scope) -> list[Scored]:
        """BM25 with tantivy's constants (k1 1.2, b 0.75), summed over the fields."""
        stems, exact = self._terms(question)
        if not (stems or exact) or scope.is_empty:
            return []
        with _translated("searched"):
            searcher = self._index.searcher()
            found = searcher.search(self._query(stems, exact, scope), limit=k, count=False)
            return [Scored(self._id_at(searcher, address), float(score)) for score, address in found.hits]

    def chunk_ids(self) -> set[str]:
        """Reads every stored id."""
        with _translated("read"):
            searcher = self._index.searcher()
            if searcher.num_docs == 0:
                return set()
            found = searcher.search(self._tantivy.Query.all_query(), limit=searcher.num_docs, count=False)
            return {self._id_at(searcher, address) for _, address in found.hits}

    def count(self) -> int:
        """Deleted chunks are not counted."""
        with _translated("read"):
            return int(self._index.searcher().num_docs)

    def known(self, chunk_ids: Set[str]) -> set[str]:
        """By their terms."""
        if not chunk_ids:
            return set()
        with _translated("read"):
            searcher = self._index.searcher()
            wanted = self._tantivy.Query.term_set_query(self._schema, "chunk_id", sorted(chunk_ids))
            found = searcher.search(wanted, limit=len(chunk_ids), count=False)
            return {self._id_at(searcher, address) for _, address in found.hits}

    def close(self) -> None:
        """Wait for merges, so that no thread writes after the folder is given up."""
        # Of a writer that has failed nothing is left to wait for.
        with suppress(ValueError):
            self._writer.wait_merging_threads()

    @contextmanager
    def _committed(self) -> Iterator[None]:
        with _translated("written"):
            yield
            self._writer.commit()
            self._index.reload()

    def _document(self, entry: IndexEntry) -> Any:
        terms = passage_terms(entry.text)
        return self._tantivy.Document(
            chunk_id=entry.chunk_id,
            paper_id=entry.paper_id,
            title=folded(entry.title),
            section=folded(entry.section),
            text=terms.words,
            exact=" ".join(terms.exact),
            kind=entry.kind.value,
            section_kind=entry.section_kind.value,
        )

    def _terms(self, question: str) -> tuple[list[str], list[str]]:
        """Stems, and exact terms: among them each word as it is, since it may be a name."""
        terms = question_terms(question)
        stems = self._stems.analyze(terms.words)[:MAX_QUESTION_WORDS]
        exact = [*terms.exact, *self._whole_words.analyze(terms.words)][:MAX_QUESTION_WORDS]
        return list(dict.fromkeys(stems)), list(dict.fromkeys(exact))

    def _query(self, stems: Sequence[str], exact: Sequence[str], scope: Scope) -> Any:
        query, occur = self._tantivy.Query, self._tantivy.Occur
        any_word = query.boolean_query([(occur.Should, clause) for clause in self._clauses(stems, exact)])
        clauses = [(occur.Must, any_word)]
        for field, values in (
            ("paper_id", scope.paper_ids), ("kind", scope.kinds), ("section_kind", scope.sections)
        ):  # fmt: skip
            if values is not None:
                allowed = query.term_set_query(self._schema, field, sorted(map(str, values)))
                # The filter must not add to the score.
                clauses.append((occur.Must, query.const_score_query(allowed, 0.0)))
        if scope.kinds is None:
            clauses.append((occur.MustNot, query.term_query(self._schema, "kind", REFERENCE)))
        return query.boolean_query(clauses)

    def _clauses(self, stems: Sequence[str], exact: Sequence[str]) -> Iterator[Any]:
        query = self._tantivy.Query
        for words, boosts in ((stems, FIELD_BOOSTS), (exact, {EXACT: EXACT_BOOST})):
            for word in words:
                for field, boost in boosts.items():
                    yield query.boost_query(query.term_query(self._schema, field, word, index_option="freq"), boost)

    def _id_at(self, searcher: Any, address: Any) -> str:
        return str(searcher.doc(address).get_first("chunk_id"))


@contextmanager
def _translated(used: str) -> Iterator[None]:
    """The library says ValueError whatever went wrong."""
    try:
        yield
    except ValueError as exc:
        if NO_SPACE in str(exc):
            raise DiskFull("The disk is full.", hint="Free some space and try again; nothing was lost.") from exc
        if OTHER_SCHEMA in str(exc):
            raise IndexDamaged("The keyword index was made by another version of ragqa.") from exc
        raise IndexDamaged(f"The keyword index cannot be {used}: {exc}") from exc


def _schema(tantivy: Any) -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("chunk_id", stored=True, tokenizer_name="raw", index_option="basic")
    for field in FILTER_FIELDS:
        builder.add_text_field(field, stored=False, tokenizer_name="raw", index_option="basic")
    for field in FIELD_BOOSTS:
        builder.add_text_field(field, stored=False, tokenizer_name=STEMMED, index_option="freq")
    builder.add_text_field(EXACT, stored=False, tokenizer_name=SPLIT, index_option="freq")
    # Never filled: an index of other terms has another schema, and cannot be opened with this one.
    builder.add_text_field(f"terms_{TERMS_VERSION}", stored=False, tokenizer_name="raw", index_option="basic")
    return builder.build()


def _analyzer(tantivy: Any, *, stemmed: bool) -> Any:
    """Letters and digits, folded to ASCII lower case, English stop words out, Snowball stemming."""
    filters = tantivy.Filter
    words = (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(filters.remove_long(64))
        .filter(filters.lowercase())
        .filter(filters.ascii_fold())
        .filter(filters.stopword("english"))
    )
    return (words.filter(filters.stemmer("english")) if stemmed else words).build()
