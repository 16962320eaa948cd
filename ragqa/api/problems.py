"""Errors as RFC 9457 problem details: one table from error class to status."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from ragqa import errors

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2
TOO_LARGE = 413
CLIENT_CLOSED = 499  # as nginx calls it; nobody reads it

# The nearest class in an error's ancestry counts.
STATUS: dict[type[errors.RagqaError], int] = {
    errors.RagqaError: 500,
    errors.InputError: 422,
    errors.PaperNotFound: 404,
    errors.ConversationNotFound: 404,
    errors.CitationNotFound: 404,
    errors.PathNotFound: 404,
    errors.UploadTooLarge: 413,
    errors.ReadError: 422,
    errors.LibraryError: 503,
    errors.DiskFull: 507,
    errors.ModelError: 503,
    errors.ModelTimeout: 504,
    errors.ModelStreamCut: 502,
    errors.ForeignRequest: 403,
    errors.ServerNotReady: 503,
}


class Problem(BaseModel):
    """What went wrong (``detail``), what to do next (``hint``), and a stable ``code``."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str = ""


def problem_of(exc: errors.RagqaError) -> Problem:
    """The problem details of one of our errors."""
    status = next(STATUS[cls] for cls in type(exc).__mro__ if cls in STATUS)
    title = exc.code.replace("_", " ").capitalize()
    return Problem(
        type=f"urn:ragqa:{exc.code}", title=title, status=status, detail=exc.message, code=exc.code, hint=exc.hint
    )


def add_problem_handlers(app: FastAPI) -> None:
    """Every error leaves the API as problem details; unexpected ones are logged and say nothing of the inside."""
    app.add_exception_handler(errors.RagqaError, _on_ragqa_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_unexpected)


async def _on_ragqa_error(request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, errors.RagqaError)
    return problem_response(exc)


def problem_response(exc: errors.RagqaError) -> JSONResponse:
    """One of our errors as a response."""
    problem = problem_of(exc)
    headers = {"Retry-After": str(RETRY_AFTER_S)} if problem.status == 503 else {}
    return _response(problem, headers)


async def _on_invalid(request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, RequestValidationError)
    detail = "; ".join(_named(error) for error in exc.errors())
    return _response(
        Problem(
            type="urn:ragqa:bad_request", title="Bad request", status=422, detail=detail, code="bad_request",
            hint="See /docs for the shape of requests.",
        )
    )  # fmt: skip


def _named(error: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"] if part != "body")
    return f"{where}: {error['msg']}" if where else str(error["msg"])


async def _on_http(request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, HTTPException)
    title = str(exc.detail)
    if exc.status_code == TOO_LARGE:
        return problem_response(
            errors.UploadTooLarge(title + ".", hint="Raise RAGQA_MAX_FILE_MB to send larger papers.")
        )
    problem = Problem(type="about:blank", title=title, status=exc.status_code, detail=title, code="http_error")
    return _response(problem, dict(exc.headers or {}))


async def _on_unexpected(request: Request, exc: Exception) -> JSONResponse:
    log.exception("Unexpected error while answering %s", request.url.path, exc_info=exc)
    return _response(
        Problem(
            type="urn:ragqa:error", title="Error", status=500, detail="Something went wrong inside.", code="error",
            hint="The server's log has the details.",
        )
    )  # fmt: skip


def _response(problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(problem.model_dump(), problem.status, headers, media_type=MEDIA_TYPE)
