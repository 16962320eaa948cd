"""Tiny models that read pairs of texts, with random weights, made on disk in a second: real formats, no meaning."""

from pathlib import Path
from typing import Any

from tests.tiny_models import SENTENCES

WINDOW = 96


def make_question_answering_model(folder: Path) -> Path:
    """A BERT of one layer that points at spans."""
    from transformers import BertForQuestionAnswering

    return _saved(folder, BertForQuestionAnswering, {})


def make_cross_encoder(folder: Path, labels: int = 1) -> Path:
    """A BERT of one layer that judges pairs."""
    from transformers import BertForSequenceClassification

    return _saved(folder, BertForSequenceClassification, {"num_labels": labels})


def make_encoder(folder: Path) -> Path:
    """A BERT of one layer that was trained for nothing in particular."""
    from transformers import BertModel

    return _saved(folder, BertModel, {})


def _saved(folder: Path, kind: Any, options: dict[str, Any]) -> Path:
    import torch
    from transformers import BertConfig
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    tokenizer = _trained_tokenizer()
    torch.manual_seed(5)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=WINDOW,
        initializer_range=0.4,
        **options,
    )
    kind(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _trained_tokenizer() -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    trained = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    trained.normalizer = normalizers.BertNormalizer(lowercase=True)
    trained.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    trained.train_from_iterator(SENTENCES, trainers.WordPieceTrainer(vocab_size=300, special_tokens=marks))
    trained.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(mark, trained.token_to_id(mark)) for mark in ("[CLS]", "[SEP]")],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=trained, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        model_max_length=WINDOW,
    )  # fmt: skip
