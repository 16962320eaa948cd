"""Which sentences can stand by themselves for what a paper says."""

import pytest

from ragqa.answer.kinds.telling import tells


@pytest.mark.parametrize(
    "sentence",
    [
        "We propose a new test to measure a text model’s multitask accuracy.",
        "Neither mutation affected the binding of tRNA to the complex.",
        "Table 2 shows that marmots sleep for longer in the high valleys.",
        "The course is an open source course (https://marmots.org) that was developed to teach fluid dynamics.",
        "We predict the class corresponding to each token of the sentence.",
        "In total, 40 marmots were tracked for 201 days (SD 12).",
        "These proteins form a complex via their appended motifs 6,7.",
    ],
)
def test_what_a_paper_says_tells(sentence: str) -> None:
    assert tells(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Author manuscript; available in PMC 2023 February 27.",
        "All data are available in the main text or the supplementary materials.",
        "The maps have been deposited in the Data Bank under accession codes EMD-37985.",
        "Our embeddings are freely available from http: //marmots.org/sleep/.",
        "We designed our lessons to have the following components: 1.",
        "The steps of the method are as follows.",
        "Table 2.",
        "Transformer Architecture.",
        "A Long Sleep Network for Marmot Classification (Zhou et al., 2015).",
        "∗Contribution was equal for both of these authors.",
        "Both of the first authors contributed equally to this work.",
        "Proceedings of the 56th Annual Meeting of the Society for Marmots, pages 1–9.",
        "Table 5 is a comparison with related datasets.",
        "In this section, we describe the model that we propose.",
        "The remainder of the paper is organized in four parts.",
        "Read this article and you'll see why.",
        "The Center for Data Science is collecting your answers for use in research.",
        "Question: Who tracked the marmots in the two winters?",
        "Thus, L = − X yi log(pi) + βL + λ kΘk 2 (25) i=1.",
        "and is then passed to a second layer of the network.",
    ],
)
def test_furniture_labels_prompts_and_what_is_cut_off_do_not(sentence: str) -> None:
    assert not tells(sentence)
