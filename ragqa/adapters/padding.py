"""Which rows of tokens are computed together: little padding, and few distinct shapes. Pure."""

from collections.abc import Sequence

BATCH_TOKENS = 1024  # per stream; larger batches are no faster, take more memory, and keep questions waiting longer
WIDTH_STEP = 16  # few distinct shapes: the runtime keeps a plan for each; without this it took 40 % more memory


def padded(length: int) -> int:
    """The width of a row with its padding."""
    return -(-length // WIDTH_STEP) * WIDTH_STEP


def batches_by_width(lengths: Sequence[int]) -> list[list[int]]:
    """Row numbers, widest first; rows of a batch have the same padded width, and fill at most BATCH_TOKENS.

    A row is thus padded the same way whatever its company, and what is computed is the same to the last bit.
    """
    by_width: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        by_width.setdefault(padded(length), []).append(row)
    batches = []
    for width in sorted(by_width, reverse=True):
        rows = by_width[width]
        for size in _sizes(len(rows), max(1, BATCH_TOKENS // width)):
            batches.append(rows[:size])
            rows = rows[size:]
    return batches


def _sizes(rows: int, most: int) -> list[int]:
    """Batches as large as may be; what is left over in powers of two, so that there are few distinct shapes."""
    full, left = divmod(rows, most)
    return [most] * full + [1 << bit for bit in reversed(range(left.bit_length())) if left >> bit & 1]
