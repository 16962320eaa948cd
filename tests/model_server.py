"""What the two small model servers of the tests share: a script of behaviour, recording, and ways to fail.

Real HTTP over a real socket, in a thread, so that the real clients and their timeouts are what is tested.
"""

import json
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Answer = str | Callable[[list[dict[str, Any]]], str]
"""The text to stream, or a function from the messages to it."""


@dataclass
class Behaviour:
    """How the next answers go. Delays in seconds; counts are of tokens sent before it happens."""

    answer: Answer = "Attention weighs every word against every other word."
    header_delay: float = 0.0
    first_delay: float = 0.0
    token_delay: float = 0.0
    error_after: int | None = None
    reset_after: int | None = None
    quiet_end_after: int | None = None
    refuse: tuple[int, str] | None = None
    ignore_limit: bool = False


@dataclass(frozen=True)
class Received:
    """One request as the server saw it."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str]


@dataclass
class Log:
    """What happened, for assertions."""

    requests: list[Received] = field(default_factory=list)
    client_left: threading.Event = field(default_factory=threading.Event)
    tokens_sent: int = 0

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """Bodies of the requests to one path, oldest first."""
        return [request.body for request in self.requests if request.path == path]


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is no news here."""


class ModelServer:
    """Base of the small servers; a context manager, so it fits a fixture."""

    def __init__(self, handler: type["ModelHandler"], port: int = 0) -> None:
        self.behaviour = Behaviour()
        self.log = Log()
        self._server = _QuietServer(("127.0.0.1", port), handler)
        self._server.model_server = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class ClientLeft(Exception):
    """The client closed its connection while the answer was being written."""


class ModelHandler(BaseHTTPRequestHandler):
    """Reads requests, writes JSON and chunked streams, and notices when the client leaves."""

    protocol_version = "HTTP/1.1"

    @property
    def model_server(self) -> Any:
        return self.server.model_server  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        """Silence: tests read the log object."""

    def read_body(self) -> dict[str, Any]:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        self.model_server.log.requests.append(Received(self.path, body, dict(self.headers)))
        return body

    def send_json(self, value: dict[str, Any], status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream_tokens(self, messages: list[dict[str, Any]], limit: int, content_type: str) -> None:
        """Stream the scripted answer; the subclass gives token_line, error_line and end_lines."""
        behaviour = self.model_server.behaviour
        try:
            self.pause(behaviour.header_delay)
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.pause(behaviour.first_delay)
            self._stream(behaviour, tokens_of(behaviour, messages, limit))
        except (ClientLeft, BrokenPipeError, ConnectionResetError):
            self.model_server.log.client_left.set()
            self.close_connection = True

    def _stream(self, behaviour: Behaviour, tokens: list[str]) -> None:
        for sent, token in enumerate(tokens):
            if sent == behaviour.error_after:
                self.write_chunk(self.error_line("the runner ran out of memory"))
                self.write_chunk("")
                return
            if sent == behaviour.reset_after:
                self._reset()
                return
            if sent == behaviour.quiet_end_after:
                self.write_chunk("")
                return
            self.write_chunk(self.token_line(token))
            self.model_server.log.tokens_sent += 1
            self.pause(behaviour.token_delay)
        self.write_chunk(self.end_lines(len(tokens)))
        self.write_chunk("")

    def write_chunk(self, text: str) -> None:
        """One chunk of the body; the empty text ends it."""
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def pause(self, seconds: float) -> None:
        """Wait, but raise ClientLeft as soon as the client closes its end."""
        end = time.monotonic() + seconds
        while True:
            readable, _, _ = select.select([self.connection], [], [], max(0.0, end - time.monotonic()))
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                raise ClientLeft
            if time.monotonic() >= end:
                return

    def _reset(self) -> None:
        # Linger 0 makes close send RST, as when the server process is killed.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_WR)
        self.close_connection = True

    def token_line(self, token: str) -> str:
        raise NotImplementedError

    def error_line(self, message: str) -> str:
        raise NotImplementedError

    def end_lines(self, tokens: int) -> str:
        raise NotImplementedError


def tokens_of(behaviour: Behaviour, messages: list[dict[str, Any]], limit: int) -> list[str]:
    """The answer, a word and the space before it at a time, no more than ``limit``."""
    text = behaviour.answer if isinstance(behaviour.answer, str) else behaviour.answer(messages)
    words = text.split(" ")
    tokens = [words[0], *(f" {word}" for word in words[1:])]
    return tokens if behaviour.ignore_limit or limit < 1 else tokens[:limit]
