"""The holder of the engine: whatever keeps it from opening is told, and ends the waiting."""

from collections.abc import Callable

import pytest

from ragqa.api.holder import EngineHolder
from ragqa.engine import Engine
from ragqa.errors import DiskFull, LibraryError, RagqaError, ServerNotReady
from ragqa.search.filling import Progress


def raising(problem: Exception) -> Callable[[], Engine]:
    def open_engine() -> Engine:
        raise problem

    return open_engine


@pytest.mark.parametrize(
    ("problem", "told", "message"),
    [
        (DiskFull("The disk is full."), DiskFull, "The disk is full."),
        (PermissionError(13, "Permission denied"), LibraryError, "The library cannot be opened: [Errno 13] Permission"),
        (ZeroDivisionError("division by zero"), LibraryError, "The library cannot be opened: division by zero."),
    ],
)
def test_what_keeps_the_engine_from_opening_is_told(problem: Exception, told: type[RagqaError], message: str) -> None:
    failures: list[RagqaError] = []
    holder = EngineHolder(raising(problem), failures.append)
    holder.start()
    holder.close()
    assert [type(failure) for failure in failures] == [told]
    assert failures[0].message.startswith(message)
    with pytest.raises(ServerNotReady):
        holder.get()


def test_while_indexes_are_filled_the_server_says_how_far_it_is() -> None:
    filling = Progress()
    holder = EngineHolder(raising(AssertionError()), [].append, filling)
    filling.said = "32 of 70 papers, 64 chunks, 900 a second"
    with pytest.raises(ServerNotReady, match="being filled: 32 of 70 papers"):
        holder.get()


def test_a_holder_that_never_started_can_be_closed() -> None:
    EngineHolder(raising(AssertionError()), [].append).close()
