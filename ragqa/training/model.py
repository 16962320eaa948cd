"""The reader: the embedder's encoder with six numbers per token or passage on top, and the losses that train it.

Owns the network; knows nothing of files of text. One pass gives an answer span, a span of evidence, whether there is
an answer, and how relevant the passage is.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertConfig, BertModel

from ragqa.training.features import Batch

SPAN_HEADS = 4  # start and end of the answer, start and end of the evidence sentence
ANSWERABLE, RELEVANCE = 0, 1
MINUS_INFINITY = -1e4  # stays finite in half precision


class Reader(nn.Module):  # type: ignore[misc, unused-ignore]
    """BERT with linear heads: on every token for spans, on [CLS] for the passage as a whole."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.encoder = BertModel(config, add_pooling_layer=False)
        self.span = nn.Linear(config.hidden_size, SPAN_HEADS)
        self.passage = nn.Linear(config.hidden_size, 2)

    def forward(self, ids: Tensor, mask: Tensor, types: Tensor) -> tuple[Tensor, Tensor]:
        """Span logits (rows, tokens, 4) and passage logits (rows, 2), answerable and relevant."""
        states = self.encoder(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
        return self.span(states), self.passage(states[:, 0])

    def fast(self, ids: Tensor, mask: Tensor, types: Tensor) -> tuple[Tensor, Tensor]:
        """``forward`` in bfloat16, a third faster than under autocast: states stay in bfloat16 between layers."""
        states = _encode(self.encoder, ids, mask, types).float()
        return self.span(states), self.passage(states[:, 0])


def from_embedder(weights: Path, seed: int) -> Reader:
    """Fresh heads over the encoder in a folder of Hugging Face layout."""
    torch.manual_seed(seed)
    config = BertConfig.from_pretrained(weights, local_files_only=True, attn_implementation="eager")
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    reader = Reader(config)
    stored = load_file(weights / "model.safetensors")
    reader.encoder.load_state_dict({name: stored[name] for name in reader.encoder.state_dict()})
    # The vocabulary is met too rarely to learn in one round, and frozen rows cost no optimiser time.
    reader.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    return reader


def from_run(weights: Path, file: Path) -> Reader:
    """The reader in a file that a run wrote; ``weights`` gives the encoder's shape."""
    reader = from_embedder(weights, 0)
    reader.load_state_dict(load_file(file))
    reader.eval()
    return reader


def average(files: Sequence[Path], out: Path) -> None:
    """The mean of the weights of readers with a common beginning (model soups, Wortsman et al. 2022)."""
    readers = [load_file(file) for file in files]
    save_file({name: torch.stack([r[name].float() for r in readers]).mean(0) for name in readers[0]}, out)


def tensors(batch: Batch) -> dict[str, Tensor]:
    """The batch by field name."""
    return {name: torch.from_numpy(array) for name, array in asdict(batch).items()}


def predict(reader: Reader, batch: Batch) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Span logits (rows, tokens, 4) and passage logits (rows, 2)."""
    given = tensors(batch)
    with torch.inference_mode():
        span, passage = reader.fast(given["ids"], given["mask"], given["types"])
    return span.numpy(), passage.numpy()


def _encode(encoder: Any, ids: Tensor, mask: Tensor, types: Tensor) -> Tensor:
    """The encoder's last states (rows, tokens, hidden) in bfloat16, without dropout."""
    tables = encoder.embeddings
    states = tables.word_embeddings(ids) + tables.token_type_embeddings(types)
    states = tables.LayerNorm(states + tables.position_embeddings.weight[: ids.shape[1]]).bfloat16()
    padding = None if bool(mask.all()) else ((1 - mask) * MINUS_INFINITY).bfloat16()[:, None, None, :]
    for layer in encoder.encoder.layer:
        attended = layer.attention.output
        states = _norm(
            attended.LayerNorm, states + _linear(attended.dense, _attend(layer.attention.self, states, padding))
        )
        inner = functional.gelu(_linear(layer.intermediate.dense, states))
        states = _norm(layer.output.LayerNorm, states + _linear(layer.output.dense, inner))
    return states


def _attend(attention: Any, states: Tensor, padding: Tensor | None) -> Tensor:
    """One product for queries, keys and values; PyTorch's fused attention is slower at 32 dimensions a head."""
    rows, tokens, hidden = states.shape
    heads, size = attention.num_attention_heads, attention.attention_head_size
    parts = (attention.query, attention.key, attention.value)
    weight, bias = (torch.cat([getattr(part, name) for part in parts]).bfloat16() for name in ("weight", "bias"))
    query, key, value = (
        functional.linear(states, weight, bias).view(rows, tokens, 3, heads, size).permute(2, 0, 3, 1, 4)
    )
    scores = (query * size**-0.5) @ key.transpose(-1, -2)
    if padding is not None:
        scores = scores + padding
    return (torch.softmax(scores, -1) @ value).transpose(1, 2).reshape(rows, tokens, hidden)


def _linear(layer: Any, states: Tensor) -> Tensor:
    return functional.linear(states, layer.weight.bfloat16(), layer.bias.bfloat16())


def _norm(layer: Any, states: Tensor) -> Tensor:
    return functional.layer_norm(states, layer.normalized_shape, layer.weight, layer.bias, layer.eps)


def losses(span: Tensor, passage: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Mean losses over the rows that have a target of the kind."""
    span, passage = span.float(), passage.float()
    pair = batch["evidence"].long() * 2
    start = span.gather(2, pair[:, None, None].expand(-1, span.shape[1], 1)).squeeze(2)
    end = span.gather(2, (pair + 1)[:, None, None].expand(-1, span.shape[1], 1)).squeeze(2)
    return {
        "span": (_among(start, batch["starts"], batch["inside"]) + _among(end, batch["ends"], batch["inside"])) / 2,
        "answerable": _binary(passage[:, ANSWERABLE], batch["answerable"]),
        "relevance": _binary(passage[:, RELEVANCE], batch["relevance"]),
        "order": _order(passage[:, RELEVANCE], batch["relevance"], batch["group"]),
    }


def _among(logits: Tensor, targets: Tensor, inside: Tensor) -> Tensor:
    """Cross-entropy with the probability of all right places together: an answer may stand at several."""
    logits = logits.masked_fill(~inside, MINUS_INFINITY)
    right = torch.logsumexp(logits.masked_fill(~targets, MINUS_INFINITY), 1)
    has = targets.any(1)
    loss = torch.logsumexp(logits, 1) - right
    return (loss * has).sum() / has.sum().clamp(min=1)


def _binary(logits: Tensor, labels: Tensor) -> Tensor:
    known = labels >= 0
    loss = functional.binary_cross_entropy_with_logits(logits, labels.clamp(min=0), reduction="none")
    return (loss * known).sum() / known.sum().clamp(min=1)


def _order(logits: Tensor, labels: Tensor, group: Tensor) -> Tensor:
    """Cross-entropy of the right passage among those of its question (ListNet, Cao et al. 2007, top one)."""
    known = labels >= 0
    same = (group[:, None] == group[None, :]) & known[None, :]
    right = known & (labels > 0.5) & ((same & (labels < 0.5)[None, :]).any(1))
    rivals = same & ((labels < 0.5)[None, :] | torch.eye(len(logits), dtype=torch.bool))
    loss = torch.logsumexp(logits[None, :].expand_as(rivals).masked_fill(~rivals, MINUS_INFINITY), 1) - logits
    return (loss * right).sum() / right.sum().clamp(min=1)
