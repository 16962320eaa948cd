"""Answers in a language model's words, each sentence tied to words on a page or marked unsupported."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from ragqa.answer.citations import Citer, marked
from ragqa.answer.draft import Draft, refusal, without_support
from ragqa.answer.prompts import NOT_IN_PAPERS, answer_messages, prompt_tokens
from ragqa.answer.thinking import without_unopened_thinking
from ragqa.answer.untrusted import harmless, harmless_pieces
from ragqa.answer.written.backing import Backing
from ragqa.answer.written.claimless import claims_nothing
from ragqa.answer.written.parts import parts
from ragqa.answer.written.support import Support, WordSupport
from ragqa.errors import ModelError, PromptTooLong
from ragqa.protocols import ChatModel
from ragqa.types import Hit

UNSUPPORTED = "[unsupported]"  # follows a sentence that no evidence bears out
EVIDENCE_CUT = "The language model did not read all of the evidence; the answer was written again from less of it."
BY_WORDS = "The answer was checked by its words alone, as the model that RAGQA_SUPPORT names cannot be used:"


def fit_evidence(question: str, evidence: Sequence[Hit], model: ChatModel, max_answer_tokens: int) -> list[Hit]:
    """As many of the best hits as the context window has room for, so that nothing is cut silently; [] if not one."""
    budget = model.context_window - max_answer_tokens
    for count in range(len(evidence), 0, -1):
        if prompt_tokens(answer_messages(question, evidence[:count]), model) <= budget:
            return list(evidence[:count])
    return []


@dataclass(frozen=True, slots=True)
class Writer:
    """Lets a language model write from evidence, and holds it to it. ``answer_tokens`` is the longest answer."""

    support: Support
    answer_tokens: int

    def write(
        self, question: str, evidence: Sequence[Hit], model: ChatModel, citer: Citer
    ) -> Generator[str, None, Draft]:
        """Yield pieces as they come, return the checked draft. Raise a ModelError if there is no room for evidence."""
        fitting, note = fit_evidence(question, evidence, model, self.answer_tokens), ""
        if not fitting:
            raise _no_room(model)
        try:
            written = yield from self._stream(question, fitting, model)
        except PromptTooLong:
            fitting, note = (
                fit_evidence(question, fitting[: len(fitting) // 2], model, self.answer_tokens),
                EVIDENCE_CUT,
            )
            if not fitting:
                raise
            yield "\n\n"
            written = yield from self._stream(question, fitting, model)
        # What did not fit was never read by the model, but may still bear its words out.
        draft = self._checked(written, evidence, citer, question)
        usage, note = _usage(question, fitting, written, model), " ".join(filter(None, (note, draft.note)))
        return replace(draft, usage=usage, note=note)

    def _checked(self, written: str, evidence: Sequence[Hit], citer: Citer, question: str) -> Draft:
        """The checked draft; by its words, with a note, if the model that is to judge it cannot."""
        try:
            return check(written, evidence, self.support, citer, question)
        except ModelError as exc:  # of the judge, as the language model has written all it has to say
            return replace(check(written, evidence, WordSupport(), citer, question), note=f"{BY_WORDS} {exc}")

    def _stream(self, question: str, evidence: Sequence[Hit], model: ChatModel) -> Generator[str, None, str]:
        """Yield all that comes, return what of it is no thinking."""
        written = ""
        for piece in harmless_pieces(model.stream(answer_messages(question, evidence), self.answer_tokens)):
            written += piece
            yield piece
        answer = without_unopened_thinking(written)
        if written and not answer:
            raise _only_thought(model)
        return answer


def _usage(question: str, evidence: Sequence[Hit], written: str, model: ChatModel) -> dict[str, int]:
    return {
        "evidence_chunks": len(evidence),
        "prompt_tokens": prompt_tokens(answer_messages(question, evidence), model),
        "answer_tokens": model.count_tokens(written),
    }


def _no_room(model: ChatModel) -> ModelError:
    return ModelError(
        f"The question leaves no room for evidence in the model's context window of {model.context_window} tokens.",
        hint="Ask a shorter question, or set RAGQA_CONTEXT_WINDOW higher if the model allows it.",
    )


def _only_thought(model: ChatModel) -> ModelError:
    return ModelError(
        f"{model.name} ended its thinking without a word of answer.",
        hint="Raise RAGQA_MAX_ANSWER_TOKENS, or use a model that does not think.",
    )


def check(written: str, evidence: Sequence[Hit], support: Support, citer: Citer, question: str = "") -> Draft:
    """Tie every claim to words on a page; numbers that the model invented are dropped.

    ``question`` tells which choices were given, as to repeat one of them claims nothing. A refusal if nothing does.
    """
    titles = [hit.title for hit in evidence]
    backing = Backing.of(evidence, support)
    said = parts(harmless(written), len(evidence))
    # All is judged before anything is cited: a judge that fails half way leaves no citation behind.
    judged = [(part, None if claims_nothing(part, question, titles) else backing.behind(part)) for part in said]
    shown, supported, unsupported = [], 0, []
    for part, behind in judged:
        if behind is None:
            shown.append(f"{part.before}{part.text}{part.after}")
            continue
        citations = [citer.cite(found.hit, found.text, score) for found, score in behind]
        on_page = [citation for citation in citations if citation]
        if on_page and len(on_page) == len(citations):
            supported += 1
            shown.append(f"{part.before}{marked(part.text, on_page)}{part.after}")
        else:
            unsupported.append(part.text)
            shown.append(f"{part.before}{part.text} {UNSUPPORTED}{part.after}")
    if not supported:
        says_so = NOT_IN_PAPERS.rstrip(".").casefold() in written.casefold()
        return without_support(unsupported) if unsupported and not says_so else refusal(0.0)
    return Draft(
        "".join(shown).strip(), round(supported / (supported + len(unsupported)), 3), unsupported=tuple(unsupported)
    )
