"""What every request passes first: is it meant for this server, does it come from its own pages, is it small enough."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import Request, Response

from ragqa.api.problems import problem_response
from ragqa.errors import ForeignRequest, RagqaError, UploadTooLarge

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
API_PREFIX = "/api/"
UPLOAD_PREFIX = "/api/v1/papers"
REQUEST_LIMIT = 1 << 20  # bytes of a request that is no upload

Next = Callable[[Request], Awaitable[Response]]


class Guard:
    """HTTP middleware. On a loopback address only this machine's own names are answered."""

    def __init__(self, host: str, upload_limit: int) -> None:
        self._hosts = LOOPBACK if host in LOOPBACK else None
        self._upload_limit = upload_limit

    async def __call__(self, request: Request, call_next: Next) -> Response:
        """Refuse, or answer and keep browsers from guessing types."""
        reason = self._refusal(request)
        if reason is not None:
            return problem_response(reason)
        response = await call_next(request)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _refusal(self, request: Request) -> RagqaError | None:
        host = request.headers.get("host", "")
        if self._hosts is not None and urlsplit(f"//{host}").hostname not in self._hosts:
            # A foreign name that resolves to this machine would let any web page read the library.
            return ForeignRequest(f"This server does not answer for the host {host!r}.", hint="Use 127.0.0.1.")
        origin = request.headers.get("origin")
        if origin and request.method not in SAFE_METHODS and urlsplit(origin).netloc != host:
            return ForeignRequest(f"Pages of {origin} may not change this library.")
        return self._oversize(request)

    def _oversize(self, request: Request) -> RagqaError | None:
        path: str = request.scope["path"]
        limit = self._upload_limit if path.startswith(UPLOAD_PREFIX) else REQUEST_LIMIT
        declared = request.headers.get("content-length", "")
        if path.startswith(API_PREFIX) and declared.isdecimal() and int(declared) > limit:
            return UploadTooLarge(
                f"The request has {int(declared):,} bytes; at most {limit:,} are read.",
                hint="Raise RAGQA_MAX_FILE_MB to send larger papers.",
            )
        return None
