"""How an answer of any kind looks, as HTML that is safe to show. Pure; knows nothing of Gradio or HTTP."""

import re
from collections.abc import Sequence

from ragqa.details import Cell, Comparison, NearestPage, ScoredChoice, ShortAnswer, Verdict
from ragqa.types import Answer, Citation
from ui.render import folded, inert, link, message

MARK = r"\[\d{1,3}\]"
MODE_NAMES = {"extractive": "Quoted from the papers", "generative": "Written by a language model"}
REFUSAL_ADVICE = '<p class="meta">Ask it another way, or look whether the paper is in the library and chosen.</p>'


def answer_html(answer: Answer, question: str, exchange: int = 0) -> str:
    """The checked answer to the question as asked: text with marks, quotes, and how it came about.

    ``exchange`` counts those before it; a click on a candidate says which question it means.
    """
    about = _about(answer, question)
    if answer.abstained:
        return message("refusal", f"{_refused(answer)}{REFUSAL_ADVICE}{about}")
    if answer.kind == "clarification":
        return message("clarification", f"<p>{inert(answer.answer)}</p>{_candidates(answer, exchange)}{about}")
    body = f"{_said(answer)}{_quotes(answer)}{_unsupported_note(answer)}{about}"
    return message("answer", body)


def candidate_key(exchange: int, number: int) -> str:
    """By what a click names a paper that the question of an exchange may have meant."""
    return f"{exchange}.{number}"


def _refused(answer: Answer) -> str:
    """That there is no answer, where it was looked for, and what there is that does not make one."""
    parts = [f"<p>{inert(answer.answer)}</p>"]
    if answer.searched:
        parts.append(f'<p class="meta">Searched {inert(answer.searched)}.</p>')
    if answer.nearest:
        rows = "".join(_near(page) for page in answer.nearest)
        parts.append(f'<p class="meta">Nearest pages:</p><ul class="nearest">{rows}</ul>')
    if answer.unsupported:
        rows = "".join(f"<li>{_doubtful(sentence)}</li>" for sentence in answer.unsupported)
        count = len(answer.unsupported)
        said = "1 sentence" if count == 1 else f"{count} sentences"
        title = f"What the model wrote: {said} that no words in the papers support"
        parts.append(folded(title, f'<ul class="doubtful">{rows}</ul>'))
    if answer.choices:
        parts.append(folded("How the choices compare, by what little was found", _choices(answer.choices, {})))
    return "".join(parts)


def _near(page: NearestPage) -> str:
    section = f" · {inert(page.section)}" if page.section else ""
    return f"<li>{link(page, f'{inert(page.title or page.file_name)}, page {page.page}')}{section}</li>"


def _candidates(answer: Answer, exchange: int) -> str:
    """The papers that may be meant, each a button that asks about it."""
    rows = "".join(
        f'<li><button type="button" class="candidate" value="{candidate_key(exchange, number)}"'
        f' title="Ask about this paper">{inert(paper.title or paper.file_name)}</button></li>'
        for number, paper in enumerate(answer.candidates)
    )
    return f'<ul class="candidates">{rows}</ul>' if rows else ""


def _said(answer: Answer) -> str:
    """The text, and what an answer of its kind has beyond it."""
    numbered = {citation.number: citation for citation in answer.citations}
    written = answer.mode == "generative"
    parts = []
    if answer.short and not written:
        parts.append(_short(answer, numbered))
    elif written or not (answer.comparison or answer.summary):
        parts.append(f"<p{_class_of(answer)}>{_marked_text(answer)}</p>")
    if answer.verdict:
        parts.append(_verdict(answer.verdict, numbered))
    if answer.choices:
        parts.append(_choices(answer.choices, numbered))
    if answer.comparison:
        parts.append(_comparison(answer.comparison, numbered))
    if answer.summary:
        parts += [f"<h3>{inert(part.heading)}</h3><p>{_linked(part.text, numbered)}</p>" for part in answer.summary]
    return "".join(parts)


def _class_of(answer: Answer) -> str:
    """A few words stand larger than the sentence around them, which follows as a quote."""
    return ' class="short"' if answer.mode == "extractive" and (answer.verdict or answer.choices) else ""


def _short(answer: Answer, numbered: dict[int, Citation]) -> str:
    """The words that answer, each with its mark and its probability; below the sentence where that is the answer."""
    items = [f"{_headed(short)} {_links((short.citation,), numbered)} {_chance(short)}" for short in answer.short]
    if any(citation.quote in answer.answer for citation in answer.citations):
        words = "; ".join(f"{_headed(short)} {_chance(short)}" for short in answer.short)
        return f'<p class="short">{_marked_text(answer)}</p><p class="meta">Words that answer: {words}</p>'
    if len(items) == 1:
        return f'<p class="short">{items[0]}</p>'
    return f'<ul class="short">{"".join(f"<li>{item}</li>" for item in items)}</ul>'


def _headed(short: ShortAnswer) -> str:
    heads = ", ".join(filter(None, (short.row, short.column)))
    return inert(f"{short.text} ({heads})" if heads else short.text)


def _chance(short: ShortAnswer) -> str:
    return f'<span class="chance" title="Probability that these words answer">{short.probability:.0%}</span>'


def _verdict(verdict: Verdict, numbered: dict[int, Citation]) -> str:
    chances = f"yes {verdict.yes:.0%} · no {verdict.no:.0%} · maybe {verdict.maybe:.0%}"
    sides = (("For", verdict.supporting), ("Against", verdict.opposing))
    said = "".join(f"<br>{side}: {_links(numbers, numbered)}" for side, numbers in sides if numbers)
    return f'<p class="meta">{chances}{said}</p>'


def _choices(choices: Sequence[ScoredChoice], numbered: dict[int, Citation]) -> str:
    rows = "".join(
        f"<tr><td>{inert(choice.text)} {_links(choice.citations, numbered)}</td><td>{choice.probability:.0%}</td>"
        f'<td><meter min="0" max="1" value="{choice.probability:.3f}"></meter></td></tr>'
        for choice in choices
    )
    return f'<table class="choices"><tbody>{rows}</tbody></table>'


def _comparison(comparison: Comparison, numbered: dict[int, Citation]) -> str:
    heads = "".join(f'<th scope="col">{inert(aspect)}</th>' for aspect in comparison.aspects)
    rows = "".join(
        f'<tr><th scope="row">{inert(paper.title or paper.file_name)}</th>'
        f"{''.join(_cell(cell, numbered) for cell in paper.cells)}</tr>"
        for paper in comparison.papers
    )
    table = f"<table><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="comparison">{table}</div>'


def _cell(cell: Cell, numbered: dict[int, Citation]) -> str:
    if cell.citation is None:
        return '<td class="meta">not found</td>'
    return f"<td>{inert(cell.text)} {_links((cell.citation,), numbered)}</td>"


def _links(numbers: Sequence[int], numbered: dict[int, Citation]) -> str:
    return "".join(link(numbered[number], f"&#91;{number}&#93;") for number in numbers if number in numbered)


def _linked(text: str, numbered: dict[int, Citation]) -> str:
    """Text whose marks that stand behind a sentence are links; a paper's own ``[3]`` stays as it is."""
    parts = re.split(rf"((?<=\s){MARK}(?=\s|$))", text)
    return "".join(
        _links((int(part[1:-1]),), numbered) or inert(part) if re.fullmatch(MARK, part) else _spaced(part)
        for part in parts
    )


def _marked_text(answer: Answer) -> str:
    """The answer's text; its own marks become links, unsupported sentences are marked.

    Quoted words are matched first: the ``[3]`` that a paper itself prints is not one of our marks.
    """
    numbered = {citation.number: citation for citation in answer.citations}
    doubtful = set(answer.unsupported)
    literal = sorted({citation.quote for citation in answer.citations} | doubtful, key=len, reverse=True)
    tokens = re.compile("|".join([*(re.escape(words) for words in literal if words), MARK]))
    parts, end = [], 0
    for found in tokens.finditer(answer.answer):
        parts += [_spaced(answer.answer[end : found.start()]), _token(found[0], doubtful, numbered)]
        end = found.end()
    return "".join(parts) + _spaced(answer.answer[end:])


def _token(words: str, doubtful: set[str], numbered: dict[int, Citation]) -> str:
    if words in doubtful:
        return _doubtful(words)
    if re.fullmatch(MARK, words) and (citation := numbered.get(int(words[1:-1]))):
        return link(citation, f"&#91;{citation.number}&#93;")
    return inert(words) if re.fullmatch(MARK, words) else f"<q>{inert(words)}</q>"


def _doubtful(words: str) -> str:
    return f'<mark class="unsupported" title="No words in the papers were found for this">{inert(words)}</mark>'


def _spaced(text: str) -> str:
    """Inert text that keeps its line breaks, and the spaces at its ends, where it meets its neighbours."""
    return "<br>".join(map(_spaced_line, text.split("\n")))


def _spaced_line(text: str) -> str:
    before, after = " " * text[:1].isspace(), " " * text[-1:].isspace()
    return f"{before}{inert(text)}{after}" if text.strip() else before


def _quotes(answer: Answer) -> str:
    """Where each citation stands, and its words unless the answer itself has them."""
    rows = ""
    for citation in answer.citations:
        words = "" if citation.quote in answer.answer else f"<blockquote>{inert(citation.quote)}</blockquote>"
        place = link(citation, inert(citation.title or citation.file_name))
        rows += f'<li value="{citation.number}">{place}, page {citation.page}{words}</li>'
    return f'<ol class="quotes">{rows}</ol>' if rows else ""


def _unsupported_note(answer: Answer) -> str:
    if not answer.unsupported:
        return ""
    count = len(answer.unsupported)
    said = "1 sentence is" if count == 1 else f"{count} sentences are"
    return f'<p class="warning">{said} not supported by words in the papers (underlined). Do not rely on them.</p>'


def _about(answer: Answer, question: str) -> str:
    """Mode, model and confidence; the question as it was understood, if not as asked; what the server noted."""
    model = f" ({inert(answer.model)})" if answer.mode == "generative" else ""
    mode = f"{answer.mode.capitalize()} mode" if answer.abstained else MODE_NAMES[answer.mode]
    how = f"{mode}{model} · confidence {100 * answer.confidence:.0f}&nbsp;%"
    changed = answer.standalone_question.strip() != question.strip()
    understood = f"<br>Understood as: {inert(answer.standalone_question)}" if changed else ""
    note = f'<p class="note">{inert(answer.note)}</p>' if answer.note else ""
    return f'<p class="meta">{how}{understood}</p>{note}'
