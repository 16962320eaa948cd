"""Which steps a search takes. The defaults are what the product does; benchmarks.ablation switches them off."""

from dataclasses import dataclass
from typing import Literal

FusionKind = Literal["ranks", "scores"]

SHORT_QUESTION = 10
"""Words up to which each of them counts in full: of a long question most say little of what is looked for."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Chosen on questions about real papers with known pages (benchmarks/README.md); no settings of the user.

    ``keyword_weight`` is that of the exact words of a short question, where meaning has 1.
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
    relevance_weight: float = 0.1

    def weight_of_words(self, question: str) -> float:
        """``keyword_weight``, or less for a question of more than ten words."""
        return self.keyword_weight * min(1.0, SHORT_QUESTION / max(1, len(question.split())))


DEFAULT = Steps()
