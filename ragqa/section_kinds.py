"""What part of a paper a section is, told by its heading path: methods, results, … Pure."""

import re
from functools import lru_cache

from ragqa.document import SectionKind

# Ordered: a heading that names two parts ("Results and Discussion") counts as the first it names here.
_KINDS: tuple[tuple[SectionKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"\b({words})", re.IGNORECASE))
    for kind, words in (
        (SectionKind.REFERENCES, r"references|bibliography|literature cited|works cited"),
        (SectionKind.APPENDIX, r"appendi|supplement|supporting information|extended data"),
        (SectionKind.ABSTRACT, r"abstract|summary$"),
        (SectionKind.BACKGROUND, r"related work|background|previous work|prior work|literature review|preliminar"),
        (SectionKind.INTRODUCTION, r"introduction|motivation"),
        (SectionKind.CONCLUSION, r"conclusion|concluding|future work|outlook"),
        (SectionKind.RESULTS, r"results?\b|evaluation|findings|ablation|performance"),
        (SectionKind.DISCUSSION, r"discussion|limitations|analysis|implications"),
        (
            SectionKind.METHODS,
            r"methods?\b|methodolog|materials|approach|models?\b|architecture|data(sets?)?\b|experiment|setup|training"
            r"|implementation|algorithm|procedure|participants|statistical",
        ),
    )
)


@lru_cache(maxsize=4096)
def section_kind(path: str) -> SectionKind:
    """Of a heading path ``"4 Results > 4.1 Data"`` the outermost heading that tells; OTHER if none does."""
    for heading in path.split(" > "):
        for kind, words in _KINDS:
            if words.search(heading):
                return kind
        if _APPENDIX_LETTER.match(heading):
            return SectionKind.APPENDIX
    return SectionKind.OTHER


_APPENDIX_LETTER = re.compile(r"^[A-Z](\.\d+)*\.?\s+[A-Z]")
