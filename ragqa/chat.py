"""Holds the language model: found when first asked for, looked for again now and then while there is none."""

import logging
import threading
import time
from collections.abc import Callable

from ragqa.answer.prompts import GREETING, answer_messages
from ragqa.errors import ModelError, ModelUnavailable, RagqaError
from ragqa.protocols import ChatModel
from ragqa.types import AnswerMode

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 30.0
HOW_TO_ADD = (
    "Start Ollama (ollama serve, then ollama pull llama3.2), or set RAGQA_LLM to ollama:MODEL, openai:MODEL,"
    " hf:NAME-OR-FOLDER or gguf:FILE."
)


class ChatModelSource:
    """Opens the model once; while nothing is found, looks again at most every ``LOOK_AGAIN_S`` seconds."""

    def __init__(self, find: Callable[[], ChatModel | None]) -> None:
        self._find = find
        self._lock = threading.Lock()
        self._model: ChatModel | None = None
        self._problem: RagqaError | None = None
        self._looked_at = float("-inf")

    def current(self) -> ChatModel | None:
        """The model, or None if there is none to be found."""
        with self._lock:
            if self._model is None and time.monotonic() - self._looked_at > LOOK_AGAIN_S:
                self._look()
            return self._model

    def wanted(self, mode: AnswerMode) -> ChatModel | None:
        """The model that answers in this mode; raise what keeps it away if the mode needs one and there is none."""
        if mode == "extractive":
            return None
        model = self.current()
        if model is None and mode == "generative":
            raise self._problem or ModelUnavailable("There is no language model to write with.", hint=HOW_TO_ADD)
        return model

    def absence(self) -> str:
        """One line for the reader of an answer that was to come from a model, if there is none."""
        if self._problem is not None:
            return f"Answered extractively, since the language model cannot be used: {self._problem}"
        return "No language model is running, so the answer is extractive; ragqa doctor says how to add one."

    def problem(self) -> str:
        """Why there is no model; empty if there is one."""
        if self.current() is not None:
            return ""
        return str(self._problem) if self._problem else f"No language model: answers are extractive. {HOW_TO_ADD}"

    def warm_up(self) -> None:
        """Have the model loaded in the background, so that the first question need not wait for it."""
        threading.Thread(target=self._greet, name="warm-up", daemon=True).start()

    def _greet(self) -> None:
        model = self.current()
        if model is None:
            return
        started = time.monotonic()
        try:
            # The second begins as every answer's prompt does, of which model servers keep what they made.
            for messages in (GREETING, answer_messages(GREETING[0].content, ())):
                for _ in model.stream(messages, 1):
                    pass
            log.info("%s is ready after %.1f s.", model.name, time.monotonic() - started)
        except ModelError as exc:
            log.info("%s was not warmed up: %s", model.name, exc)

    def close(self) -> None:
        """Release the model."""
        if self._model is not None:
            self._model.close()

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        try:
            self._model, self._problem = self._find(), None
        except RagqaError as exc:
            self._problem = exc
