"""What part of a paper a heading path names."""

import pytest

from ragqa.document import SectionKind
from ragqa.section_kinds import section_kind


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("Abstract", SectionKind.ABSTRACT),
        ("1 Introduction", SectionKind.INTRODUCTION),
        ("2 Related Work > 2.1 Datasets", SectionKind.BACKGROUND),
        ("3 Our Approach", SectionKind.METHODS),
        ("Materials and Methods > Participants", SectionKind.METHODS),
        ("5 Results and Discussion", SectionKind.RESULTS),
        ("6 Discussion", SectionKind.DISCUSSION),
        ("7 Conclusions and Future Work", SectionKind.CONCLUSION),
        ("References", SectionKind.REFERENCES),
        ("A Proofs", SectionKind.APPENDIX),
        ("Appendix B: Results", SectionKind.APPENDIX),
        ("Marmots of the Alps > 4.2 Training", SectionKind.METHODS),
        ("Marmots of the Alps", SectionKind.OTHER),
        ("", SectionKind.OTHER),
    ],
)
def test_the_outermost_heading_that_tells_counts(path: str, kind: SectionKind) -> None:
    assert section_kind(path) is kind
