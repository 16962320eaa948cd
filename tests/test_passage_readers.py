"""Every passage reader and re-ranker: one contract each; what is remembered; models that cannot do the task."""

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from ragqa.adapters.cross_encoder import CrossEncoderReranker
from ragqa.adapters.huggingface_reader import HuggingFaceReader
from ragqa.adapters.openvino_pairs import Logits, PairNetwork, Row
from ragqa.adapters.openvino_reader import SHIPPED, OpenVinoReader
from ragqa.compose import open_reader, open_reranker
from ragqa.errors import ModelNotFound, ModelUnavailable
from ragqa.protocols import Passage, PassageReader, Reranker
from ragqa.settings import Settings
from tests import tiny_readers

MARMOTS = Passage(
    "A study of marmots\nResults",
    "We caught 42 marmots in the summer of 1999. They slept for 201.5 days in the mean, and woke 13 times (Table 2).",
)
WEATHER = Passage("", "Transformers replace recurrence by attention, and need no weather data.")
LONG = Passage(
    "Winter", " ".join(["Snow fell on the ridge, and nobody measured it."] * 120) + " The mast was 37 m high."
)
EMPTY = [Passage("", ""), Passage("A title", ""), Passage("", " \n\t")]
ODDITIES = [
    Passage("🧪", "🧪🔬👩‍🔬"),
    Passage("", "深度学习模型在图像识别中的应用。"),
    Passage("", "a" * 5000),
    Passage("[SEP] [CLS]", "The model reads [SEP] and [CLS] as any other word [MASK]."),
    Passage("", "e\u0301\u0301 x²₃ ∑∫√∞ \u202egnirts\u202c \x00 \ufeffzero\u200bwidth"),
    Passage("heading " * 500, "A passage under a heading that is far too long."),
]
PASSAGES = [MARMOTS, WEATHER, LONG, *EMPTY, *ODDITIES]
QUESTIONS = ["How many marmots were caught?", "", "why " * 3000, "¿Cuántas marmotas? 🧪"]


class PassageReaderContract:
    """What every PassageReader must do. Subclass it and give the fixture ``reader``."""

    @pytest.fixture
    def reader(self) -> PassageReader:
        raise NotImplementedError

    @pytest.mark.parametrize("question", QUESTIONS, ids=["plain", "empty", "very long", "odd"])
    def test_spans_lie_in_the_text_apart_and_best_first(self, reader: PassageReader, question: str) -> None:
        readings = reader.read(question, PASSAGES)
        assert len(readings) == len(PASSAGES)
        for passage, reading in zip(PASSAGES, readings, strict=True):
            spans = reading.spans
            assert len(spans) <= 5
            assert [span.score for span in spans] == sorted((span.score for span in spans), reverse=True)
            assert all(0 <= span.start < span.end <= len(passage.text) for span in spans)
            in_order = sorted(spans, key=lambda span: span.start)
            assert all(a.end <= b.start for a, b in pairwise(in_order))
            assert 0 <= reading.evidence.start <= reading.evidence.end <= len(passage.text)

    def test_spans_are_whole_words_and_numbers(self, reader: PassageReader) -> None:
        for span in reader.read(QUESTIONS[0], [MARMOTS])[0].spans:
            before, said, after = (
                MARMOTS.text[: span.start], MARMOTS.text[span.start : span.end], MARMOTS.text[span.end :]
            )  # fmt: skip
            assert not (before[-1:].isalnum() and said[0].isalnum())
            assert not (said[-1].isalnum() and after[:1].isalnum())
            assert "201.5" in said or "201" not in said

    def test_where_there_are_no_words_there_is_no_answer(self, reader: PassageReader) -> None:
        for reading in reader.read(QUESTIONS[0], EMPTY):
            assert reading.spans == ()
            assert reading.evidence.start == reading.evidence.end
            assert reading.answerable < -10

    def test_a_long_text_is_read_to_its_end(self, reader: PassageReader) -> None:
        dots = ". " * 300
        (reading,) = reader.read("How high was the mast?", [Passage("", f"{dots}The mast was 37 m high.")])
        assert reading.spans
        assert all(span.end > len(dots) for span in reading.spans)

    def test_nothing_to_read_is_read(self, reader: PassageReader) -> None:
        assert reader.read(QUESTIONS[0], []) == []

    def test_it_has_a_name(self, reader: PassageReader) -> None:
        assert reader.name

    def test_several_threads_read_at_once(self, reader: PassageReader) -> None:
        questions = [f"How many marmots were caught in year {year}?" for year in range(6)]

        def starts(question: str) -> list[int]:
            return [reading.spans[0].start for reading in reader.read(question, [MARMOTS, WEATHER])]

        with ThreadPoolExecutor(3) as pool:
            together = list(pool.map(starts, questions))
        assert together == [starts(question) for question in questions]


class RerankerContract:
    """What every Reranker must do. Subclass it and give the fixture ``reranker``."""

    @pytest.fixture
    def reranker(self) -> Reranker:
        raise NotImplementedError

    @pytest.mark.parametrize("question", QUESTIONS, ids=["plain", "empty", "very long", "odd"])
    def test_every_passage_gets_a_number(self, reranker: Reranker, question: str) -> None:
        logits = reranker.relevance(question, PASSAGES)
        assert len(logits) == len(PASSAGES)
        assert all(isinstance(logit, float) and abs(logit) < 1000 for logit in logits)

    def test_the_order_of_the_passages_does_not_matter(self, reranker: Reranker) -> None:
        logits = reranker.relevance(QUESTIONS[0], PASSAGES)
        assert reranker.relevance(QUESTIONS[0], PASSAGES[::-1])[::-1] == pytest.approx(logits, abs=1e-3)

    def test_question_and_heading_count(self, reranker: Reranker) -> None:
        bare = Passage("", MARMOTS.text)
        first, second = reranker.relevance(QUESTIONS[0], [MARMOTS, bare])
        (other,) = reranker.relevance("Where does the weather data come from?", [MARMOTS])
        assert len({first, second, other}) == 3

    def test_nothing_to_judge_is_judged(self, reranker: Reranker) -> None:
        assert reranker.relevance(QUESTIONS[0], []) == []

    def test_it_has_a_name(self, reranker: Reranker) -> None:
        assert reranker.name


@pytest.fixture(scope="module")
def shipped() -> OpenVinoReader:
    if not (SHIPPED / "model.xml").exists():
        pytest.skip("the reader is not in this checkout")
    return OpenVinoReader()


class TestOpenVinoReader(PassageReaderContract):
    @pytest.fixture
    def reader(self, shipped: OpenVinoReader) -> PassageReader:
        return shipped


class TestOpenVinoReranker(RerankerContract):
    @pytest.fixture
    def reranker(self, shipped: OpenVinoReader) -> Reranker:
        return shipped


class TestHuggingFaceReader(PassageReaderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def reader(cls, tmp_path_factory: pytest.TempPathFactory) -> PassageReader:
        folder = tiny_readers.make_question_answering_model(tmp_path_factory.mktemp("qa"))
        return HuggingFaceReader(str(folder), "cpu")


class TestCrossEncoder(RerankerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def reranker(cls, tmp_path_factory: pytest.TempPathFactory) -> Reranker:
        return CrossEncoderReranker(str(tiny_readers.make_cross_encoder(tmp_path_factory.mktemp("ce"))), "cpu")


def said(passage: Passage, start: int, end: int) -> str:
    return passage.text[start:end]


def test_the_shipped_reader_finds_plain_answers(shipped: OpenVinoReader) -> None:
    right, wrong = shipped.read("How many marmots were caught?", [MARMOTS, WEATHER])
    assert said(MARMOTS, right.spans[0].start, right.spans[0].end) == "42"
    assert "We caught 42 marmots" in said(MARMOTS, right.evidence.start, right.evidence.end)
    assert right.answerable > wrong.answerable
    assert right.spans[0].score > 0 > wrong.spans[0].score


def test_the_shipped_reader_ranks_the_right_passage_first(shipped: OpenVinoReader) -> None:
    right, wrong = shipped.relevance("How many marmots were caught?", [MARMOTS, WEATHER])
    assert right > wrong


def test_the_shipped_reader_reads_to_the_end_of_a_long_text(shipped: OpenVinoReader) -> None:
    (reading,) = shipped.read("How high was the mast?", [LONG])
    assert "37" in said(LONG, reading.spans[0].start, reading.spans[0].end)


class CountingNetwork(PairNetwork):
    """The shipped network; notes how many rows it was given."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.rows = 0

    def run(self, rows: Sequence[Row]) -> list[Logits]:
        self.rows += len(rows)
        return super().run(rows)


def test_what_was_judged_is_not_read_a_second_time(shipped: OpenVinoReader) -> None:
    network = CountingNetwork(SHIPPED)
    reader = OpenVinoReader(SHIPPED, network)
    reader.relevance("How many?", [MARMOTS, WEATHER, MARMOTS])
    assert network.rows == 2
    reader.read("How many?", [WEATHER, MARMOTS])
    assert network.rows == 2
    reader.read("How many?", [WEATHER, Passage("Another heading", MARMOTS.text)])
    assert network.rows == 3


def test_a_row_is_read_the_same_in_any_company(shipped: OpenVinoReader) -> None:
    """Where OpenVINO 2026.4 computes in bfloat16 it is wrong for rows padded to 32 tokens."""
    words = MARMOTS.text.split()
    passages = [Passage("", " ".join(words[:count])) for count in range(2, len(words) + 1)]
    alone = [shipped.relevance("How many marmots?", [passage])[0] for passage in passages]
    together = OpenVinoReader().relevance("How many marmots?", [*passages, LONG])
    assert together[:-1] == pytest.approx(alone, abs=1e-3)


def test_one_model_does_both_by_default(shipped: OpenVinoReader) -> None:
    assert open_reader(Settings()) is open_reranker(Settings())


def test_none_is_none() -> None:
    settings = Settings(reader="none", reranker="none")
    assert open_reader(settings) is None
    assert open_reranker(settings) is None


def test_other_models_are_opened_by_folder(tmp_path: Path) -> None:
    reading = tiny_readers.make_question_answering_model(tmp_path / "qa")
    judging = tiny_readers.make_cross_encoder(tmp_path / "ce")
    settings = Settings(reader=str(reading), reranker=str(judging), device="cpu")
    assert isinstance(open_reader(settings), HuggingFaceReader)
    assert isinstance(open_reranker(settings), CrossEncoderReranker)


@pytest.mark.parametrize("name", ["somebody/no-such-model", "./no-such-folder"])
def test_a_model_that_is_not_there_says_what_to_do(name: str) -> None:
    for use in (
        lambda: HuggingFaceReader(name, "cpu").read("Why?", [MARMOTS]),
        lambda: CrossEncoderReranker(name, "cpu").relevance("Why?", [MARMOTS]),
    ):
        with pytest.raises(ModelNotFound, match=name.removeprefix("./")) as caught:
            use()
        assert caught.value.hint


def test_a_model_for_another_task_is_refused(tmp_path: Path) -> None:
    encoder = str(tiny_readers.make_encoder(tmp_path / "encoder"))
    with pytest.raises(ModelUnavailable, match="not trained to find answers") as caught:
        HuggingFaceReader(encoder, "cpu").read("Why?", [MARMOTS])
    assert "RAGQA_READER" in caught.value.hint
    three = str(tiny_readers.make_cross_encoder(tmp_path / "nli", labels=3))
    for name in (encoder, three):
        with pytest.raises(ModelUnavailable, match="not trained to tell how relevant") as caught:
            CrossEncoderReranker(name, "cpu").relevance("Why?", [MARMOTS])
        assert "RAGQA_RERANKER" in caught.value.hint


@pytest.mark.parametrize(
    "card",
    ["", "[]", '{"weights": "2a18ed3c321530a6"}', '{"recipe": "int8-1"}', '{"recipe": "int8-1", "weights": 3}'],
    ids=["no JSON", "a list", "no recipe", "no weights", "weights without a digest"],
)
def test_a_damaged_reader_is_named(tmp_path: Path, card: str) -> None:
    (tmp_path / "card.json").write_text(card, encoding="utf-8")
    with pytest.raises(ModelUnavailable, match="cannot be loaded") as caught:
        OpenVinoReader(tmp_path)
    assert "RAGQA_READER=none" in caught.value.hint


def test_a_reader_without_its_network_is_named(tmp_path: Path) -> None:
    _write_card(tmp_path, "2a18ed3c321530a6")
    reader = OpenVinoReader(tmp_path)
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        reader.read("Why?", [MARMOTS])


def _write_card(folder: Path, weights: str) -> None:
    (folder / "card.json").write_text(json.dumps({"recipe": "int8-1", "weights": weights}), encoding="utf-8")


def test_readers_of_other_weights_have_other_names(tmp_path: Path) -> None:
    # What a reader has judged is kept under its name: judgements of older weights must not count for newer ones.
    names = []
    for weights in ("2a18ed3c321530a6", "77aa01bd9c4e2f10"):
        _write_card(tmp_path, weights)
        names.append(OpenVinoReader(tmp_path).name)
    assert names == ["ragqa-reader-int8-1-2a18ed3c", "ragqa-reader-int8-1-77aa01bd"]


def test_the_shipped_reader_is_small_and_says_what_it_is(shipped: OpenVinoReader) -> None:
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) < 25_000_000
    card = json.loads((SHIPPED / "card.json").read_text(encoding="utf-8"))
    assert shipped.name == f"ragqa-reader-{card['recipe']}-{card['weights'][:8]}"


def test_reading_needs_no_torch(shipped: OpenVinoReader) -> None:
    code = (
        "import sys; from ragqa.adapters.openvino_reader import OpenVinoReader; from ragqa.protocols import Passage;"
        "OpenVinoReader().read('Why?', [Passage('', 'Because of the snow.')]);"
        "print(*sorted({'torch', 'transformers', 'nncf'} & sys.modules.keys()))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert ended.stdout.split() == []
