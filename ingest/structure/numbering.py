"""Which of the numbers found before titles number the sections: those that count up. Pure."""

from collections.abc import Iterator, Sequence

from ingest.section_names import Number

_LOOK_BACK = 60
"""Numbers that one is compared with; keeps long papers linear."""
_RESTART = 4.0
"""Numbers that begin again must be followed by more titles than this to be believed."""
_MISSING = 0.2
"""What each number left out costs."""


def longest_chain(numbers: Sequence[Number], weights: Sequence[float]) -> Iterator[int]:
    """Positions of the weightiest series in which each number may follow the one before it."""
    best: list[float] = []
    before: list[int] = []
    for at, number in enumerate(numbers):
        choices = [(0.0, -1)]
        for earlier in range(max(0, at - _LOOK_BACK), at):
            cost = _step_cost(numbers[earlier], number)
            if cost is not None:
                choices.append((best[earlier] - cost, earlier))
        score, previous = max(choices)
        best.append(score + weights[at])
        before.append(previous)
    at = max(range(len(best)), key=best.__getitem__, default=-1)
    while at >= 0:
        yield at
        at = before[at]


def _step_cost(first: Number, second: Number) -> float | None:
    """0 for a number that follows, more if numbers between are missing; None if it cannot."""
    if second[0] in (0, 1) and len(second) == 1 and second <= first:
        return _RESTART
    pairs = enumerate(zip(first, second, strict=False))
    depth = next((at for at, (a, b) in pairs if a != b), min(len(first), len(second)))
    if depth >= len(second):
        return None
    step = second[depth] - (first[depth] if depth < len(first) else 0)
    below = second[depth + 1 :]
    missing = step - 1 + len(below) + sum(max(0, part - 1) for part in below)
    return None if step < 1 or missing > 4 else _MISSING * missing
