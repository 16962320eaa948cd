"""A language model of transformers in this process: a real one with random weights."""

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ragqa.adapters import chat_huggingface
from ragqa.adapters.chat_huggingface import HuggingFaceChat
from ragqa.adapters.chat_langchain import ChatOptions
from ragqa.adapters.chat_local import Turnstile, folded, plain_prompt
from ragqa.adapters.chat_models import open_chat_model
from ragqa.adapters.pretrained import load, weights_as
from ragqa.cancelling import Cancellation
from ragqa.errors import ModelBusy, ModelError, ModelNotFound, ModelStreamCut, ModelUnavailable
from ragqa.protocols import ChatMessage, ChatModel
from ragqa.settings import Settings
from tests.chat_contract import LONG_ANSWER, QUESTION, ChatModelContract, answers_promptly, read, wait_until
from tests.tiny_models import SENTENCES, TEMPLATE, TEMPLATE_WITHOUT_SYSTEM, WINDOW, make_huggingface_model


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_huggingface_model(tmp_path_factory.mktemp("tiny-llama"))


class TestHuggingFace(ChatModelContract):
    """HuggingFaceChat keeps the contract."""

    provider = "hf"

    @pytest.fixture
    def chat(self, tiny_folder: Path) -> Iterator[ChatModel]:
        chat = HuggingFaceChat(str(tiny_folder), "cpu")
        yield chat
        chat.close()

    def upstream_ended(self, chat: ChatModel) -> bool:
        return answers_promptly(chat) and wait_until(lambda: not _writing_threads())


def _writing_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("generate")]


def opened(folder: Path, **values: Any) -> ChatModel:
    """The model that these settings open."""
    chat = open_chat_model(Settings(llm=f"hf:{folder}", device="cpu", **values))
    assert chat is not None
    return chat


def test_the_models_own_tokenizer_counts(tiny_folder: Path) -> None:
    chat = HuggingFaceChat(str(tiny_folder), "cpu")
    assert chat.count_tokens(SENTENCES[0]) == 15  # 14 words and a full stop
    assert chat.context_window == WINDOW


def test_without_temperature_the_same_question_gets_the_same_answer(tiny_folder: Path) -> None:
    chat = HuggingFaceChat(str(tiny_folder), "cpu")
    assert list(chat.stream(QUESTION, 8)) == list(chat.stream(QUESTION, 8))
    assert len(list(HuggingFaceChat(str(tiny_folder), "cpu", ChatOptions(temperature=1)).stream(QUESTION, 8)))


def test_a_prompt_over_the_window_is_refused_with_both_numbers(tiny_folder: Path) -> None:
    chat = HuggingFaceChat(str(tiny_folder), "cpu", ChatOptions(context_window=128))
    with pytest.raises(ModelError, match=r"has \d+ tokens; .* window of 128"):
        list(chat.stream([ChatMessage("user", LONG_ANSWER)], 5))


def test_sampling_with_the_same_seed_gives_the_same_answer_and_with_another_another(tiny_folder: Path) -> None:
    first, second, other = (
        list(HuggingFaceChat(str(tiny_folder), "cpu", ChatOptions(temperature=1, seed=seed)).stream(QUESTION, 12))
        for seed in (3, 3, 4)
    )
    assert first == second
    assert other != first


def test_thinking_that_the_template_has_opened_is_not_shown(tmp_path: Path) -> None:
    chat = HuggingFaceChat(str(make_huggingface_model(tmp_path, f"{TEMPLATE}<think>")), "cpu")
    _, error, _ = read(chat)
    assert "RAGQA_MAX_ANSWER_TOKENS" in str(error), "the tiny model never ends its thinking"


def test_loading_in_fewer_bits_without_a_gpu_says_what_to_use_instead(tiny_folder: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"4bit needs an NVIDIA GPU.*gguf:FILE"):
        HuggingFaceChat(str(tiny_folder), "cpu", quantize="4bit")


def test_weights_are_asked_for_in_the_bits_that_were_wanted() -> None:
    import torch

    four = weights_as("4bit", "cuda", torch.bfloat16)
    assert four["quantization_config"].load_in_4bit
    assert four["quantization_config"].bnb_4bit_compute_dtype == torch.bfloat16
    assert weights_as("8bit", "cuda", torch.bfloat16)["quantization_config"].load_in_8bit
    assert four["device_map"] == {"": "cuda"}
    assert weights_as("none", "cpu", torch.float32) == {"dtype": torch.float32}


@pytest.mark.parametrize("wanted", ["none", "8bit", "4bit"])
def test_the_engine_loads_weights_in_the_bits_that_the_settings_say(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    import torch

    told: list[dict[str, Any]] = []

    def asked_for(loader: Any, name: str, **arguments: Any) -> Any:
        told.append(arguments)
        raise ModelUnavailable("This machine has no such card.")

    monkeypatch.setattr(chat_huggingface, "check_quantisation", lambda *_: None)
    monkeypatch.setattr(chat_huggingface, "place_of", lambda _: ("cuda", torch.bfloat16))
    monkeypatch.setattr(chat_huggingface, "load", asked_for)
    _, error, _ = read(opened(tiny_folder, quantize=wanted))
    assert "no such card" in str(error)
    bits = told[0].get("quantization_config")
    loaded = bits and {"8bit": bits.load_in_8bit, "4bit": bits.load_in_4bit}
    assert loaded == (None if wanted == "none" else {"8bit": wanted == "8bit", "4bit": wanted == "4bit"})


@pytest.mark.parametrize("template", [None, TEMPLATE_WITHOUT_SYSTEM], ids=["no template", "no system turn"])
def test_models_with_a_poor_chat_template_can_be_asked(tmp_path: Path, template: str | None) -> None:
    chat = HuggingFaceChat(str(make_huggingface_model(tmp_path, template)), "cpu")
    assert list(chat.stream(QUESTION, 3))


def test_a_folder_without_a_model_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="no Hugging Face model"):
        HuggingFaceChat(str(tmp_path))


def test_weights_that_are_not_safetensors_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(ModelNotFound, match="safetensors"):
        HuggingFaceChat(str(tmp_path))


def test_a_folder_with_a_damaged_configuration_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "no-such-architecture"}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        list(HuggingFaceChat(str(tmp_path)).stream(QUESTION, 3))


def test_code_that_comes_with_a_model_is_never_run(tiny_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "model"))
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "ours", "auto_map": {"AutoConfig": "ours.Config", "AutoModelForCausalLM": "ours.Model"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "ours.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()")
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        list(HuggingFaceChat(str(folder)).stream(QUESTION, 3))
    assert not (tmp_path / "ran").exists()


def test_a_hub_model_that_is_not_here_offline_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelNotFound, match="hf download Example/absent"):
        list(HuggingFaceChat("Example/absent").stream(QUESTION, 3))


# What the models in this process share


def test_a_full_line_of_waiters_is_turned_away() -> None:
    turnstile = Turnstile("hf:tiny", places=0)
    request = Cancellation()
    with (
        turnstile.turn(request),
        pytest.raises(ModelBusy, match="queue is full"),
        turnstile.turn(request),
    ):
        pass
    with turnstile.turn(request):
        pass


def test_a_question_too_many_is_turned_away_as_the_settings_say(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading, loaded = threading.Event(), threading.Event()

    def slowly(loader: Any, name: str, **arguments: Any) -> Any:
        loading.set()
        assert loaded.wait(5)
        return load(loader, name, **arguments)

    monkeypatch.setattr(chat_huggingface, "load", slowly)
    chat = opened(tiny_folder, queue=0)
    first = chat.stream(QUESTION, 3)
    assert loading.wait(20)
    _, refused, _ = read(chat)
    loaded.set()
    assert isinstance(refused, ModelBusy)
    assert "RAGQA_QUEUE" in refused.hint
    assert list(first)


def test_a_cancelled_waiter_leaves_the_line() -> None:
    turnstile = Turnstile("hf:tiny", places=1)
    waiting = Cancellation()
    waiting.cancel()
    with turnstile.turn(Cancellation()), pytest.raises(ModelStreamCut), turnstile.turn(waiting):
        pass


def test_a_plain_prompt_reads_as_a_conversation() -> None:
    turns = [{"role": message.role, "content": message.content} for message in QUESTION[:2]]
    assert plain_prompt(turns).endswith("User: What does the encoder do?\n\nAssistant:")
    assert folded(turns) == [{"role": "user", "content": "Answer from the passage only.\n\nWhat does the encoder do?"}]
