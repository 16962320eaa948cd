"""A question of the client to a server that does not answer yet, and how it ends."""

import socket
import threading
from collections.abc import Iterator

import pytest

from ragqa.cancelling import Cancellation, cancelled_by
from ragqa.client import Client
from ragqa.errors import ClientGone, ServerUnreachable
from ragqa.types import AskRequest

QUESTION = AskRequest(question="How long do marmots sleep?")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Takes connections and leaves them to the test."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)
        yield listening


@pytest.fixture
def client(listener: socket.socket) -> Iterator[Client]:
    client = Client(f"http://127.0.0.1:{listener.getsockname()[1]}")
    yield client
    client.close()


def question_received(listener: socket.socket) -> socket.socket:
    connection, _ = listener.accept()
    connection.settimeout(5)
    received = b""
    while b"marmots" not in received:
        received += connection.recv(65536)
    return connection


@pytest.mark.parametrize("said", [b"", HEAD], ids=["before the answer", "in the answer"])
def test_cancelling_the_question_hangs_up_on_the_server(listener: socket.socket, client: Client, said: bytes) -> None:
    question = Cancellation()
    seen: list[bytes] = []

    def serve() -> None:
        with question_received(listener) as connection:
            connection.sendall(said)
            threading.Timer(0.2, question.cancel).start()
            seen.append(connection.recv(1))

    server = threading.Thread(target=serve)
    server.start()
    with cancelled_by(question), pytest.raises(ClientGone):
        list(client.ask(QUESTION))
    server.join(2)
    assert seen == [b""]


def test_a_question_that_was_cancelled_before_is_not_waited_for(client: Client) -> None:
    question = Cancellation()
    question.cancel()
    with cancelled_by(question), pytest.raises(ClientGone):
        list(client.ask(QUESTION))


def test_a_server_that_goes_away_is_unreachable(listener: socket.socket, client: Client) -> None:
    server = threading.Thread(target=lambda: question_received(listener).close())
    server.start()
    with cancelled_by(Cancellation()), pytest.raises(ServerUnreachable, match="ragqa serve"):
        list(client.ask(QUESTION))
    server.join(2)
