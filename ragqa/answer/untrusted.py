"""Text that nobody vouches for: of papers on its way to a model, and of a model on its way to a reader. Pure.

A paper may imitate the marks around evidence or the turns of a conversation, and a model that obeys a paper may write
an image whose address tells somebody what was asked. Both lose their effect here; quotes are found all the same, as
they are compared without white space.
"""

import re
from collections.abc import Generator, Iterable

# "<evidence", "</s>", "<|im_start|>", "<start_of_turn>", "<<SYS>>", DeepSeek's "<｜User｜>".
TAG = re.compile(r"<(?=/?[A-Za-z|｜!?<])")
# Mistral's "[INST]", "[/INST]", "[SYSTEM_PROMPT]"; "[1]" and "[MASK]" stay.
TURN = re.compile(r"\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])", re.I)
# "Question:" or "Assistant:" at the start of a line, as if a turn began there.
SPEAKER = re.compile(r"^(\s*(?:system|user|human|assistant|question|answer|evidence))\s*:", re.I | re.M)

# Markdown's images and links, and HTML.
ACTIVE = re.compile(r"!(?=\[)|\](?=[(])|<(?=[A-Za-z/!?])")
UNDECIDED = "!]<"


def as_data(text: str) -> str:
    """The text with everything that could be taken for a tag, a turn or an end of evidence broken up."""
    return SPEAKER.sub(r"\1 :", TURN.sub("[ ", TAG.sub("< ", text)))


def harmless(text: str) -> str:
    """The text with Markdown's images and links and all HTML broken up; words and addresses stay readable."""
    return ACTIVE.sub(lambda found: f"{found[0]} ", text)


def harmless_pieces(pieces: Iterable[str]) -> Generator[str]:
    """``harmless`` of a text that comes in pieces, which may part what belongs together."""
    held = ""
    for piece in pieces:
        text = held + piece
        held = text[-1] if text[-1:] and text[-1] in UNDECIDED else ""
        if ready := harmless(text)[: -1 if held else None]:
            yield ready
    if held:
        yield held
