"""Training the reader: what a run learns from is what the sets say, and a stopped run goes on as if it had not been."""

import gzip
import json
import signal
import tomllib
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragqa.errors import BadRequest, PathNotFound
from ragqa.training import evaluate, export, mix
from ragqa.training.features import Example, Tokens, collate, token_span, window, windows
from ragqa.training.perturb import WordIndex, unanswerable

TEXT = (
    "The catalyst was heated to 450 degrees for two hours. After cooling, its surface area had fallen by a third. "
    "Samples from Oslo were washed in ethanol and dried under nitrogen. The yield rose from 61 to 78 per cent."
)
WORDS = sorted({word.strip(".,").lower() for word in TEXT.split()} | {"what", "how", "was", "who", "?", ".", ","})


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two tiny layers with random weights and a vocabulary of letters and the words above."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("encoder")
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *(f"##{c}" for c in letters), *WORDS]
    pieces = list(dict.fromkeys(pieces))
    tokenizer = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(pieces), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=300,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def tokens(encoder: Path) -> Tokens:
    return Tokens(encoder / "tokenizer.json")


@st.composite
def answers(draw: st.DrawFn) -> tuple[int, int]:
    """Characters from one word of the text to the same or a later one."""
    starts = [0, *(i + 1 for i, c in enumerate(TEXT) if c == " ")]
    first = draw(st.integers(0, len(starts) - 1))
    last = draw(st.integers(first, min(first + 5, len(starts) - 1)))
    end = TEXT.find(" ", starts[last])
    return starts[first], len(TEXT) if end < 0 else end


@given(
    answer=answers(), room=st.integers(14, 60), seed=st.integers(0, 9), prefix=st.sampled_from(["", "Methods\nHeat"])
)
def test_a_span_survives_tokens_and_windows(
    tokens: Tokens, answer: tuple[int, int], room: int, seed: int, prefix: str
) -> None:
    example = Example("How was it dried?", TEXT, prefix, (answer,), 1.0, 1.0)
    cut = window(example, tokens, room, Random(seed))
    assert len(cut.spans) == 1
    first, last = cut.spans[0]
    # Spans lie in the text: never in the question, the title or the marks.
    assert cut.first <= first <= last < len(cut.ids) - 1
    said = TEXT[cut.offsets[first - cut.first][0] : cut.offsets[last - cut.first][1]]
    wanted = TEXT[slice(*answer)]
    assert said == wanted or (last == len(cut.ids) - 2 and wanted.startswith(said))


@given(room=st.integers(8, 60))
def test_the_windows_of_a_text_leave_nothing_out(tokens: Tokens, room: int) -> None:
    cuts = windows(Example("What was washed?", TEXT), tokens, room, max(1, room // 2))
    assert {place for cut in cuts for place in cut.offsets} == set(tokens.encode(TEXT)[1])
    assert all(len(cut.offsets) <= room for cut in cuts)


def test_targets_of_an_unanswerable_question_point_at_the_first_mark(tokens: Tokens) -> None:
    example = Example("Who was dried?", TEXT, answerable=0.1, relevance=0.1)
    batch = collate([[(example, window(example, tokens, 20, Random(0)))]])
    assert np.argwhere(batch.starts).tolist() == np.argwhere(batch.ends).tolist() == [[0, 0]]


def test_no_target_lies_outside_the_text(tokens: Tokens) -> None:
    at = TEXT.index("ethanol")
    right = Example("What was it washed in?", TEXT, "Heat", ((at, at + 7),), 1.0, 1.0)
    short = Example("What?", "Ethanol.", "", ((0, 7),), 1.0, 1.0)
    batch = collate([[(example, window(example, tokens, 90, Random(0)))] for example in (right, short)])
    assert not (batch.starts & ~batch.inside).any()
    assert not (batch.inside & ~batch.mask.astype(bool)).any()
    assert batch.types[0].argmax() > 1


def test_a_token_belongs_to_a_span_if_they_share_a_character() -> None:
    assert token_span([(0, 3), (4, 6), (6, 9)], (5, 7)) == (1, 2)
    assert token_span([(0, 3), (4, 6)], (3, 4)) is None


def row(number: int, title: str, *, answerable: bool = True) -> dict[str, Any]:
    text = f"{TEXT} Run {number} took {number} minutes in {title}."
    answer = [{"text": "ethanol", "start": text.index("ethanol")}] if answerable else []
    return {
        "id": f"q{number}", "title": title, "question": f"What was sample {number} of Paris washed in before 1990?",
        "context": text, "answers": answer, "unanswerable": not answerable,
    }  # fmt: skip


def pair(number: int, label: int) -> dict[str, Any]:
    return {
        "id": f"p{number}",
        "query": f"What did run {number // 4} yield?",
        "passage": f"{number}. {TEXT}",
        "label": label,
    }


ARTICLES = ["Glacier", "Copper", "Tundra", *sorted(mix.HELD_OUT | mix.DEV)]


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few rows in the files' own formats."""
    folder = tmp_path_factory.mktemp("sets")
    dev = [row(i, ARTICLES[i % len(ARTICLES)], answerable=i % 3 > 0) for i in range(60)]
    train = [row(i, f"Town_{i % 7}") for i in range(40)]
    hard = [row(i + 1, f"Town_{i % 7}", answerable=False) | {"id": f"q{i}-neg"} for i in range(0, 40, 4)]
    write(folder, "squad20_dev_noxquad", dev)
    write(folder, "squad11_dev_noxquad", [r for r in dev if not r["unanswerable"]])
    write(folder, "squad11_train", train)
    write(folder, "squad11_train_hardneg", hard)
    write(folder, "qasper_rank", [pair(i, int(i % 4 == 0)) for i in range(40)])
    return folder


def write(folder: Path, name: str, rows: Sequence[dict[str, Any]]) -> None:
    with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(r) + "\n" for r in rows)


SHARES = {
    "squad11_train": 5.0,
    "squad11_changed": 2.0,
    "squad20_dev_noxquad": 3.0,
    "squad11_dev_noxquad": 1.0,
    "qasper_rank": 1.0,
}


def drawn(sets: Path, seed: int, window: int = 0) -> list[mix.Group]:
    return list(mix.stream(mix.load(sets, sorted(SHARES)), SHARES, seed, window))


def test_the_mix_is_the_same_for_the_same_seed(sets: Path) -> None:
    assert drawn(sets, 1) == drawn(sets, 1)
    assert drawn(sets, 1, 3) == drawn(sets, 1, 3)
    assert drawn(sets, 1) != drawn(sets, 2)


def test_every_set_gets_its_share(sets: Path) -> None:
    groups = [group for window in range(3) for group in drawn(sets, 1, window)]
    ranked = sum(group[0].source == "qasper_rank" for group in groups)
    assert len(groups) == pytest.approx(3000, abs=5)
    assert ranked == pytest.approx(3000 / 12, abs=2)


def test_each_round_of_a_set_shows_every_question_once(sets: Path) -> None:
    source = mix.load(sets, ["squad11_train"])
    questions = [group[0].question for group in list(mix.stream(source, {"squad11_train": 1.0}, 1, 0))[:40]]
    assert len(set(questions)) == 40


def test_held_out_articles_are_never_in_the_mix(sets: Path) -> None:
    texts = " ".join(example.text for window in range(3) for group in drawn(sets, 1, window) for example in group)
    assert {title for title in ARTICLES if f"in {title}." in texts} == {"Glacier", "Copper", "Tundra"}


def test_the_articles_kept_apart_are_the_ones_drawn() -> None:
    folder = Path(__file__).resolve().parents[2] / "shared" / "data" / "train"
    if not folder.exists():
        pytest.skip("the training sets are not here")
    titles = {row["title"] for row in mix.read(folder, "squad20_dev_noxquad")}
    assert set(Random(2).sample(sorted(titles), 15)) == mix.HELD_OUT | mix.DEV
    assert (len(mix.HELD_OUT), len(mix.DEV)) == (12, 3)


def test_a_set_that_is_not_there_is_named(sets: Path) -> None:
    with pytest.raises(PathNotFound, match="nq_qed"):
        mix.load(sets, ["nq_qed"])
    with pytest.raises(BadRequest, match="litqa2"):
        mix.load(sets, ["litqa2"])


def test_a_ranked_question_comes_with_one_right_passage_first(sets: Path) -> None:
    groups = [group for group in drawn(sets, 1) if group[0].source == "qasper_rank"]
    assert all([example.relevance for example in group] == [1.0, 0.0, 0.0, 0.0] for group in groups)


ANSWERED = st.lists(
    st.sampled_from(("The marmot sleeps.", "It eats grass.", "Snow falls in May.", "Who knows?")), max_size=6
)


@given(before=ANSWERED, behind=ANSWERED, seed=st.integers(0, 99))
def test_a_thinned_passage_still_says_its_answer(before: list[str], behind: list[str], seed: int) -> None:
    text = " ".join([*before, "It wakes after 201 days.", *behind])
    start = text.index("201 days")
    whole = Example("How long does it sleep?", text, answers=((start, start + 8),), answerable=1.0)
    got = mix.thinned(whole, Random(seed), "An otter swims. It dives.")
    assert [got.text[a:b] for a, b in got.answers] == ["201 days"]
    assert len(got.text) <= len(text) + len(" An otter swims. ")


@given(texts=ANSWERED, seed=st.integers(0, 99))
def test_a_question_without_an_answer_has_none_of_fewer_sentences(texts: list[str], seed: int) -> None:
    whole = Example("How long does it sleep?", " ".join(["Marmots whistle.", *texts]), answerable=0.0)
    got = mix.thinned(whole, Random(seed))
    assert (got.answers, got.answerable) == ((), 0.0)
    assert got.text.strip()


def test_without_its_sentence_there_is_no_answer() -> None:
    text = "The marmot sleeps. It wakes after 201 days. It eats grass."
    whole = Example("How long does it sleep?", text, answers=((34, 42),), answerable=1.0, relevance=1.0)
    left = mix.without_answer(whole)
    assert left.text == "The marmot sleeps. It eats grass."
    assert (left.answers, left.answerable, left.relevance) == ((), mix.UNSURE, None)


def test_an_answer_that_stands_twice_has_two_places() -> None:
    twice = {"question": "Who?", "context": "Oslo or oslo or Oslo.", "answers": [{"text": "Oslo", "start": 0}]}
    made = mix.example(twice | {"n_occ": 2, "unanswerable": False}, Random(0), "any")
    assert made.answers == ((0, 4), (16, 20))


@pytest.mark.parametrize(
    ("question", "changed"),
    [
        ("When was it 1990?", {"When was it 1985?"}),
        ("Which is the largest lake?", {"Which is the smallest lake?", "Which isn't the largest lake?"}),
        ("Why will Nora Berg leave?", {"Why will Lake Mjosa leave?", "Why will Nora Berg join?"}),
        ("What?", {None}),
    ],
)
def test_a_question_is_changed_so_that_its_passage_answers_it_no_more(question: str, changed: set[str | None]) -> None:
    text = "In 1990 and in 1985 the ice on Lake Mjosa broke early, and Nora Berg left."
    assert {unanswerable(question, text, ["early"], Random(seed)) for seed in range(30)} == changed


def test_a_word_is_swapped_for_one_of_the_same_form_that_is_no_answer() -> None:
    text = "The tribes of the north paid taxes and houses; a river ran north."
    assert {unanswerable("Which tribes ruled the river?", text, ["houses"], Random(seed)) for seed in range(30)} == {
        "Which taxes ruled the river?"
    }


def test_look_alikes_share_rare_words() -> None:
    index = WordIndex(["heat of the catalyst", "the weather", "catalysts and heat, and heat", "of the the the"])
    assert index.best("catalyst heat", 2) == [2, 0]


def test_scores_agree_with_their_definitions() -> None:
    assert evaluate.ndcg([False, True], 1) == pytest.approx(1 / np.log2(3))


@pytest.fixture(scope="module")
def reader(encoder: Path) -> Any:
    from ragqa.training.model import from_embedder

    return from_embedder(encoder, 1)


def test_the_fast_pass_agrees_with_the_plain_one(reader: Any, tokens: Tokens) -> None:
    import torch

    from ragqa.training.model import tensors

    examples = [Example("How was it dried?", TEXT), Example("Who?", TEXT[:60], "Heat")]
    batch = collate([[(example, window(example, tokens, 90, Random(0)))] for example in examples])
    rows = [tensors(batch)[name] for name in ("ids", "mask", "types")]
    with torch.inference_mode():
        for fast, plain in zip(reader.fast(*rows), reader(*rows), strict=True):
            real = torch.from_numpy(batch.mask.astype(bool)) if fast.ndim == 3 else slice(None)
            assert torch.allclose(fast[real], plain[real], atol=0.02)


def test_all_places_of_an_answer_count_as_right(reader: Any, tokens: Tokens) -> None:
    import torch

    from ragqa.training.model import losses, tensors

    twice = Example("What?", "Oslo and Oslo", "", ((0, 4), (9, 13)), 1.0, 1.0)
    given_ = tensors(collate([[(twice, window(twice, tokens, 20, Random(0)))]]))
    span = torch.zeros(*given_["ids"].shape, 4)
    for place in given_["starts"][0].nonzero().flatten().tolist():
        span[0, place, 0] = 30.0
    for place in given_["ends"][0].nonzero().flatten().tolist():
        span[0, place, 1] = 30.0
    assert float(losses(span, torch.zeros(1, 2), given_)["span"]) == pytest.approx(0.0, abs=1e-4)


def test_the_rate_rises_stays_and_falls_to_nothing() -> None:
    from ragqa.training.train import Place, rate

    level = Place(step=99)
    assert [rate(Place(step=step), 10) for step in (0, 4, 9)] == pytest.approx([0.1, 0.5, 1.0])
    assert rate(level, 10) == 1.0
    level.end_after(steps=30, cool_down=20)
    assert [rate(Place(step, 0, 0, 129, 20), 10) for step in (109, 119, 129)] == pytest.approx([1.0, 0.5, 0.0])
    assert level == Place(99, 0, 0, 129, 20)


@pytest.fixture
def signals() -> Iterator[None]:
    """Training listens to signals; give them back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals")
def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(encoder: Path, sets: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train_steps(encoder, sets, whole, [70])
    # Stopped within a window and after one.
    train_steps(encoder, sets, parts, [20, 45, 70])
    expected, found = (load_file(folder / "checkpoint.safetensors") for folder in (whole, parts))
    assert expected.keys() == found.keys()
    assert all(bool((expected[name] == found[name]).all()) for name in expected)


@pytest.mark.usefixtures("signals")
def test_a_reader_learns_and_is_judged(encoder: Path, sets: Path, tmp_path: Path) -> None:
    train_steps(encoder, sets, tmp_path, [30])
    lines = (tmp_path / "progress.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[-1])["step"] == 30
    assert (tmp_path / "reader.safetensors").stat().st_size > 10_000


def train_steps(encoder: Path, sets: Path, out: Path, ends: Sequence[int]) -> None:
    """Train to each of the steps in turn, every time in a new run that knows only the files of the last."""
    from ragqa.training.model import from_embedder
    from ragqa.training.train import CHECKPOINT, Run, TrainConfig, train

    out.mkdir(exist_ok=True)
    config = TrainConfig(1, 1e-3, 3e-3, 10, 0.01, 2048, (40, 90), 60, 60, 1)
    tokens = Tokens(encoder / "tokenizer.json")
    dev = evaluate.dev_set(sets, None, questions=5)
    for end in ends:
        run = Run(from_embedder(encoder, 1), config)
        if (out / CHECKPOINT).exists():
            run.restore(out / CHECKPOINT)
        run.place.last_step = end
        groups = ((number, drawn(sets, 1, number)[:100]) for number in range(run.place.window, 99))
        train(run, tokens, groups, out, lambda reader: evaluate.judge(reader, tokens, dev))
        assert run.place.step == end


def test_readers_are_averaged_weight_by_weight(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    from ragqa.training.model import average

    files = [tmp_path / "a", tmp_path / "b"]
    for file, value in zip(files, (1.0, 4.0), strict=True):
        save_file({"span.weight": torch.full((2, 3), value)}, file)
    average(files, tmp_path / "mean")
    assert load_file(tmp_path / "mean")["span.weight"].tolist() == [[2.5] * 3] * 2


@pytest.mark.parametrize("mixed", ["mix", "mix_papers", "mix_reading", "mix_ranking"])
def test_every_set_of_the_configuration_is_known(mixed: str) -> None:
    configuration = tomllib.loads(resources.files("ragqa.training").joinpath("reader.toml").read_text("utf-8"))
    assert configuration[mixed].keys() <= mix.SETS.keys()


def test_calibration_questions_are_paired_with_passages_that_share_their_words() -> None:
    pairs = export.calibration_pairs()
    assert pairs == export.calibration_pairs()
    assert len({pair.question for pair in pairs}) == len(pairs) / export.ALIKE
    by_question = {pair.question: pair.text for pair in reversed(pairs)}
    assert "16,569 base pairs" in by_question["How many genes does the human mitochondrial genome have?"]
    assert {pair.prefix for pair in pairs} == set(export.HEADINGS)
