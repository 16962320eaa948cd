"""The sample papers' markup: a small text format, and the measured numbers that fill its placeholders.

A placeholder is ``{path/in/results.json:format}``; a format is one of FORMATS. No measured number is
written by hand, so text, tables and figures cannot disagree with results.json. Does not know PDF.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

PLACEHOLDER = re.compile(r"\{([\w/.+-]+):(\w+)\}")

FORMATS: dict[str, Callable[[Any], str]] = {
    "text": str,
    "count": lambda value: f"{value:,}",
    "3": lambda value: f"{value:.3f}",
    "2": lambda value: f"{value:.2f}",
    "signed": lambda value: f"{value:+.3f}".replace("-", "–"),
    "percent": lambda value: f"{100 * value:.0f}%",
    "points": lambda value: f"{100 * value:.1f}",
    "interval": lambda value: f"{value['low']:.3f}–{value['high']:.3f}",
    "signed_interval": lambda value: f"{value['low']:+.3f} to {value['high']:+.3f}".replace("-", "–"),
}


@dataclass(frozen=True)
class Part:
    """One element: heading1, heading2, paragraph, item, equation, table, figure or reference.

    ``rows`` are the cells of a table, the header first; ``name`` says which figure to draw.
    """

    kind: str
    text: str
    name: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Manuscript:
    """Head matter (title, authors, subject, keywords) and the parts in order."""

    head: dict[str, str]
    parts: tuple[Part, ...] = field(default=())


def read_manuscript(source: str, results: Mapping[str, Any]) -> Manuscript:
    """Parse ``source`` with all numbers filled in. Raise KeyError where results.json lacks one."""
    head, _, body = fill(source, results).partition("\n---\n")
    pairs = (line.partition(": ") for line in head.splitlines())
    return Manuscript({key: value for key, _, value in pairs}, tuple(_parts(body)))


def fill(text: str, results: Mapping[str, Any]) -> str:
    """Replace each placeholder by its measured value."""
    return PLACEHOLDER.sub(lambda found: FORMATS[found[2]](look_up(results, found[1])), text)


def look_up(results: Mapping[str, Any], path: str) -> Any:
    """The value at ``a/b/c``. Raise KeyError with the whole path if it is missing."""
    value: Any = results
    for key in path.split("/"):
        if not isinstance(value, Mapping) or key not in value:
            raise KeyError(path)
        value = value[key]
    return value


def _parts(body: str) -> Iterator[Part]:
    section = ""
    for block in filter(None, map(str.strip, re.split(r"\n\s*\n", body))):
        part = _part(block, section)
        section = part.text if part.kind == "heading1" else section
        yield part


def _part(block: str, section: str) -> Part:
    first, _, rest = block.partition("\n")
    if first.startswith("@table "):
        rows = tuple(tuple(cell.strip() for cell in row.split("|")) for row in rest.splitlines())
        return Part("table", first.removeprefix("@table "), rows=rows)
    if first.startswith("@figure "):
        return Part("figure", " ".join(rest.split()), name=first.removeprefix("@figure "))
    for mark, kind in (("## ", "heading2"), ("# ", "heading1"), ("- ", "item"), ("= ", "equation")):
        if block.startswith(mark):
            return Part(kind, " ".join(block.removeprefix(mark).split()))
    return Part("reference" if section == "References" else "paragraph", " ".join(block.split()))
