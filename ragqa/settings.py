"""All settings, in one class. Built once at the edge (CLI or server factory) and passed down."""

import re
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from ragqa.errors import BadRequest

SETTINGS_FILE = "ragqa.toml"
LLM_FORMS = "auto, none, ollama:MODEL, openai:MODEL, hf:NAME-OR-FOLDER or gguf:FILE"
LLM_FORM = re.compile(r"auto|none|(ollama|openai|hf|gguf):.+")


class Settings(BaseSettings):
    """Values come from, strongest first: arguments, ``RAGQA_*`` variables, ``ragqa.toml`` in the current folder."""

    model_config = SettingsConfigDict(
        env_prefix="RAGQA_", toml_file=SETTINGS_FILE, extra="forbid", frozen=True, protected_namespaces=()
    )

    data: Path = Field(Path("data"), description="Folder that holds the ingest folder and the index.")
    ingest: Path | None = Field(None, description="The ingest folder, if it is not DATA/ingest.")
    cache: Path | None = Field(None, description="Where converted models are kept; default: the user cache.")

    host: str = Field("127.0.0.1", description="Address the server listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port the server listens on.")

    embedder: str = Field(
        "all-MiniLM-L6-v2",
        description="The shipped embedder, or the name or folder of any sentence-transformers model.",
    )
    reader: str = Field(
        "shipped",
        min_length=1,
        description="What finds answers in passages: shipped, none, or a Hugging Face question-answering model.",
    )
    reranker: str = Field(
        "shipped",
        min_length=1,
        description="What puts the best passages in order: shipped, none, or a Hugging Face cross-encoder.",
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="Where models run.")

    llm: str = Field(
        "auto",
        description=(
            "Language model: auto, none, ollama:MODEL, openai:MODEL, hf:NAME-OR-FOLDER or gguf:FILE."
            " auto looks for a local Ollama or OpenAI-compatible server."
        ),
    )
    ollama_url: str = Field("http://127.0.0.1:11434", description="Address of the Ollama server.")
    openai_url: str = Field(
        "", description="Base address of an OpenAI-compatible server, such as http://127.0.0.1:1234/v1."
    )
    openai_key: SecretStr = Field(SecretStr(""), description="Its key, if it wants one.")
    context_window: int = Field(8192, ge=512, description="Tokens of prompt and answer asked of the language model.")
    max_answer_tokens: int = Field(
        512, ge=16, validate_default=True, description="Longest answer that a language model may write."
    )
    temperature: float = Field(0.0, ge=0, le=2, description="Sampling temperature of the language model.")
    seed: int = Field(0, ge=0, description="Seed of the sampling: the same question gets the same answer.")
    queue: int = Field(
        8, ge=0, description="Questions that may wait for a language model of this process; more are turned away."
    )
    quantize: Literal["none", "8bit", "4bit"] = Field(
        "none", description="Precision that a Hugging Face language model is loaded in on an NVIDIA GPU."
    )
    warm_up: bool = Field(True, description="Whether a server loads the models before the first question.")
    support: str = Field(
        "shipped",
        min_length=1,
        description="What checks written sentences: shipped, words, or the name or folder of a Hugging Face NLI model.",
    )
    first_token_timeout: float = Field(
        300.0, gt=0, description="Seconds to wait for a model's first token (cold start)."
    )
    token_timeout: float = Field(30.0, gt=0, description="Seconds to wait for each later token.")

    chunk_tokens: int = Field(160, ge=32, le=2000, description="Longest chunk, in tokens of the embedder.")

    poll_seconds: float = Field(
        2.0, ge=0.1, description="Seconds between looks into the ingest folder; changes are mostly noticed sooner."
    )
    max_file_mb: int = Field(200, ge=1, description="Largest PDF that is read.")
    max_pages: int = Field(3000, ge=1, description="Longest PDF that is read.")
    read_timeout: float = Field(60.0, gt=0, description="Seconds that reading one PDF may take.")
    read_memory_mb: int = Field(1500, ge=256, description="Memory that reading one PDF may take.")

    enrich: Literal["off", "crossref"] = Field(
        "off", description="Whether Crossref and arXiv are asked for title, authors, year and venue of each paper."
    )
    enrich_url: str = Field("https://api.crossref.org", description="Address of Crossref, or of a mirror.")
    enrich_arxiv_url: str = Field("https://export.arxiv.org", description="Address of arXiv's API, or of a mirror.")
    enrich_mail: str = Field("", description="Mail address for Crossref's polite pool.")

    ocr: Literal["auto", "off", "tesseract", "rapidocr"] = Field(
        "auto", description="What reads pages that are pictures; auto takes what is installed."
    )
    ocr_languages: str = Field(
        "eng", pattern=r"^[A-Za-z_]+(\+[A-Za-z_]+)*$", description="For tesseract, as in eng+deu."
    )
    ocr_timeout: float = Field(300.0, gt=0, description="Seconds that the pictures of one PDF may take.")

    max_question_chars: int = Field(8000, ge=100, description="Longest question.")

    @field_validator("llm")
    @classmethod
    def _is_of_a_known_form(cls, llm: str) -> str:
        if not LLM_FORM.fullmatch(llm):
            raise PydanticCustomError("llm_form", f"it must be {LLM_FORMS}")
        return llm

    @field_validator("max_answer_tokens")
    @classmethod
    def _leaves_room_for_the_prompt(cls, tokens: int, info: ValidationInfo) -> int:
        window: int | None = info.data.get("context_window")
        if window is not None and tokens > window // 2:
            raise PydanticCustomError("answer_tokens", f"it must be at most half of context_window, {window // 2}")
        return tokens

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments over environment over ragqa.toml."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def ingest_folder(self) -> Path:
        """Where users drop PDFs."""
        return self.ingest or self.data / "ingest"

    @property
    def index_folder(self) -> Path:
        """Where the catalogue and the indexes live."""
        return self.data / "index"


def load_settings(**given: Any) -> Settings:
    """Settings with the options given on top. Raise BadRequest if a value or ragqa.toml cannot be used."""
    try:
        return Settings(**given)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as exc:
        raise BadRequest(f"{SETTINGS_FILE} cannot be read: {exc}.", hint="Mend it, or move it away.") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise BadRequest(
            f"The setting {name} cannot be {first['input']!r}: {first['msg']}.",
            hint=f"Check RAGQA_{name.upper()}, {SETTINGS_FILE} and the options.",
        ) from exc
