"""What a sentence says whatever it is about: findings, denials of findings, p-values, hedges. Pure.

Reads words and figures, not their sense: findings of studies are said in few ways.
"""

import math
import re
from dataclasses import dataclass

_EFFECT = (
    r"(?:significant\w*|differen\w*|differ\w*|associat\w*|correlat\w*|effect\w*|affect\w*|improv\w*|increas\w*|"
    r"relat\w*|"
    r"predict\w*|chang\w*|benefit\w*|reduc\w*|influenc\w*|impact\w*|evidence|superior\w*|advantage\w*|relationship\w*)"
)
_NO = r"\b(?:no|not|nor|neither|without|non|never|failed to|lack of)\b"
NULL = re.compile(rf"{_NO}[\w\s,()/-]{{0,45}}?\b{_EFFECT}\b", re.I)
NEGATION = re.compile(
    r"\b(?:no|not|none|neither|nor|never|without|cannot|fail\w*|lack\w*|unlikely|unchanged|unaffected|absence|"
    r"insufficient)\b|n['’]t\b",
    re.I,
)
SAME = re.compile(r"\b(?:similar\w*|comparable|same|equal\w*|equivalent)\b", re.I)
FINDING = re.compile(
    r"\b(?:significantly|significant|associated|association|correlat\w*|improv\w*|increas\w*|higher|greater|"
    r"better|best|"
    r"effective\w*|predict\w*|reduc\w*|decreas\w*|lower\w*|superior|longer|shorter|faster|independent predictor\w*|"
    r"successful\w*|feasible|safe\w*|useful|reliable|accura\w*|benefi\w*)\b",
    re.I,
)
_HEDGE = re.compile(
    r"\b(?:may|might|could|however|although|but|only|whereas|while|despite|some|mixed|trend|tended|limited|unclear|"
    r"controvers\w*|further|inconclusive|depend\w*|partial\w*)\b",
    re.I,
)
_P_VALUE = re.compile(r"\bp\s*(?:-?values?)?\s*([<>=≤≥]|less than|greater than)\s*(0?\.\d+)", re.I)
_NOT_SIGNIFICANT = re.compile(r"\bn\.?s\.?\b|p\s*=\s*ns\b", re.I)
_SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Tone:
    """What one sentence says: findings, denials of findings, p-values on either side of 0.05, hedges."""

    null: float
    same: float
    negated: float
    finding: float
    hedged: float
    significant: float
    not_significant: float

    @property
    def polarity(self) -> float:
        """From -1, denies, to 1, affirms."""
        told = self.finding + self.significant - 2 * self.null - 2 * self.not_significant - self.same
        return math.tanh(told)


def tone_of(sentence: str) -> Tone:
    """Counts, none beyond the few that matter."""
    null = float(min(2, len(NULL.findall(sentence))))
    significant, not_significant = p_values(sentence)
    return Tone(
        null=null,
        same=float(bool(SAME.search(sentence))),
        negated=float(bool(NEGATION.search(sentence))),
        # "No significant increase" is no finding.
        finding=0.0 if null else float(min(3, len(FINDING.findall(sentence)))),
        hedged=float(bool(_HEDGE.search(sentence))),
        significant=min(2.0, significant),
        not_significant=min(2.0, not_significant),
    )


def p_values(sentence: str) -> tuple[float, float]:
    """How many are significant, and how many are not."""
    significant = other = 0
    for sign, number in _P_VALUE.findall(sentence):
        below = sign in ("<", "≤", "less than")
        is_significant = float(number) <= _SIGNIFICANT if below else sign == "=" and float(number) < _SIGNIFICANT
        significant, other = significant + is_significant, other + (not is_significant)
    return float(significant), float(other + len(_NOT_SIGNIFICANT.findall(sentence)))
