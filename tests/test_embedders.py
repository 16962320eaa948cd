"""Every embedder: one contract, and how far the shipped int8 model is from its full-precision twin."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ragqa.adapters import openvino_embedder
from ragqa.adapters.openvino_embedder import OpenVinoEmbedder
from ragqa.adapters.sentence_transformers_embedder import SentenceTransformersEmbedder
from ragqa.errors import ModelNotFound, ModelUnavailable
from ragqa.protocols import Embedder

SENTENCES = [
    "Marmots sleep for two hundred days at high altitude.",
    "The mean duration was 201 days with a standard deviation of 3.5 days (Fig. 1).",
    "We train for 300,000 steps on eight cards and average the last five checkpoints.",
    "Recall@20 rises from 0.62 to 0.71 when both rankings are fused.",
    "How long do alpine marmots hibernate?",
    "Let X be a compact Hausdorff space; then C(X) is a commutative C*-algebra.",
    "Patients received 5 mg of the drug twice daily (n = 120, p < 0.01).",
    "The reaction was quenched with saturated NaHCO3 and extracted with ethyl acetate.",
    "Interest rates respond to inflation with a lag of two quarters.",
    "Gradient checkpointing halves the memory at the cost of one more forward pass.",
    "snow",
    "The galaxy's redshift, z = 6.3, places it within the first billion years. " * 6,
]
ODDITIES = [
    "",
    " \n\t",
    "\x00\x07",
    "🧪🔬👩‍🔬",
    "שלום עולם",
    "深度学习模型在图像识别中的应用",
    "e\u0301\u0301\u0301\u0301",
    "\u202egnirts\u202c",
    "a" * 5000,
    "x²₃ ∑∫√∞ ≤≥≠ αβγ ℝ",
    "\ufeffzero\u200bwidth",
]


@pytest.fixture(scope="session")
def full_precision() -> SentenceTransformersEmbedder:
    return SentenceTransformersEmbedder.shipped("cpu")


class EmbedderContract:
    """What every Embedder must do. Subclass it and give the fixture ``tested``."""

    @pytest.fixture
    def tested(self) -> Embedder:
        raise NotImplementedError

    def test_vectors_are_rows_of_unit_length(self, tested: Embedder) -> None:
        vectors = tested.embed_passages(SENTENCES)
        assert vectors.shape == (len(SENTENCES), tested.dimension)
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3)

    def test_a_question_is_one_vector_of_unit_length(self, tested: Embedder) -> None:
        vector = tested.embed_query(SENTENCES[4])
        assert vector.shape == (tested.dimension,)
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-3)

    def test_the_company_of_a_text_does_not_change_its_vector(self, tested: Embedder) -> None:
        together = tested.embed_passages(SENTENCES)
        backwards = tested.embed_passages(SENTENCES[::-1])[::-1]
        alone = np.stack([tested.embed_passages([text])[0] for text in SENTENCES])
        assert np.sum(together * alone, axis=1).min() > 0.999
        assert np.sum(together * backwards, axis=1).min() > 0.999

    def test_no_texts_give_no_rows(self, tested: Embedder) -> None:
        assert tested.embed_passages([]).shape == (0, tested.dimension)
        assert tested.token_counts([]) == []

    def test_a_passage_beats_the_others_for_its_own_question(self, tested: Embedder) -> None:
        scores = tested.embed_passages(SENTENCES[:4]) @ tested.embed_query("How long do marmots hibernate?")
        assert int(np.argmax(scores)) == 0

    def test_what_lies_beyond_the_longest_passage_is_left_out(self, tested: Embedder) -> None:
        long = "marmot " * (tested.max_tokens + 300)
        cut = tested.embed_passages([long, long + "quantum chromodynamics " * 50])
        assert float(cut[0] @ cut[1]) > 0.999

    @pytest.mark.parametrize("text", ODDITIES, ids=[ascii(text)[1:20] for text in ODDITIES])
    def test_any_text_has_a_vector(self, tested: Embedder, text: str) -> None:
        vectors = tested.embed_passages([text, SENTENCES[0]])
        assert np.isfinite(vectors).all()
        assert np.linalg.norm(vectors[0]) == pytest.approx(1.0, abs=1e-3)
        assert tested.token_counts([text])[0] >= 0

    def test_tokens_are_counted_without_the_special_ones(self, tested: Embedder) -> None:
        assert tested.token_counts(["", "snow", "snow snow"]) == [0, 1, 2]
        assert tested.token_counts(["snow " * 5000]) == [5000], "counting does not cut"

    def test_a_passage_of_the_longest_length_is_embedded_whole(self, tested: Embedder) -> None:
        head = "snow " * (tested.max_tokens - 1)
        assert tested.token_counts([head + "marmot"])[0] > tested.max_tokens - 1
        inside, outside = tested.embed_passages([head + "ice", head + "physics"])
        assert float(inside @ outside) < 0.99999


class TestOpenVinoEmbedder(EmbedderContract):
    @pytest.fixture
    def tested(self, embedder: Embedder) -> Embedder:
        return embedder


class TestSentenceTransformersEmbedder(EmbedderContract):
    @pytest.fixture
    def tested(self, full_precision: SentenceTransformersEmbedder) -> Embedder:
        return full_precision


def test_int8_vectors_are_close_to_those_of_full_precision(embedder: Embedder, full_precision: Embedder) -> None:
    cosines = np.sum(embedder.embed_passages(SENTENCES) * full_precision.embed_passages(SENTENCES), axis=1)
    assert cosines.mean() >= 0.98
    assert embedder.token_counts(SENTENCES) == full_precision.token_counts(SENTENCES)


@pytest.mark.parametrize("tokens", [15, 16, 17, 29, 30, 31, 32, 33, 62, 64, 126])
def test_no_length_is_embedded_worse_than_others(embedder: Embedder, tokens: int) -> None:
    """With bfloat16 on AMX, OpenVINO 2026.4 gave wrong vectors for texts that are padded to 32 tokens."""
    words = " ".join(SENTENCES[:-1]).lower().replace(".", " ").split()
    text = " ".join(words[:tokens])
    while embedder.token_counts([text])[0] > tokens:
        text = text.rsplit(" ", 1)[0]
    alone, beside_a_longer_one = embedder.embed_query(text), embedder.embed_passages([text, SENTENCES[-1]])[0]
    assert float(alone @ beside_a_longer_one) > 0.999


def test_vectors_of_the_two_are_never_mixed(embedder: Embedder, full_precision: Embedder) -> None:
    assert embedder.fingerprint != full_precision.fingerprint
    assert full_precision.fingerprint.endswith("float32")
    assert (embedder.dimension, embedder.max_tokens) == (full_precision.dimension, full_precision.max_tokens)


def test_a_model_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="no-such-model") as caught:
        SentenceTransformersEmbedder(str(tmp_path / "no-such-model"), "cpu")
    assert "RAGQA_EMBEDDER" in caught.value.hint


def test_a_conversion_that_fails_says_why_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str], **options: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.CompletedProcess(command, 1, "", "Traceback …\nMemoryError: 12 GB\n")

    monkeypatch.setattr(openvino_embedder.subprocess, "run", fail)
    with pytest.raises(ModelUnavailable, match="MemoryError: 12 GB"):
        OpenVinoEmbedder(tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".lock"] == []


def test_serving_needs_no_torch() -> None:
    code = (
        "import sys; from platformdirs import user_cache_path;"
        "from ragqa.adapters.openvino_embedder import OpenVinoEmbedder;"
        "OpenVinoEmbedder(user_cache_path('ragqa') / 'models').embed_query('snow');"
        "print(*sorted({'torch', 'transformers', 'nncf'} & sys.modules.keys()))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.split() == []
