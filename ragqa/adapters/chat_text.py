"""What is done to a model's text as it streams: thinking and what follows a stop sequence are left out. Pure.

Also counts tokens of a text where the model's tokenizer cannot be had.
"""

import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing

THINK_OPEN = "<think>"
THINK_CLOSE = "</think>"


def without_thinking(texts: Iterator[str]) -> Generator[str]:
    """Blank a leading ``<think>…</think>``, which reasoning models write first, and white space around it.

    If its beginning never comes, the rest is blanked as far as its end is there before anything was shown.
    """
    held = ""
    for text in texts:
        held += text
        rest = _after_thinking(held)
        yield rest  # blank while undecided, which keeps the token clock running
        if rest:
            break
    else:
        yield "" if held.lstrip().startswith(THINK_OPEN) or THINK_CLOSE in held else held.strip()
    yield from texts


def _after_thinking(text: str) -> str:
    """What follows the thinking; blank while the end of it, or whether there is any, cannot be told."""
    start = text.lstrip()
    before, end, after = start.partition(THINK_CLOSE)
    if start.startswith(THINK_OPEN) or (end and THINK_OPEN not in before):
        return after.lstrip()
    return "" if any(tag.startswith(start) for tag in (THINK_OPEN, THINK_CLOSE)) else start


def until_stop(texts: Generator[str], stops: Sequence[str]) -> Generator[str]:
    """The texts up to the first stop sequence; closes their source there, for providers that know no stops."""
    held = ""
    with closing(texts):
        for text in texts:
            held += text
            found = [at for stop in stops if (at := held.find(stop)) >= 0]
            if found:
                yield held[: min(found)]
                return
            safe = len(held) - _begun(held, stops)
            yield held[:safe]
            held = held[safe:]
    yield held


def _begun(text: str, stops: Sequence[str]) -> int:
    """How many characters at the text's end may be the beginning of a stop sequence."""
    longest = max(map(len, stops), default=1) - 1
    lengths = range(min(longest, len(text)), 0, -1)
    return next((n for n in lengths if any(stop.startswith(text[-n:]) for stop in stops)), 0)


_TOKEN_RUNS = re.compile(r"[A-Za-z]+|[^\S\n]+|.|\n")


def estimated_tokens(text: str) -> int:
    """A cautious count where the tokenizer cannot be had: each digit and sign counts one, as in tables."""
    return sum(_run_tokens(run) for run in _TOKEN_RUNS.findall(text))


def _run_tokens(run: str) -> int:
    if run.isspace():
        return 1 if run == "\n" or len(run) > 1 else 0
    if run.isascii():
        return -(-len(run) // 4)
    return 2 if ord(run) > 0x2E7F else 1


# A letter run may take the sign before it along; Llama 3 and GPT-4 cut so, and others cut finer.
_PIECES = re.compile(r"[^\w\s]?[^\W\d_]+|\d{1,4}|[^\w\s]+|_+")


def fewest_tokens(text: str) -> int:
    """A count that no tokenizer falls below by much: tokens do not reach over words, numbers and runs of signs."""
    return len(_PIECES.findall(text))
