"""Tiny language models with random weights, made on disk in a second: real formats, no meaning."""

from pathlib import Path
from typing import Any

import numpy as np

SENTENCES = [
    "The encoder maps an input sequence of symbols to a sequence of continuous representations.",
    "Given a question, the model finds the passage of the paper that answers it.",
    "We train on eight cards for twelve hours and average the last five checkpoints.",
    "Recall at twenty rises from 0.62 to 0.71 when both rankings are fused.",
]
TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
TEMPLATE_WITHOUT_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" + TEMPLATE
)
WINDOW = 256


def make_huggingface_model(folder: Path, template: str | None = TEMPLATE) -> Path:
    """A one-layer Llama with its own trained tokenizer, saved as safetensors. It never ends by itself."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    tokenizer = trained_tokenizer(template)
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=WINDOW,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )
    model = LlamaForCausalLM(config)
    words = [token.startswith("Ġ") for token in tokenizer.convert_ids_to_tokens(range(len(tokenizer)))]
    with torch.no_grad():
        # Only tokens that begin a word are ever the likeliest, so each token can be shown as it comes.
        model.lm_head.weight[~torch.tensor(words)] = 0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def trained_tokenizer(template: str | None) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    marks = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trained.train_from_iterator(
        SENTENCES, trainers.BpeTrainer(vocab_size=600, special_tokens=marks, initial_alphabet=alphabet)
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=trained, eos_token="<|end|>", pad_token="<|end|>")
    tokenizer.chat_template = template
    return tokenizer


def make_gguf_model(file: Path, template: str | None = TEMPLATE) -> Path:
    """A one-layer Llama in one GGUF file, with a SentencePiece vocabulary. It never ends by itself."""
    from gguf import GGUFWriter

    tokens, kinds = _gguf_vocabulary()
    writer = GGUFWriter(file, "llama")
    writer.add_context_length(WINDOW)
    writer.add_embedding_length(32)
    writer.add_block_count(1)
    writer.add_feed_forward_length(64)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(16)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([float(len(token)) for token in tokens])
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    if template:
        writer.add_chat_template(template)
    for name, weights in _gguf_weights(tokens).items():
        writer.add_tensor(name, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def _gguf_vocabulary() -> tuple[list[str], list[int]]:
    """Tokens and their GGUF kinds: 2 unknown, 3 control, 6 byte, 1 normal."""
    specials = ["<unk>", "<s>", "</s>"]
    raw_bytes = [f"<0x{value:02X}>" for value in range(256)]
    characters = sorted({character for sentence in SENTENCES for character in sentence if character != " "})
    words = {f"▁{word}" for sentence in SENTENCES for word in sentence.split()}
    # SentencePiece joins two neighbours at a time, so a word needs each of its beginnings in the vocabulary.
    beginnings = sorted({word[:end] for word in words for end in range(1, len(word) + 1)})
    normal = [*characters, *beginnings]
    return [*specials, *raw_bytes, *normal], [2, 3, 3, *[6] * 256, *[1] * len(normal)]


def _gguf_weights(tokens: list[str]) -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)

    def matrix(rows: int, columns: int) -> np.ndarray:
        return random.normal(0, 0.3, (rows, columns)).astype(np.float32)

    output = matrix(len(tokens), 32)
    output[[not token.startswith("▁") for token in tokens]] = 0  # only words are ever the likeliest
    layer = {f"blk.0.attn_{part}.weight": matrix(32, 32) for part in ("q", "k", "v", "output")}
    layer |= {f"blk.0.ffn_{part}.weight": matrix(64, 32) for part in ("gate", "up")}
    layer["blk.0.ffn_down.weight"] = matrix(32, 64)
    norms = ("blk.0.attn_norm.weight", "blk.0.ffn_norm.weight", "output_norm.weight")
    layer |= {name: np.ones(32, np.float32) for name in norms}
    return {"token_embd.weight": matrix(len(tokens), 32), "output.weight": output, **layer}
