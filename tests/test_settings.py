"""Settings: where values come from, and what is refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from ragqa.errors import BadRequest
from ragqa.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_any_word_from_the_user_everything_stays_on_this_machine() -> None:
    settings = Settings()
    assert (settings.data, settings.host, settings.port, settings.llm) == (Path("data"), "127.0.0.1", 8000, "auto")
    assert (settings.openai_url, settings.openai_key.get_secret_value()) == ("", "")


def test_arguments_go_over_variables_and_variables_over_the_file(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "ragqa.toml").write_text('port = 8001\nhost = "0.0.0.0"\nchunk_tokens = 100\n', encoding="utf-8")
    monkeypatch.setenv("RAGQA_PORT", "8002")
    monkeypatch.setenv("RAGQA_HOST", "::1")
    settings = Settings(port=8003)
    assert (settings.port, settings.host, settings.chunk_tokens) == (8003, "::1", 100)


def test_the_ingest_folder_lies_in_the_data_folder_unless_it_is_moved() -> None:
    assert Settings(data=Path("d")).ingest_folder == Path("d/ingest")
    assert Settings(data=Path("d"), ingest=Path("papers")).ingest_folder == Path("papers")
    assert Settings(data=Path("d"), ingest=Path("papers")).index_folder == Path("d/index")


def test_a_misspelt_name_in_the_file_is_refused(here: Path) -> None:
    (here / "ragqa.toml").write_text("prot = 8001\n", encoding="utf-8")
    with pytest.raises(ValidationError, match="prot"):
        Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 0),
        ("port", 65536),
        ("port", "http"),
        ("device", "tpu"),
        ("chunk_tokens", 1),
        ("context_window", 10),
        ("read_timeout", 0),
        ("temperature", -1),
        ("max_file_mb", 0),
        ("llm", "foo:bar"),
        ("max_answer_tokens", 4097),
    ],
)
def test_a_value_that_cannot_work_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings(**{name: value})


def test_the_key_is_not_shown() -> None:
    settings = Settings(openai_key="sk-secret")
    assert "sk-secret" not in repr(settings)
    assert settings.openai_key.get_secret_value() == "sk-secret"


def test_settings_do_not_change_once_they_are_made() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 8001


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_described(name: str) -> None:
    assert Settings.model_fields[name].description


@pytest.mark.parametrize("llm", ["auto", "none", "ollama:llama3.2:1b", "openai:qwen3", "hf:org/name", "gguf:a b.gguf"])
def test_a_language_model_is_named_in_one_of_a_few_forms(llm: str) -> None:
    assert load_settings(llm=llm).llm == llm


@pytest.mark.parametrize("llm", ["llama3.2", "ollama:", "gpt4:x", "foo:bar", "auto:x", ""])
def test_another_form_is_refused_with_the_accepted_ones(llm: str) -> None:
    with pytest.raises(BadRequest) as caught:
        load_settings(llm=llm)
    assert caught.value.message == (
        f"The setting llm cannot be {llm!r}: it must be auto, none, ollama:MODEL, openai:MODEL,"
        " hf:NAME-OR-FOLDER or gguf:FILE."
    )
    assert "RAGQA_LLM" in caught.value.hint


@pytest.mark.parametrize("given", [{"max_answer_tokens": 5000}, {"context_window": 600}])
def test_an_answer_leaves_room_for_the_prompt(given: dict[str, int]) -> None:
    with pytest.raises(BadRequest, match=r"max_answer_tokens cannot be \d+: it must be at most half of context_window"):
        load_settings(**given)
    load_settings(context_window=600, max_answer_tokens=300)


@pytest.mark.parametrize("content", [b"port = ", b"[port", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_named(here: Path, content: bytes) -> None:
    (here / "ragqa.toml").write_bytes(content)
    with pytest.raises(BadRequest, match=r"ragqa\.toml cannot be read"):
        load_settings()
