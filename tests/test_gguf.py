"""A GGUF file as the language model, by the real llama.cpp: ``pip install "ragqa[gguf]"`` first."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ragqa.adapters.chat_langchain import ChatOptions
from ragqa.adapters.chat_llamacpp import LlamaCppChat
from ragqa.errors import ModelError, ModelNotFound, ModelUnavailable
from ragqa.protocols import ChatMessage, ChatModel
from tests.chat_contract import QUESTION, ChatModelContract, answers_promptly
from tests.tiny_models import SENTENCES, TEMPLATE_WITHOUT_SYSTEM, WINDOW, make_gguf_model

pytestmark = pytest.mark.gguf
pytest.importorskip("llama_cpp", reason='llama.cpp is not installed: pip install "ragqa[gguf]"')
pytest.importorskip("gguf", reason="the gguf package, which writes the test's model, is not installed")


@pytest.fixture(scope="module")
def gguf_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_gguf_model(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


class TestGguf(ChatModelContract):
    """LlamaCppChat keeps the contract."""

    provider = "gguf"

    @pytest.fixture
    def chat(self, gguf_file: Path) -> Iterator[ChatModel]:
        chat = LlamaCppChat(gguf_file)
        yield chat
        chat.close()

    def upstream_ended(self, chat: ChatModel) -> bool:
        return answers_promptly(chat)

    def test_tokens_are_counted_by_the_models_own_vocabulary(self, chat: ChatModel) -> None:
        assert chat.count_tokens(SENTENCES[1]) == len(SENTENCES[1].split())

    def test_the_window_is_what_the_file_was_trained_for(self, chat: ChatModel) -> None:
        assert chat.context_window == WINDOW

    def test_the_same_question_gets_the_same_answer(self, chat: ChatModel) -> None:
        assert list(chat.stream(QUESTION, 8)) == list(chat.stream(QUESTION, 8))

    def test_closing_frees_the_model_and_the_next_question_loads_it_again(self, chat: ChatModel) -> None:
        list(chat.stream(QUESTION, 2))
        chat.close()
        assert list(chat.stream(QUESTION, 2))


def test_a_prompt_over_the_window_is_refused_with_both_numbers(gguf_file: Path) -> None:
    chat = LlamaCppChat(gguf_file, options=ChatOptions(context_window=128))
    with pytest.raises(ModelError, match="window of 128"):
        list(chat.stream([ChatMessage("user", " ".join(SENTENCES * 20))], 5))


def test_a_template_that_refuses_the_system_turn_still_gets_its_words(tmp_path: Path) -> None:
    chat = LlamaCppChat(make_gguf_model(tmp_path / "gemma.gguf", TEMPLATE_WITHOUT_SYSTEM))
    assert list(chat.stream(QUESTION, 3))


def test_a_file_without_a_chat_template_can_be_asked(tmp_path: Path) -> None:
    chat = LlamaCppChat(make_gguf_model(tmp_path / "base.gguf", None))
    assert list(chat.stream(QUESTION, 3))


def test_a_missing_file_is_named_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"absent\.gguf"):
        LlamaCppChat(tmp_path / "absent.gguf")


def test_a_file_that_is_no_gguf_is_named(tmp_path: Path) -> None:
    file = tmp_path / "paper.gguf"
    file.write_text("%PDF-1.7")
    with pytest.raises(ModelUnavailable, match=r"cannot load .*paper\.gguf"):
        list(LlamaCppChat(file).stream(QUESTION, 3))
