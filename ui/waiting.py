"""Waits for the events of an answer so that who waits may go at any moment, be it before the first of them.

Knows the API, neither Gradio nor what is shown.
"""

from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor, wait

from ragqa.cancelling import Cancellation, cancelled_by
from ragqa.types import AnswerEvent

LOOK_UP_EVERY_S = 0.5
LEAVE_WITHIN_S = 0.2  # who goes must not be held up; a thread that takes longer ends by itself


def looking_up(events: Generator[AnswerEvent]) -> Generator[AnswerEvent | None]:
    """The events in order, and None whenever half a second brought none. Raise what they raise.

    A generator that is blocked cannot be closed; this one never is for long, and closing it cancels the question.
    """
    cancellation = Cancellation()
    thread = ThreadPoolExecutor(1, "question")
    step = thread.submit(_next, events, cancellation)
    try:
        while (event := (yield from _waited(step))) is not None:
            yield event
            step = thread.submit(_next, events, cancellation)
    finally:
        cancellation.cancel()
        thread.shutdown(wait=False)
        if wait([step], LEAVE_WITHIN_S).done:
            events.close()


def _next(events: Generator[AnswerEvent], cancellation: Cancellation) -> AnswerEvent | None:
    """The next event, None at the end. Nobody else closes the events if the question was cancelled meanwhile."""
    with cancelled_by(cancellation):
        event = next(events, None)
    if cancellation.cancelled:
        events.close()
    return event


def _waited(step: "Future[AnswerEvent | None]") -> Generator[None, None, AnswerEvent | None]:
    while not wait([step], LOOK_UP_EVERY_S).done:
        yield None
    return step.result()
