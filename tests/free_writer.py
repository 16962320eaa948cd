"""A language model that writes as models do: it quotes, shortens, cites what it was never given, and invents."""

import re
from collections.abc import Sequence
from typing import Any

from ragqa.sentences import sentence_spans

INVENTED_MARKS = ("[98]", "[7][99]")
INVENTION = "Quokkas invented the 99.7-percent turnstile in 1811 [1]."
QUOTED_WORDS = 9
_PASSAGE = re.compile(r"^\[(\d+)\] \([^\n]*\)\n(.*?)(?=\n\n\[\d+\] \(|\Z)", re.M | re.S)
_SAID_SHORTER = re.compile(r"\s*\([^()]*\)|\b(?:the|a|an|also|then|very|both|such|however|therefore),? ", re.I)
_LEAST_WORDS, _MOST_WORDS = 8, 40


def write_freely(messages: Sequence[dict[str, Any]]) -> str:
    """For a model server: an answer from the evidence of the last message, or a plain line where it asks for none."""
    prompt = str(messages[-1]["content"])
    evidence = prompt.partition("<evidence>\n")[2].rpartition("\n</evidence>")[0]
    said = [(number, text) for number, passage in _PASSAGE.findall(evidence) for text in _sentences(passage)]
    if not said:
        return "results methods evaluation"
    ways = (_quoted, _clipped, _shortened, _with_invented_mark, _without_mark)
    # Spread over the evidence, so that not only its first passage is cited.
    step = max(1, len(said) // len(ways))
    written = [way(number, text) for way, (number, text) in zip(ways, said[::step], strict=False)]
    return " ".join([*written, INVENTION])


def _sentences(passage: str) -> list[str]:
    words = passage.split()
    return [
        " ".join(words[start:end]).strip("“”\"'. ")
        for start, end in sentence_spans(words)
        if _LEAST_WORDS <= end - start <= _MOST_WORDS
    ]


def _quoted(number: str, text: str) -> str:
    return f"The paper says “{text}” [{number}]."


def _clipped(number: str, text: str) -> str:
    return f'It speaks of "{" ".join(text.split()[1 : 1 + QUOTED_WORDS])}" [{number}].'


def _shortened(number: str, text: str) -> str:
    return f"{_SAID_SHORTER.sub('', text).strip()} [{number}]{INVENTED_MARKS[0]}."


def _with_invented_mark(number: str, text: str) -> str:
    return f"{text} {INVENTED_MARKS[1]}."


def _without_mark(number: str, text: str) -> str:
    return f"{text}."
