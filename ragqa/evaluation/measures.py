"""What is measured, from rankings and answers to numbers, and how sure a number is. Pure; knows no library.

Ranking measures (nDCG, recall, MRR) come from ir_measures (see rankings.py).
"""

import random
import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from math import ceil
from statistics import fmean

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
RESAMPLES = 2000


def normalised(answer: str) -> str:
    """Lower case without articles, punctuation and extra white space, as SQuAD's own script does it."""
    return " ".join(_ARTICLES.sub(" ", answer.lower().translate(_PUNCTUATION)).split())


def exact_match(answer: str, golds: Sequence[str]) -> float:
    """1 if the answer is one of the golds; the right answer to a question without golds is none."""
    return float(any(normalised(answer) == normalised(gold) for gold in golds) if golds else not answer)


def token_f1(answer: str, golds: Sequence[str]) -> float:
    """Overlap of words with the gold that fits best, 0 to 1 (Rajpurkar et al. 2016, section 6.1)."""
    return max((_overlap(answer, gold) for gold in golds), default=float(not answer))


def _overlap(answer: str, gold: str) -> float:
    got, wanted = normalised(answer).split(), normalised(gold).split()
    if not got or not wanted:
        return float(got == wanted)
    common = sum((Counter(got) & Counter(wanted)).values())
    return 2 * common / (len(got) + len(wanted))


def contains(quote: str, evidence: Sequence[str], share: float = 0.8) -> bool:
    """Whether the quote lies in one of the passages, or one of them in the quote: share of 3-grams in common."""
    return any(max(_share(quote, passage), _share(passage, quote)) >= share for passage in evidence)


def _share(part: str, whole: str) -> float:
    """Of runs of three words; a part of one or two words is looked for as one run."""
    words = _words(part)
    size = min(3, len(words))
    if not size:
        return 0.0
    among = set(_runs(_words(whole), size))
    runs = _runs(words, size)
    return sum(run in among for run in runs) / len(runs)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _runs(words: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(words[at : at + size]) for at in range(len(words) - size + 1)]


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> float | None:
    """Probability that a positive scores above a negative, ties counted half; None if one side is empty."""
    if not positives or not negatives:
        return None
    ranked = sorted([(score, 1) for score in positives] + [(score, 0) for score in negatives])
    rank_sum, at = 0.0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        middle = (at + 1 + end) / 2
        rank_sum += middle * sum(label for _, label in ranked[at:end])
        at = end
    n = len(positives)
    return (rank_sum - n * (n + 1) / 2) / (n * len(negatives))


def risk_coverage(outcomes: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """From (confidence, loss) pairs: at each coverage the mean loss of the most confident answers."""
    ordered = sorted(outcomes, key=lambda outcome: -outcome[0])
    curve, total = [], 0.0
    for count, (_, loss) in enumerate(ordered, start=1):
        total += loss
        curve.append((count / len(ordered), total / count))
    return curve


def risk_at(outcomes: Sequence[tuple[float, float]], coverage: float) -> float | None:
    """Mean loss of the most confident ``coverage`` of the answers."""
    return next((risk for covered, risk in risk_coverage(outcomes) if covered >= coverage - 1e-9), None)


def area_under_risk(outcomes: Sequence[tuple[float, float]]) -> float | None:
    """Mean risk over all coverages: 0 is best (Geifman et al. 2019, section 2)."""
    curve = risk_coverage(outcomes)
    return fmean(risk for _, risk in curve) if curve else None


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank: the smallest value that ``share`` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * share) - 1)]


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """95 % interval of the mean by the percentile bootstrap (Efron and Tibshirani 1993, chapter 13)."""
    means = _resampled(values, fmean, seed)
    return percentile(means, 0.025), percentile(means, 0.975)


def _resampled(values: Sequence[float], statistic: Callable[[Sequence[float]], float], seed: int) -> list[float]:
    chosen = random.Random(seed)
    return [statistic(chosen.choices(values, k=len(values))) for _ in range(RESAMPLES)]


def paired_p(differences: Sequence[float], seed: int = 0) -> float:
    """Two-sided p of the mean difference under random signs: the paired randomisation test (Smucker et al. 2007)."""
    told = [difference for difference in differences if difference]
    observed = abs(sum(told))
    chosen = random.Random(seed)
    extreme = sum(
        abs(sum(difference if chosen.random() < 0.5 else -difference for difference in told)) >= observed - 1e-12
        for _ in range(RESAMPLES)
    )
    return (extreme + 1) / (RESAMPLES + 1)
