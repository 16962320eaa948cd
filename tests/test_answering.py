"""When a stream of events may begin, and that none is lost by waiting for the first of them."""

import asyncio
from collections.abc import Generator

import pytest

from ragqa.api.answering import Events
from ragqa.cancelling import question_under_way
from ragqa.errors import ClientGone, ModelBusy
from ragqa.types import AnswerEvent, AnswerPiece, AnswerStarted

STARTED = AnswerStarted(standalone_question="How long?", mode="generative", model="test:scripted")
TOLD: list[AnswerEvent] = [STARTED, AnswerPiece(text="201 "), AnswerPiece(text="days.")]


def busy() -> Generator[AnswerEvent]:
    yield STARTED
    raise ModelBusy("test:scripted is busy.")


def left() -> Generator[AnswerEvent]:
    yield STARTED
    question_under_way().cancel()
    raise ClientGone("Who asked has gone.")


async def all_of(events: Events, written: bool) -> list[AnswerEvent]:
    assert await events.begin(written)
    found = []
    while (event := await events.next()) is not None:
        found.append(event)
    return found


@pytest.mark.parametrize("written", [False, True])
def test_the_events_that_were_waited_for_come_first(written: bool) -> None:
    assert asyncio.run(all_of(Events(event for event in TOLD), written)) == TOLD


def test_a_model_that_is_busy_is_told_of_before_a_stream_of_its_words_begins() -> None:
    with pytest.raises(ModelBusy):
        asyncio.run(Events(busy()).begin(written=True))
    assert asyncio.run(Events(busy()).begin(written=False))


def test_a_client_that_goes_before_the_first_words_gets_no_stream() -> None:
    assert not asyncio.run(Events(left()).begin(written=True))
