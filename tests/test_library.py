"""The library contract, on the engine in this process and on the client of a real server process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ragqa.client import Client
from ragqa.compose import open_engine
from ragqa.errors import LibraryLocked, ServerUnreachable
from ragqa.library import Library
from ragqa.settings import Settings
from tests.library_contract import LibraryContract
from tests.server import free_port, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real server process."""
    with running_server(tmp_path_factory.mktemp("server") / "data") as url:
        yield url


class TestEngine(LibraryContract):
    @pytest.fixture
    def library(self, tmp_path: Path) -> Iterator[Library]:
        engine = open_engine(Settings(data=tmp_path / "data", llm="none"))
        yield engine
        engine.close()


class TestClient(LibraryContract):
    @pytest.fixture
    def library(self, server: str) -> Iterator[Library]:
        """The same server for every test, emptied after each."""
        client = Client(server)
        yield client
        for paper in client.papers():
            client.delete(paper.id)
        client.close()


def test_a_second_owner_of_the_folder_is_refused(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", llm="none")
    engine = open_engine(settings)
    with pytest.raises(LibraryLocked, match="in use by process"):
        open_engine(settings)
    engine.close()
    open_engine(settings).close()


def test_a_client_without_a_server_says_how_to_start_one() -> None:
    client = Client(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ServerUnreachable, match="ragqa serve"):
        client.papers()
    client.close()
