"""The files that questions come in: BEIR folders, SQuAD JSON, and questions.jsonl beside PDFs.

Each reader raises BadRequest with the file, the line and what is wrong with it.
"""

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ragqa.errors import BadRequest, PathNotFound

QUESTIONS_FILE = "questions.jsonl"


class _Row(BaseModel):
    """Fields that we do not know belong to somebody else."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class TextDocument(_Row):
    """A document of a retrieval set."""

    id: str
    title: str
    text: str


class RetrievalSet(_Row):
    """Documents, queries by id, and judgements: query id to document id to grade."""

    name: str
    documents: tuple[TextDocument, ...]
    queries: dict[str, str]
    judgements: dict[str, dict[str, int]]


class ReadingQuestion(_Row):
    """A question on one passage; without golds it has no answer there."""

    id: str
    question: str
    context: str
    golds: tuple[str, ...]


class PaperQuestion(_Row):
    """One line of questions.jsonl. ``docs`` are paths beside the file; pages count from 1.

    Five lines of such questions are enough to begin with; only ``question`` and ``docs`` are needed.
    """

    question: Annotated[str, Field(min_length=1)]
    docs: tuple[str, ...]
    qid: str = ""
    set: str = "questions"
    answers: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    evidence_pages: frozenset[int] = frozenset()
    answerable: bool = True
    confirmed: bool = True


def read_retrieval_set(folder: Path) -> RetrievalSet:
    """A BEIR folder: corpus.jsonl(.gz), queries.jsonl, qrels/test.tsv or qrels.tsv. Unjudged queries are left out."""
    judgements = _judgements(folder)
    documents = tuple(_document(row, at) for row, at in _rows(folder / "corpus.jsonl"))
    queries = {str(_field(row, "_id", at)): str(_field(row, "text", at)) for row, at in _rows(folder / "queries.jsonl")}
    judged = {query: text for query, text in queries.items() if query in judgements}
    if not documents or not judged:
        raise BadRequest(f"{folder} has no documents, or no query that is judged.", hint="Check its files.")
    return RetrievalSet(name=folder.name, documents=documents, queries=judged, judgements=judgements)


def _document(row: dict[str, Any], at: str) -> TextDocument:
    document_id = str(_field(row, "_id", at))
    # SciFact gives its body as sentences.
    text = " ".join(row["sentences"]) if "sentences" in row else str(_field(row, "text", at))
    return TextDocument(id=document_id, title=row.get("title") or "", text=text)


def _judgements(folder: Path) -> dict[str, dict[str, int]]:
    files = [file for file in (folder / "qrels" / "test.tsv", folder / "qrels.tsv") if file.is_file()]
    if not files:
        raise PathNotFound(
            f"{folder} has no qrels/test.tsv.", hint="Name a folder in BEIR layout: corpus, queries, qrels."
        )
    found: dict[str, dict[str, int]] = {}
    with files[0].open(encoding="utf-8") as lines:
        for number, row in enumerate(csv.DictReader(lines, delimiter="\t"), start=2):
            try:
                found.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
            except (KeyError, TypeError, ValueError) as exc:
                raise BadRequest(
                    f"{files[0]}, line {number}, is no judgement.", hint="Columns: query-id, corpus-id, score."
                ) from exc
    return found


def read_reading_set(file: Path) -> list[ReadingQuestion]:
    """SQuAD JSON, version 1 or 2."""
    try:
        articles = json.loads(_content(file))["data"]
        return [
            ReadingQuestion(
                id=str(row["id"]),
                question=row["question"],
                context=paragraph["context"],
                golds=() if row.get("is_impossible") else tuple(dict.fromkeys(gold["text"] for gold in row["answers"])),
            )
            for article in articles
            for paragraph in article["paragraphs"]
            for row in paragraph["qas"]
        ]
    except (ValueError, KeyError, TypeError) as exc:
        raise BadRequest(f"{file} is no SQuAD JSON: {exc!r}.", hint="It needs data, paragraphs, qas.") from exc


def read_paper_questions(folder: Path) -> list[PaperQuestion]:
    """questions.jsonl of a folder. Questions that nobody has confirmed are left out; ids are given where missing."""
    file = folder / QUESTIONS_FILE
    found = []
    for number, (row, at) in enumerate(_rows(file), start=1):
        try:
            question = PaperQuestion.model_validate(row | {"qid": row.get("qid") or f"q{number}"})
        except ValidationError as exc:
            wrong = exc.errors()[0]
            raise BadRequest(f"{at}: {'.'.join(map(str, wrong['loc']))}: {wrong['msg']}.") from exc
        for doc in question.docs:
            if not (folder / doc).is_file():
                raise PathNotFound(f"{at}: there is no {folder / doc}.", hint="docs are paths beside questions.jsonl.")
        if question.confirmed:
            found.append(question)
    if not found:
        raise BadRequest(f"{file} holds no confirmed question.", hint="Confirm some with: ragqa eval make")
    return found


def _rows(file: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Each line's object, and where it stands."""
    packed = file.with_name(f"{file.name}.gz")
    content = gzip.decompress(packed.read_bytes()).decode() if packed.is_file() else _content(file)
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as exc:
            raise BadRequest(f"{file}, line {number}, is no JSON: {exc}.", hint="One object a line.") from exc
        if not isinstance(row, dict):
            raise BadRequest(f"{file}, line {number}, is no JSON object.", hint="One object a line.")
        yield row, f"{file}, line {number}"


def _content(file: Path) -> str:
    if not file.is_file():
        raise PathNotFound(f"There is no file {file}.", hint="Check the spelling, or see the README's evaluation part.")
    return file.read_text(encoding="utf-8")


def _field(row: dict[str, Any], name: str, at: str) -> Any:
    if name not in row:
        raise BadRequest(f"{at} has no {name!r}.", hint="See the README's evaluation part for the format.")
    return row[name]
