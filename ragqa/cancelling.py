"""Ends work that nobody waits for any more: who asked may go while another thread is blocked on a model.

Knows neither models nor HTTP: the one side registers how its work is ended, the other says that it may end.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Cancellation:
    """One piece of work that any thread may end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._enders: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """True once nobody waits for the work any more."""
        return self._cancelled

    def on_cancel(self, end: Callable[[], None]) -> None:
        """Call ``end`` when the work is cancelled; at once if it already is."""
        with self._lock:
            if not self._cancelled:
                self._enders.append(end)
                return
        end()

    def cancel(self) -> None:
        """End the work; a second call does nothing."""
        with self._lock:
            self._cancelled = True
            enders, self._enders = self._enders, []
        for end in enders:
            end()


_QUESTION: ContextVar[Cancellation | None] = ContextVar("question", default=None)


@contextmanager
def cancelled_by(question: Cancellation) -> Iterator[None]:
    """What this thread asks of models inside this block ends when ``question`` is cancelled."""
    token = _QUESTION.set(question)
    try:
        yield
    finally:
        _QUESTION.reset(token)


def question_under_way() -> Cancellation:
    """What the question that this thread works on is cancelled by; one that nobody cancels outside of a question."""
    return _QUESTION.get() or Cancellation()
