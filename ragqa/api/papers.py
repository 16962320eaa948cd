"""Papers over HTTP: upload, list, look at, retry, delete, page images."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Response, UploadFile

from ragqa.api.holder import EngineDep
from ragqa.bibtex import bibtex, cite_keys
from ragqa.types import GivenMetadata, Job, Paper, PaperDetails, PaperState, PaperTable, Uploaded

BIBTEX_TYPE = "application/x-bibtex"
BIBTEX: dict[int | str, dict[str, Any]] = {200: {"content": {BIBTEX_TYPE: {}}}}

router = APIRouter(prefix="/api/v1/papers", tags=["papers"])


@router.post("", status_code=202)
def upload(engine: EngineDep, file: UploadFile, collection: Annotated[str, Form()] = "") -> Uploaded:
    """Upload a PDF; follow its state at the paper. The same bytes twice are one paper."""
    return engine.upload(file.file, file.filename or "paper.pdf", collection)


@router.get("")
def list_papers(engine: EngineDep, state: PaperState | None = None) -> list[Paper]:
    """All papers, or those in one state."""
    return engine.papers(state)


@router.get(".bib", response_class=Response, responses=BIBTEX)
def export_papers(engine: EngineDep, collection: str | None = None) -> Response:
    """The ready papers as BibTeX, or those of one collection."""
    papers = engine.papers()
    keys = cite_keys(papers)
    wanted = [paper for paper in papers if paper.state is PaperState.READY and collection in (None, paper.collection)]
    return Response(bibtex(wanted, keys), media_type=BIBTEX_TYPE)


# Before the route of one paper, whose id would take in the ending.
@router.get("/{paper_id}.bib", response_class=Response, responses=BIBTEX)
def export_paper(engine: EngineDep, paper_id: str) -> Response:
    """One paper as BibTeX."""
    keys = cite_keys(engine.papers())
    return Response(bibtex([engine.paper(paper_id)], keys), media_type=BIBTEX_TYPE)


@router.get("/{paper_id}")
def get_paper(engine: EngineDep, paper_id: str) -> PaperDetails:
    """One paper, with abstract and outline."""
    return engine.paper(paper_id)


@router.get("/{paper_id}/tables")
def get_tables(engine: EngineDep, paper_id: str) -> list[PaperTable]:
    """The tables of one paper, as rows of cells."""
    return engine.tables(paper_id)


@router.delete("/{paper_id}", status_code=204)
def delete_paper(engine: EngineDep, paper_id: str) -> None:
    """Remove a paper and its file in the ingest folder."""
    engine.delete(paper_id)


@router.post("/{paper_id}/retry", status_code=202)
def retry_paper(engine: EngineDep, paper_id: str) -> Uploaded:
    """Read a paper again."""
    paper = engine.retry(paper_id)
    return Uploaded(paper=paper, job=Job.of(paper), created=False)


@router.put("/{paper_id}/metadata", status_code=204)
def give_metadata(engine: EngineDep, paper_id: str, given: GivenMetadata) -> None:
    """Say what you know of a paper, known or still to come; it wins over what its PDF says."""
    engine.give_metadata(paper_id, given)


@router.post("/forget-missing")
def forget_missing(engine: EngineDep) -> list[Paper]:
    """Forget all papers whose files are gone: says that half of the ingest folder was emptied on purpose."""
    return engine.forget_missing()


@router.get("/{paper_id}/pages/{page}.png", response_class=Response, responses={200: {"content": {"image/png": {}}}})
def page_image(
    engine: EngineDep,
    paper_id: str,
    page: int,
    highlight: Annotated[str, Query(description="Citation id.")] = "",
) -> Response:
    """Picture of a page, the words of a citation highlighted."""
    png = engine.page_image(paper_id, page, highlight)
    return Response(png, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})
