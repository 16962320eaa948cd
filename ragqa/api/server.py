"""Runs the application under uvicorn: binds the port, opens the library, stops cleanly."""

import errno
import logging
import signal
import socket

import uvicorn

from ragqa.api.app import create_app
from ragqa.api.holder import EngineHolder
from ragqa.compose import open_engine
from ragqa.errors import PortInUse, RagqaError
from ragqa.search.filling import Progress
from ragqa.settings import Settings

log = logging.getLogger(__name__)

STOP_WITHIN_S = 10
LOOPBACK = "127.0.0.1"
ANY_ADDRESS = ("0.0.0.0", "::")


class _Server(uvicorn.Server):
    """Says that it stops before it waits for connections to end: some streams, such as the chat's, end only then."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        for stop in self.config.app.state.on_stop:  # type: ignore[union-attr]
            stop()
        await super().shutdown(sockets)


def run(settings: Settings) -> None:
    """Serve until interrupted. Raise PortInUse, or what kept the library from opening."""
    with bind(settings.host, settings.port) as listening:
        failures: list[RagqaError] = []

        def on_failure(exc: RagqaError) -> None:
            failures.append(exc)
            server.should_exit = True

        url = address(settings)
        filling = Progress()
        holder = EngineHolder(lambda: open_engine(settings, url, filling), on_failure, filling)
        config = uvicorn.Config(
            create_app(settings, holder, url), log_config=None, timeout_graceful_shutdown=STOP_WITHIN_S
        )
        server = _Server(config)
        log.info("Serving on %s (API documentation: %s/docs)", url, url)
        for number in (signal.SIGINT, signal.SIGTERM):
            # uvicorn stops cleanly on these and then raises them again; for a server, being stopped is no failure.
            signal.signal(number, signal.SIG_IGN)
        server.run(sockets=[listening])
    if failures:
        raise failures[0]


def address(settings: Settings) -> str:
    """Where a browser on this machine finds the server."""
    host = LOOPBACK if settings.host in ANY_ADDRESS else settings.host
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def bind(host: str, port: int) -> socket.socket:
    """Take the port before anything slow begins."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as exc:
        listening.close()
        if exc.errno == errno.EADDRINUSE:
            raise PortInUse(f"Port {port} is in use.", hint="Stop the other program or choose --port.") from exc
        raise PortInUse(f"Cannot listen on {host}:{port}: {exc.strerror}.", hint="Choose --host and --port.") from exc
    return listening
