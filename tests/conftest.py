"""What every test runs under: no network, no settings of the machine; and the shipped embedder, opened once."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from platformdirs import user_cache_path

from ragqa.adapters.openvino_embedder import OpenVinoEmbedder
from ragqa.protocols import Embedder
from tests.ollama_server import OllamaServer
from tests.openai_server import OpenAIServer

# Read by libraries when they are imported, and handed down to the processes that tests start.
os.environ["HF_HUB_OFFLINE"] = "1"
for variable in [name for name in os.environ if name.startswith("RAGQA_")]:
    del os.environ[variable]

# The same examples in every run; a busy machine is no failure.
settings.register_profile("ragqa", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("ragqa")


class NetworkUsed(BaseException):
    """A test spoke to another machine. No Exception, so that code under test cannot take it for a dead server."""


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Sockets connect to this machine only."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _check(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _check(self, address)
        return connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        yield


def _check(used: socket.socket, address: Any) -> None:
    if used.family in (socket.AF_INET, socket.AF_INET6) and not _is_this_machine(address[0]):
        raise NetworkUsed(f"A test tried to reach {address[0]}.")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The shipped model, converted once per machine."""
    return OpenVinoEmbedder(user_cache_path("ragqa") / "models")


@pytest.fixture
def ollama() -> Iterator[OllamaServer]:
    with OllamaServer() as server:
        yield server


@pytest.fixture
def openai() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server
