"""What a refusal says: what was looked through, and the pages that came closest. Pure."""

from collections.abc import Sequence

from ragqa.details import NearestPage
from ragqa.types import AskRequest, Filter, Hit, Paper

MOST_NEAREST = 3
MOST_NAMED = 3


def nearest_pages(hits: Sequence[Hit]) -> tuple[NearestPage, ...]:
    """The first pages of the hits, each once."""
    pages = {(hit.paper_id, hit.page): hit for hit in reversed(hits)}
    return tuple(
        NearestPage(paper_id=hit.paper_id, file_name=hit.file_name, title=hit.title, page=hit.page, section=hit.section)
        for hit in list(pages.values())[::-1][:MOST_NEAREST]
    )


def searched(request: AskRequest, papers: Sequence[Paper]) -> str:
    """ "2 papers of the collection “cells”"; papers that were chosen are named."""
    if not papers:
        return "no paper"
    count = "1 paper" if len(papers) == 1 else f"{len(papers)} papers"
    of = f" of the collection “{request.collection}”" if request.collection else ""
    if request.filter.paper_ids is not None and len(papers) <= MOST_NAMED:
        return f"{count}{of}: " + ", ".join(f"“{paper.title or paper.file_name}”" for paper in papers)
    return f"{count}{of}{' that pass the filter' if request.filter != Filter() else ''}"
