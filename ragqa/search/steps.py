"""Which steps a search takes. The defaults are what the product does; benchmarks.ablation switches them off."""

from dataclasses import dataclass
from typing import Literal

FusionKind = Literal["ranks", "scores"]


@dataclass(frozen=True, slots=True)
class Steps:
    """Chosen on questions about real papers with known pages (benchmarks/README.md); no settings of the user.

    ``keyword_weight`` is that of exact words, where meaning has 1.
    """

    fusion: FusionKind = "ranks"
    keyword_weight: float = 2.0
    hints: bool = True
    overview: bool = True
    page_support: bool = True
    unique: bool = True
    neighbours: bool = True
    spread: bool = True
    rerank: bool = True
    early_exit: bool = True
    relevance_weight: float = 0.2


DEFAULT = Steps()
