"""The FastAPI application: routes, problem details, security headers, and the chat if one is installed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib import metadata

from anyio import to_thread
from fastapi import FastAPI, Request, Response
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from ragqa import __version__
from ragqa.api import papers, questions, status
from ragqa.api.holder import EngineHolder
from ragqa.api.problems import Problem, add_problem_handlers, problem_response
from ragqa.errors import UploadTooLarge
from ragqa.settings import Settings

API_PREFIX = "/api/"
UI_GROUP = "ragqa.ui"
REQUEST_LIMIT = 1 << 20  # bytes of a request that is no upload
UPLOAD_MARGIN = 1 << 16  # bytes of form around an uploaded file

Mount = Callable[[FastAPI, str], FastAPI]


def create_app(settings: Settings, holder: EngineHolder, url: str) -> FastAPI:
    """The application; ``url`` is where the chat finds the API."""
    app = FastAPIOffline(
        redoc_url=None,
        title="ragqa",
        version=__version__,
        summary="Answers from research papers, every claim tied to the words on the page.",
        lifespan=_lifespan,
        responses={"4XX": {"model": Problem}, "5XX": {"model": Problem}},
    )
    app.state.holder = holder
    app.state.on_stop = []  # called when the server begins to stop
    add_problem_handlers(app)
    upload_limit = (settings.max_file_mb << 20) + UPLOAD_MARGIN
    app.middleware("http")(partial(_guard, upload_limit))
    app.include_router(status.router, max_body_size=REQUEST_LIMIT)
    app.include_router(questions.router, max_body_size=REQUEST_LIMIT)
    app.include_router(papers.router, max_body_size=upload_limit)
    app.add_api_route("/api/{path:path}", _unknown, methods=["GET", "POST", "PUT", "DELETE"], include_in_schema=False)
    return _with_chat(app, url)


def _unknown(path: str) -> None:
    """What the chat, mounted at the root, would otherwise answer for."""
    raise HTTPException(404, f"There is no /api/{path}; see /docs.")


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    holder: EngineHolder = app.state.holder
    holder.start()
    yield
    await to_thread.run_sync(holder.close)


async def _guard(upload_limit: int, request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuse bodies that say they are too large before they are read; keep browsers from guessing types."""
    limit = upload_limit if request.scope["path"].startswith(papers.router.prefix) else REQUEST_LIMIT
    declared = request.headers.get("content-length", "")
    if request.scope["path"].startswith(API_PREFIX) and declared.isdecimal() and int(declared) > limit:
        return problem_response(UploadTooLarge(f"The request has {int(declared):,} bytes; at most {limit:,} are read."))
    response = await call_next(request)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _with_chat(app: FastAPI, url: str) -> FastAPI:
    """Mount what is registered under the entry point group; the API stands without it."""
    for entry in metadata.entry_points(group=UI_GROUP):
        mount: Mount = entry.load()
        app = mount(app, url)
    return app
