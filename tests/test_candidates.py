"""Scores, pages and near-duplicates of what was found: what must hold for any candidates."""

from hypothesis import given
from hypothesis import strategies as st

from ragqa.document import BlockKind
from ragqa.search.candidates import Candidate, by_score, page_supported, unlike
from ragqa.search.hints import hinted, named_papers, overview_first
from ragqa.search.query import NOTHING, analysed
from ragqa.store.catalogue import StoredChunk
from ragqa.types import Paper


def candidate(
    number: int = 1,
    score: float = 1.0,
    text: str = "",
    *,
    paper: str = "a",
    page: int = 1,
    section: str = "",
    kind: BlockKind = BlockKind.PARAGRAPH,
) -> Candidate:
    """A chunk that says what matters to a test."""
    words = text or f"words of chunk {number}"
    return Candidate(
        StoredChunk(f"{number}", paper, f"{paper}.pdf", f"On {paper}", page, 0, 9, section, words, kind), score
    )


Candidates = st.lists(
    st.tuples(st.floats(0, 1, allow_nan=False), st.sampled_from("ab"), st.integers(1, 4)), max_size=12
).map(lambda rows: by_score(candidate(n, score, paper=p, page=page) for n, (score, p, page) in enumerate(rows)))


def ids(candidates: list[Candidate]) -> list[str]:
    return [one.chunk.id for one in candidates]


@given(Candidates)
def test_page_support_loses_nothing_and_orders_by_score(candidates: list[Candidate]) -> None:
    supported = page_supported(candidates)
    assert sorted(ids(supported)) == sorted(ids(candidates))
    assert [one.score for one in supported] == sorted((one.score for one in supported), reverse=True)
    before = {one.chunk.id: one.score for one in candidates}
    assert all(one.score >= before[one.chunk.id] for one in supported)


@given(Candidates)
def test_pages_of_one_chunk_each_keep_their_order(candidates: list[Candidate]) -> None:
    alone = list({one.place: one for one in reversed(candidates)}.values())[::-1]
    assert ids(page_supported(by_score(alone))) == ids(by_score(alone))


def test_a_page_with_two_good_chunks_beats_one_with_a_slightly_better_one() -> None:
    ranked = [
        candidate(1, 1.00, page=1),
        candidate(2, 0.98, page=2),
        candidate(3, 0.97, page=2),
        candidate(4, 0.60, page=3),
    ]
    assert ids(page_supported(ranked))[0] == "2"


def test_a_page_gains_nothing_by_the_worst_candidate() -> None:
    ranked = [candidate(1, 1.00, page=1), candidate(2, 0.98, page=2), candidate(3, 0.60, page=2)]
    assert ids(page_supported(ranked))[0] == "1"


@given(Candidates, st.integers(1, 5))
def test_at_most_k_unlike_ones_stay_in_order(candidates: list[Candidate], k: int) -> None:
    kept = ids(unlike(candidates, k))
    assert kept == ids(candidates)[:k]


def test_nearly_the_same_words_are_shown_once() -> None:
    text = "Alpine marmots hibernate for two hundred days in each of the winters that were observed"
    twice = [candidate(1, 1.0, text), candidate(2, 0.9, text.upper(), paper="b"), candidate(3, 0.8)]
    assert ids(unlike(twice, 3)) == ["1", "3"]


@given(Candidates)
def test_a_question_that_says_nothing_changes_nothing(candidates: list[Candidate]) -> None:
    assert hinted(candidates, "How long?", NOTHING, {}) == candidates


def test_a_hint_lifts_what_fits_and_hides_nothing() -> None:
    found = [
        candidate(1, 1.0, "Other words."),
        candidate(2, 0.9, "As Table 2 shows, it is cold."),
        candidate(3, 0.8, "Table 2: Temperatures.", kind=BlockKind.CAPTION),
        candidate(4, 0.7, "Table 20: Winds.", kind=BlockKind.CAPTION),
    ]
    question = "What does Table 2 show?"
    assert ids(hinted(found, question, analysed(question), {})) == ["3", "2", "1", "4"]


def test_a_named_section_lifts_its_chunks() -> None:
    found = [candidate(1, 1.0, section="1 Introduction"), candidate(2, 0.9, section="4 Results > 4.1 Data")]
    for question in ("What does section 4.1 say?", "What is told in the results section?"):
        assert ids(hinted(found, question, analysed(question), {})) == ["2", "1"]


def test_a_title_in_the_question_lifts_its_paper() -> None:
    found = [candidate(1, 1.0), candidate(2, 0.9, paper="marmots in the alps")]
    question = "What does On marmots in the Alps say of sleep?"
    assert ids(hinted(found, question, NOTHING, {})) == ["2", "1"]


def test_the_overview_comes_first() -> None:
    found = [
        candidate(1, 1.0, section="3 Methods"),
        candidate(2, 0.9, section="1 Introduction"),
        candidate(3, 0.8, kind=BlockKind.ABSTRACT),
    ]
    assert ids(overview_first(found)) == ["2", "3", "1"]


PAPERS = (
    Paper(id="p", file_name="pal.pdf", title="PAL: Program-aided Language Models", authors=("Luyu Gao",), year=2023),
    Paper(id="d", file_name="distil.pdf", title="DistilBERT, a distilled version of BERT", authors=("Victor Sanh",)),
    Paper(id="k", file_name="k.pdf", title="Kinship", authors=("Mikael Kågebäck", "Hans Salomonsson"), year=2016),
    Paper(id="x", file_name="x.pdf", title="Pen pal letters", arxiv_id="1706.03762v5", doi="10.1/xyz"),
)


def named(question: str) -> dict[str, float]:
    return named_papers(analysed(question), PAPERS)


def test_papers_are_named_by_title_file_id_or_authors() -> None:
    assert named("How does PAL handle numbers?") == {"p": 1.0}
    assert named("How does DistilBERT learn?") == {"d": 1.0}
    assert named("How large is BERT?") == {"d": 0.5}
    assert named("What does distil.pdf say?") == {"d": 1.0}
    assert named("What does 1706.03762 say?") == {"x": 1.0}
    assert named("What did Kågebäck et al. find?") == {"k": 1.0}
    assert named("What did Gao et al. (2023) find?") == {"p": 1.0}
    assert named("What did Gao et al. (1999) find?") == {}
    assert named('What does "pen pal letters" say?') == {"x": 1.0}


def test_a_name_that_many_papers_share_names_none() -> None:
    many = [Paper(id=f"{n}", file_name="", title=f"BERT and {n}") for n in range(6)]
    assert named_papers(analysed("How large is BERT?"), many) == {}
