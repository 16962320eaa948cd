"""What kind of answer a question wants; what is not clear wants a span."""

import pytest

from ragqa.answer.questions.question_kind import kind_of, of_several, wants_sentence, wants_words

SPANS = [
    "What percentage of BERT's language understanding capabilities does DistilBERT retain?",
    "How does DistilBERT's performance on the GLUE benchmark compare to BERT and ELMo?",
    "Can you describe the modifications LLaMA makes to the transformer architecture?",
    "Could you tell me what dropout was used?",
    "Is the code publicly available, and where?",
    "Is the model generative or discriminative?",
    "Which of the following mutations protects bacteriophage RexA from proteolytic cleavage?",
    "What experimental setup was used?",
    "What research problem or task does the paper address?",
    "In the context of PAL, what role do meaningful variable names play?",
    "Summarize the training procedure.",
    "How big is their model?",
    "What is the size of ACL-ARC datasets?",
    "Compared with controls, what was the mean age?",
    "Who won the football world cup in 1998?",
    "Summarise the conclusions.",
    "Summarize the paper's results",
    "Give me an overview of the results of the BERT paper",
    "Can you summarize how dropout works?",
    "Which process was used?",
    "Which analysis did they perform?",
    "Which species was studied?",
    "Which virus was found?",
    "What does the encoder do?",
    "What causes cancer?",
    "Which performs better, the old or the new drug?",
    "What year were the models released?",
    "What bias does the corpus show?",
    "In what ways does the model fail?",
    "Which four legged mammal is the smartest?",
    "What law covers wrongs which humans can do to each other?",
    "Summarize the adverse events",
    "Summarize the inclusion criteria",
    "Summarize the statistical tests used",
    "Summarize what the authors found",
    "Give me an overview of all of the outcomes",
    "Summarize Table 3",
    "What is Figure 3 about?",
    "Summarize Appendix B",
    "Summarize Materials and Methods",
    "What is the discussion about?",
    "How do the results differ from previous studies?",
    "What does this paper say about limitations?",
    "What does the paper say on dropout?",
    "Should students use R or Python?",
    "Does BERT or ELMo perform better on coreference resolution?",
    "Was BioBERT trained on CPUs or GPUs?",
    "Do the authors prefer Codex or text-davinci?",
    "Is it better or worse than GPT-3?",
]
YES_OR_NO = [
    "Does their model also take the expected answer style as input?",
    "Do they perform error analysis?",
    'Is there exactly one "answer style" per dataset?',
    "Does Section 3.3 cite more papers than Section 3.1? Directly answer 'yes' or 'no'.",
    "Target Serum Urate: Do Gout Patients Know Their Goal?",
    "Juvenile ankylosing spondylitis--is it the same disease as adult ankylosing spondylitis?",
    "Rotator cuff tear: an occupational disease?",
    "Does screening or surveillance improve the prognosis of patients?",
    "Please tell me, does snow depth explain body mass?",
    "Is A better than B or C?",
    "Is it effective or not?",
    "Does IL-6 or TNF-α predict survival?",
]
LISTS = [
    "what are the evaluation datasets?",
    "What baselines did they consider?",
    "what language pairs are explored?",
    "Which baselines does the paper compare with?",
    "In what four Chinese review datasets does it achieve the state of the art?",
    "List the hyperparameters.",
    "what previous systems were compared to?",
    "Which antibiotics were tested?",
    "Which optimizers were used?",
    "What GPUs did they use?",
    "Which organisms were studied?",
    "Which species were studied?",
    "Which antibiotics inhibit growth?",
    "What inclusion criteria were applied?",
    "What two drugs did they compare?",
    "Which of the drugs are safe?",
    "On which islands was it found?",
    "Who are the authors of SpanBERT?",
    "Which papers use GloVe embeddings?",
    "Are there any papers on marmots?",
    "Which paper introduced masked language modelling?",
]
COMPARISONS = [
    "Compare DistilBERT and LLaMA by training data.",
    "What are the differences between the two studies?",
    "Which datasets do all papers use?",
    "How does the sample size differ between the papers?",
    "Compare the methods of all papers",
]
SUMMARIES = [
    "Summarize this paper",
    "Can you give me a short summary of the DistilBERT paper?",
    "TL;DR",
    "What is this paper about?",
    "What is DistilBERT about?",
    "Please summarize these papers.",
    "Summarize each paper",
    "Summarize LLaMA: Open and Efficient Foundation Language Models",
    "Summarize A Deep Reinforced Model for Abstractive Summarization",
    "Summarize the paper on the effect of snow",
    "Summarize this paper, in “BERT: Pre-training of Deep Models”?",
    'Summarize "Limitations of training data"',
    "Summarize in three sentences",
    "Summarize this work, please",
    "Summarize LLaMA 2",
    "Summarize Vaswani et al. (2017)",
    "Summarize the key points of this paper",
    "What's it about?",
    "Summarize the paper Attention Is All You Need",
    "Summarize this paper like a news report",
]


@pytest.mark.parametrize(
    ("kind", "question"),
    [
        *(("span", question) for question in SPANS),
        *(("yes_no", question) for question in YES_OR_NO),
        *(("list", question) for question in LISTS),
        *(("comparison", question) for question in COMPARISONS),
        *(("summary", question) for question in SUMMARIES),
    ],
)
def test_the_words_of_a_question_tell_what_it_wants(kind: str, question: str) -> None:
    assert kind_of(question) == kind


@pytest.mark.parametrize(
    ("question", "several"),
    [
        ("Summarize each paper", True),
        ("Summarize these two", True),
        ("Please summarize all of them.", True),
        ("Summarize both of these", True),
        ("What are these papers about?", True),
        ("Summarize the paper on earlier studies", False),
        ("Summarize this paper", False),
    ],
)
def test_one_summary_or_several(question: str, several: bool) -> None:
    assert of_several(question) is several


@pytest.mark.parametrize(
    "question",
    ["Why does snow matter?", "How does the gate work?", "Can you describe the loss?", "Explain the method."],
)
def test_reasons_and_descriptions_want_a_sentence(question: str) -> None:
    assert wants_sentence(question)


@pytest.mark.parametrize("question", ["How many papers were read?", "How long do marmots sleep?", "Who paid for it?"])
def test_amounts_and_names_want_a_few_words(question: str) -> None:
    assert not wants_sentence(question)
    assert wants_words(question)
