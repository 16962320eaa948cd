"""Papers over HTTP: upload, list, look at, retry, delete, page images."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Response, UploadFile

from ragqa.api.holder import EngineDep
from ragqa.types import Job, Paper, PaperState, Uploaded

router = APIRouter(prefix="/api/v1/papers", tags=["papers"])


@router.post("", status_code=202)
def upload(engine: EngineDep, file: UploadFile, collection: Annotated[str, Form()] = "") -> Uploaded:
    """Upload a PDF; follow its state at the paper. The same bytes twice are one paper."""
    return engine.upload(file.file, file.filename or "paper.pdf", collection)


@router.get("")
def list_papers(engine: EngineDep, state: PaperState | None = None) -> list[Paper]:
    """All papers, or those in one state."""
    return engine.papers(state)


@router.get("/{paper_id}")
def get_paper(engine: EngineDep, paper_id: str) -> Paper:
    """One paper."""
    return engine.paper(paper_id)


@router.delete("/{paper_id}", status_code=204)
def delete_paper(engine: EngineDep, paper_id: str) -> None:
    """Remove a paper and its file in the ingest folder."""
    engine.delete(paper_id)


@router.post("/{paper_id}/retry", status_code=202)
def retry_paper(engine: EngineDep, paper_id: str) -> Uploaded:
    """Read a paper again."""
    paper = engine.retry(paper_id)
    return Uploaded(paper=paper, job=Job.of(paper), created=False)


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
