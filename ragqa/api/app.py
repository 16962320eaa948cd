"""The FastAPI application: routes, problem details, security headers, and the chat if one is installed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import metadata

from anyio import to_thread
from fastapi import FastAPI, Request, Response
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from ragqa import __version__
from ragqa.api import papers, questions, status
from ragqa.api.holder import EngineHolder
from ragqa.api.problems import Problem, add_problem_handlers
from ragqa.settings import Settings

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
        max_body_size=REQUEST_LIMIT,
        responses={"4XX": {"model": Problem}, "5XX": {"model": Problem}},
    )
    app.state.holder = holder
    app.state.on_stop = []  # called when the server begins to stop
    add_problem_handlers(app)
    app.middleware("http")(_no_sniffing)
    app.include_router(status.router)
    app.include_router(questions.router)
    app.include_router(papers.router, max_body_size=(settings.max_file_mb << 20) + UPLOAD_MARGIN)
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


async def _no_sniffing(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _with_chat(app: FastAPI, url: str) -> FastAPI:
    """Mount what is registered under the entry point group; the API stands without it."""
    for entry in metadata.entry_points(group=UI_GROUP):
        mount: Mount = entry.load()
        app = mount(app, url)
    return app
