"""Tiny random models of the families that users run, with tokenizers and chat templates in each family's format.

The templates are ours, written after the published ones with their quirks: Gemma and the first Mistral know no system
turn and refuse turns that do not alternate, Qwen and SmolLM2 bring a system turn of their own, Qwen3 may think first.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.tiny_models import SENTENCES, WINDOW

ALTERNATE = (
    "{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
)
CHATML = (
    "{% for message in messages %}{% if loop.first and message['role'] != 'system' %}"
    "{{ '<|im_start|>system\n' + own + '<|im_end|>\n' }}{% endif %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@dataclass(frozen=True)
class Family:
    """An architecture, its control tokens, its template, and what a system and a user turn must become."""

    name: str
    model_type: str
    marks: tuple[str, ...]
    template: str
    reads: str
    bos: str = ""
    eos: str = "</s>"
    turn_end: str = ""
    shape: dict[str, Any] = field(default_factory=dict)


FAMILIES = [
    Family(
        "llama-3", "llama", ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        "{{ bos_token }}{% for message in messages %}"
        "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim }}"
        "{{ '<|eot_id|>' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nU<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        bos="<|begin_of_text|>", eos="<|eot_id|>", turn_end="<|eot_id|>",
    ),
    Family(
        "mistral-v0.1", "mistral", ("<s>", "</s>", "[INST]", "[/INST]"),
        "{{ bos_token }}" + ALTERNATE + "{% if message['role'] == 'user' %}"
        "{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
        "{{ message['content'] + eos_token }}{% else %}"
        "{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}",
        "<s>[INST] S\n\nU [/INST]", bos="<s>", turn_end="[/INST]",
    ),
    Family(
        "gemma-2", "gemma2", ("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"),
        "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
        "{% endif %}" + ALTERNATE + "{{ '<start_of_turn>' + ('model' if message['role'] == 'assistant' else 'user') }}"
        "{{ '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}",
        "<bos><start_of_turn>user\nS\n\nU<end_of_turn>\n<start_of_turn>model\n",
        bos="<bos>", eos="<eos>", turn_end="<end_of_turn>", shape={"head_dim": 16},
    ),
    Family(
        "qwen2.5", "qwen2", ("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
        "{% set own = 'You are Qwen.' %}" + CHATML,
        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\n",
        eos="<|im_end|>", turn_end="<|im_end|>",
    ),
    Family(
        "qwen3", "qwen3", ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"),
        "{% set own = '' %}" + CHATML + "{% if add_generation_prompt and enable_thinking is defined "
        "and enable_thinking is false %}{{ '<think>\n\n</think>\n\n' }}{% endif %}",
        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\n"
        "<think>\n\n</think>\n\n",
        eos="<|im_end|>", turn_end="<|im_end|>", shape={"head_dim": 16},
    ),
    Family(
        "smollm2", "llama", ("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
        "{% set own = 'You are a helpful AI assistant named SmolLM.' %}" + CHATML,
        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\n",
        bos="<|im_start|>", eos="<|im_end|>", turn_end="<|im_end|>",
    ),
    Family(
        "zephyr", "mistral", ("<s>", "</s>"),
        "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message['content'] + eos_token + '\n' }}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}",
        "<|system|>\nS</s>\n<|user|>\nU</s>\n<|assistant|>\n", bos="<s>", turn_end="</s>",
    ),
]  # fmt: skip


def make_family_model(folder: Path, family: Family) -> Path:
    """One layer of the family's architecture with random weights, saved as its models are."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    tokenizer = _tokenizer(family)
    config = AutoConfig.for_model(
        family.model_type, vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=4 * WINDOW,
        eos_token_id=tokenizer.eos_token_id, bos_token_id=tokenizer.bos_token_id,
        pad_token_id=tokenizer.pad_token_id, **family.shape,
    )  # fmt: skip
    torch.manual_seed(7)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(family: Family) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=list(family.marks), initial_alphabet=alphabet)
    trained.train_from_iterator(SENTENCES, trainer)
    bos = {"bos_token": family.bos} if family.bos else {}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=trained, eos_token=family.eos, pad_token=family.eos, **bos)
    tokenizer.chat_template = family.template
    return tokenizer
