"""The FastAPI application: routes, problem details, security headers, and the chat if one is installed."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import metadata

from anyio import to_thread
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from ragqa import __version__
from ragqa.api import completions, conversations, papers, questions, status
from ragqa.api.guard import REQUEST_LIMIT, Guard
from ragqa.api.holder import EngineHolder
from ragqa.api.problems import Problem, add_problem_handlers
from ragqa.settings import Settings

METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
UI_GROUP = "ragqa.ui"
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
    app.middleware("http")(Guard(settings.host, upload_limit))
    app.include_router(status.router, max_body_size=REQUEST_LIMIT)
    app.include_router(questions.router, max_body_size=REQUEST_LIMIT)
    app.include_router(papers.router, max_body_size=upload_limit)
    app.include_router(conversations.router, max_body_size=REQUEST_LIMIT)
    app.include_router(completions.router, max_body_size=REQUEST_LIMIT)
    app.add_api_route("/api/{path:path}", _unknown, methods=METHODS, include_in_schema=False)
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


def _with_chat(app: FastAPI, url: str) -> FastAPI:
    """Mount what is registered under the entry point group; the API stands without it."""
    for entry in metadata.entry_points(group=UI_GROUP):
        mount: Mount = entry.load()
        app = mount(app, url)
    return app
