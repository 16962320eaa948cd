"""A conversation as Markdown, as JSON, or as BibTeX of what it cites. Pure: shapes in, text out."""

import re
from collections.abc import Sequence
from itertools import groupby

from ragqa.bibtex import bibtex, cite_keys
from ragqa.conversation import ConversationDetails, ExportFormat
from ragqa.plain_answer import beside, citations_of
from ragqa.types import Answer, Citation, Paper

# What Markdown and the HTML within it would take for markup; words of papers are shown, never obeyed.
_ACTIVE = re.compile(r"([\\`*_{}\[\]<>#|!&])")
_ITEM = re.compile(r"\s*([-*]|\d{1,3}[.)])\s+(?=\S)")
_TELLS_OF_RETRY = re.compile(r"\bsearch was repeated\b|\bsecond answer\b")


def exported(conversation: ConversationDetails, form: ExportFormat, papers: Sequence[Paper]) -> str:
    """The whole conversation; ``papers`` are those of the library, in the order in which they came."""
    conversation = _as_borne_out(conversation)
    if form == "json":
        return conversation.model_dump_json(indent=2) + "\n"
    return _bibtex(conversation, papers) if form == "bibtex" else _markdown(conversation)


def _as_borne_out(conversation: ConversationDetails) -> ConversationDetails:
    """Refusals cite nothing, even those that were stored with citations."""
    answered = tuple(
        said.model_copy(update={"answer": said.answer.model_copy(update={"citations": citations_of(said.answer)})})
        for said in conversation.answered
    )
    return conversation.model_copy(update={"answered": answered})


def _bibtex(conversation: ConversationDetails, papers: Sequence[Paper]) -> str:
    """One entry for each paper cited, in the order of citing; of a paper that is gone, what its citations say."""
    known = {paper.id: paper for paper in papers}
    cited = {citation.paper_id: citation for said in conversation.answered for citation in said.answer.citations}
    gone = [_as_cited(citation) for paper_id, citation in cited.items() if paper_id not in known]
    keys = cite_keys([*papers, *gone])
    by_id = known | {paper.id: paper for paper in gone}
    return bibtex([by_id[paper_id] for paper_id in cited], keys)


def _as_cited(citation: Citation) -> Paper:
    return Paper(id=citation.paper_id, file_name=citation.file_name, title=citation.title)


def _markdown(conversation: ConversationDetails) -> str:
    parts = [f"# {_escaped(conversation.title)}", f"Begun {_day(conversation.created_at)} with ragqa."]
    for said in conversation.answered:
        parts += [f"## {_escaped(said.question)}", *_answer(said.answer, said.question)]
    return "\n\n".join(parts) + "\n"


def _answer(answer: Answer, question: str) -> list[str]:
    """Text, what an answer of its kind has beside it, quotes with their pages, and what is to be known of it."""
    changed = answer.standalone_question.strip() != question.strip()
    parts = [f"*Understood as: {_escaped(answer.standalone_question)}*"] if changed else []
    parts += [_paragraph(text) for text in (answer.answer, *beside(answer))]
    quotes = [f"{each.number}. {_escaped(_place(each))}: “{_escaped(each.quote)}”" for each in answer.citations]
    parts += ["\n".join(quotes)] if quotes else []
    parts += [f"Not supported by the papers: {_escaped(sentence)}" for sentence in answer.unsupported]
    parts += ["*Searched again, more widely.*"] if answer.retried and not _TELLS_OF_RETRY.search(answer.note) else []
    parts += [f"*{_escaped(answer.note)}*"] if answer.note.strip() else []
    written = f"generative, {answer.model}" if answer.mode == "generative" else answer.mode
    return [*parts, f"*{_escaped(written)}, confidence {answer.confidence:.2f}*"]


def _paragraph(text: str) -> str:
    """Each line escaped for itself; a list stays one, apart from the lines above and below it."""
    lines = [line for line in text.splitlines() if line.strip()]
    runs = groupby(lines, key=lambda line: _ITEM.match(line) is not None)
    return "\n\n".join(("\n" if listed else "\n\n").join(map(_line, run)) for listed, run in runs)


def _line(line: str) -> str:
    item = _ITEM.match(line)
    return f"{item[1]} {_escaped(line[item.end() :])}" if item else _escaped(line)


def _place(citation: Citation) -> str:
    return f"{citation.title or citation.file_name}, page {citation.page}"


def _escaped(text: str) -> str:
    return _ACTIVE.sub(r"\\\1", " ".join(text.split()))


def _day(timestamp: str) -> str:
    return timestamp.partition("T")[0]
