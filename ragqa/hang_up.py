"""Ends an HTTP request from any thread, be it before the first byte of its answer, by shutting its socket.

Knows the events that httpx tells a request's ``trace`` extension; neither owns httpx nor knows what is asked.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from ragqa.cancelling import Cancellation

_CONNECTED = ("connection.connect_tcp.complete", "connection.start_tls.complete")


def hang_up_on_cancel(work: Cancellation) -> Callable[[str, dict[str, Any]], None]:
    """The ``trace`` of a request that ends with ``work``; its client must open a connection for each request."""
    return partial(_note_socket, work)


def _note_socket(work: Cancellation, event: str, info: dict[str, Any]) -> None:
    if event in _CONNECTED:
        work.on_cancel(partial(_shut, info["return_value"].get_extra_info("socket")))


def _shut(connection: socket.socket) -> None:
    # shutdown, unlike close, wakes a thread that is blocked in recv on the same socket.
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
