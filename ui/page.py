"""The chat's page in Gradio: what is where, and which event calls what. Knows nothing of HTTP."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import gradio as gr

from ragqa.client import Client
from ragqa.errors import RagqaError
from ragqa.types import ANSWER_MODES, AnswerMode
from ui import chat, conversations, papers
from ui.chat import Conversation, Wanted
from ui.papers import PapersView
from ui.render import error_html, no_page_html, papers_html

HERE = Path(__file__).parent
STYLE = HERE / "page.css"
FOLLOW_CITATIONS = HERE / "citations.js"
FOLLOW_PAPERS = HERE / "papers.js"
FOLLOW_CONVERSATIONS = HERE / "conversations.js"

SYSTEM_FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif")
SYSTEM_MONO = ("ui-monospace", "Menlo", "Consolas", "monospace")

EMPTY_LIBRARY = "### Upload papers to begin\nAdd PDFs in the panel on the left. Answers then quote them, word for word."
READY_LIBRARY = "### Ask about your papers\nEvery claim of an answer points at words on a page."
EVERY_COLLECTION = ("All papers", "")
LONGEST_QUESTION = 8000
LONGEST_BOX = 30_000  # characters of all choices together
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def system_theme() -> Any:
    """Gradio's plain theme with the fonts that the reader's system has; none is fetched."""
    theme = gr.themes.Default(primary_hue="teal", neutral_hue="slate", font=SYSTEM_FONTS, font_mono=SYSTEM_MONO)
    # Darker than the theme's own, so that contrast is at least 4.5:1 on white (WCAG 2.2, 1.4.3).
    return theme.set(
        body_text_color_subdued="*neutral_500", block_info_text_color="*neutral_500",
        input_placeholder_color="*neutral_500", button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800", button_primary_background_fill_dark="*primary_700",
        button_secondary_text_color="*neutral_700",
        link_text_color="*primary_700", link_text_color_dark="*primary_300",
    )  # fmt: skip


class ChatPage:
    """Built within a ``gr.Blocks``: components as attributes, events as methods."""

    def __init__(self, client: Client, blocks: gr.Blocks) -> None:
        self._client = client
        self._blocks = blocks
        self.conversation = gr.State(Conversation())
        self.seen = gr.State(PapersView(""))
        self.timer = gr.Timer(papers.BUSY_EVERY_S)
        with gr.Sidebar(width=300, elem_id="library"):
            self._lay_out_library()
            self._lay_out_kept()
        with gr.Row(elem_id="desk", equal_height=False):
            with gr.Column(scale=6, min_width=320, elem_id="talk"):
                self._lay_out_talk()
            with gr.Column(scale=5, min_width=320, elem_id="beside"):
                self.page = gr.HTML(no_page_html(), elem_id="page", js_on_load=FOLLOW_CITATIONS.read_text("utf-8"))
        self._wire_talk()
        self._wire_library()
        self._wire_kept()

    def _lay_out_library(self) -> None:
        gr.Markdown("# ragqa\nAnswers from your papers, with the page behind every claim.", elem_id="title")
        self.files = gr.UploadButton(
            "Upload PDFs", file_count="multiple", file_types=[".pdf"], variant="primary", size="md"
        )
        self.refused = gr.HTML("", elem_id="refused")
        self.papers = gr.HTML(papers_html(()), elem_id="papers", js_on_load=FOLLOW_PAPERS.read_text("utf-8"))
        self.collection = gr.Dropdown(
            [EVERY_COLLECTION], value="", label="Ask only this collection", visible=False, interactive=True,
            elem_id="collection",
        )  # fmt: skip
        self.only = gr.Dropdown(
            [], multiselect=True, label="Ask only these papers", info="None chosen: all of them.", interactive=True
        )
        self.mode = gr.Radio(
            [(mode.capitalize(), mode) for mode in ANSWER_MODES], value="auto", label="Answer mode",
            info="Extractive quotes the papers. Generative needs a language model. Auto takes the best there is.",
        )  # fmt: skip

    def _lay_out_kept(self) -> None:
        self.find = gr.Textbox(
            label="Conversations", placeholder="Search what was asked and answered", max_lines=1, max_length=500,
            elem_id="find",
        )  # fmt: skip
        self.trouble = gr.HTML("", elem_id="trouble")
        self.kept = gr.HTML("", elem_id="kept", js_on_load=FOLLOW_CONVERSATIONS.read_text("utf-8"))

    def _lay_out_talk(self) -> None:
        self.chatbot = gr.Chatbot(
            show_label=False, label="Conversation", elem_id="chat", placeholder=EMPTY_LIBRARY, height=None,
            latex_delimiters=[], allow_tags=False, sanitize_html=True, buttons=[], feedback_options=None,
            group_consecutive_messages=False, layout="bubble", scale=1,
        )  # fmt: skip
        with gr.Row(elem_id="ask-row", equal_height=True):
            self.question = gr.Textbox(
                label="Question", show_label=False, placeholder="Ask about the papers", max_lines=6,
                max_length=LONGEST_QUESTION, autofocus=True, scale=5, container=False, elem_id="question",
            )  # fmt: skip
            self.ask = gr.Button("Ask", variant="primary", min_width=72, scale=0)
            self.stop = gr.Button("Stop", variant="stop", min_width=72, scale=0, visible=False)
            self.new = gr.Button("New conversation", min_width=150, scale=0)
        with gr.Accordion("Choices", open=False, elem_id="choices"):
            self.choices = gr.Textbox(
                label="Choices, one a line", placeholder="Answers to choose from, each on a line of its own",
                info="The answer gives each a probability. Or list them when you ask: “Which one? A) … B) …”",
                lines=3, max_lines=8, max_length=LONGEST_BOX,
            )  # fmt: skip

    def _wire_talk(self) -> None:
        growing = [self.chatbot, self.conversation, self.ask, self.stop]
        said = {self.question, self.choices, self.mode, self.collection, self.only, self.conversation, self.seen}
        boxes = [self.question, self.choices]
        asking = gr.on([self.question.submit, self.ask.click], self._on_ask, said, [*boxes, *growing], **QUIET)
        picking = self.page.pick(self._on_pick, [self.mode, self.conversation], growing, **QUIET)
        asked = [self.page, self.choices, self.ask, self.stop]
        stops: dict[str, Any] = {"fn": self._on_stop, "inputs": self.conversation, "outputs": [*growing, self.page]}
        for answering in (asking, picking):
            answering.then(self._on_asked, [self.conversation, self.choices], asked, **QUIET).then(
                self._on_list, [self.find, self.conversation], self.kept, **QUIET
            )
            answering.failure(**stops, **QUIET)
        # Gradio ends what an event cancels when its own work is done, and the answer could grow over that:
        # therefore these come first, as events of their own.
        for leaving in (self.stop.click, self.new.click, self.chatbot.clear, self.kept.choose, self.kept.remove):
            leaving(None, cancels=[asking, picking], **QUIET)
        self.stop.click(**stops, **QUIET)
        gr.on([self.new.click, self.chatbot.clear], self._on_new, None, [*boxes, *growing, self.page], **QUIET)
        self.chatbot.example_select(self._on_example, None, self.question, **QUIET)
        self.page.cite(self._on_cite, self.conversation, self.page, **QUIET)

    def _wire_library(self) -> None:
        shown = [self.seen, self.papers, self.collection, self.only, self.chatbot, self.timer]
        chosen = [self.seen, self.collection, self.only]
        looks = {"fn": self._on_look, "inputs": chosen, "outputs": shown, **QUIET}
        gr.on([self._blocks.load, self.timer.tick], **looks)
        self.collection.input(self._on_collection, chosen, self.only, **QUIET)
        self.files.upload(self._on_upload, self.files, [self.refused, self.files], api_visibility="private").then(
            **looks
        )
        self.papers.retry(self._on_retry, None, self.refused, **QUIET).then(**looks)

    def _wire_kept(self) -> None:
        lists: dict[str, Any] = {"fn": self._on_list, "inputs": [self.find, self.conversation], "outputs": self.kept}
        shown = [self.trouble, self.chatbot, self.conversation, self.ask, self.stop, self.page]
        gr.on([self._blocks.load, self.find.change, self.new.click], **lists, trigger_mode="always_last", **QUIET)
        self.kept.choose(self._on_choose, self.conversation, shown, **QUIET).then(**lists, **QUIET)
        self.kept.remove(self._on_remove, self.conversation, shown, **QUIET).then(**lists, **QUIET)
        self.kept.retitle(self._on_retitle, None, self.trouble, **QUIET).then(**lists, **QUIET)

    def _on_list(self, query: str, conversation: Conversation) -> str:
        return conversations.list_html(self._client, query, conversation.id)

    def _on_choose(self, shown: Conversation, clicked: gr.EventData) -> tuple[Any, ...]:
        try:
            talk = conversations.opened(self._client, clicked.conversation)
        except RagqaError as exc:
            return error_html(exc), *self._on_stop(shown)
        return "", *_resting(talk), chat.show_page(self._client, talk.latest)

    def _on_remove(self, shown: Conversation, clicked: gr.EventData) -> tuple[Any, ...]:
        trouble = conversations.delete(self._client, clicked.conversation)
        if trouble or shown.id != clicked.conversation:
            return trouble, *self._on_stop(shown)
        return "", *_resting(Conversation()), no_page_html()

    def _on_retitle(self, clicked: gr.EventData) -> str:
        return conversations.rename(self._client, clicked.conversation, clicked.title)

    def _on_ask(self, said: dict[Any, Any]) -> Iterator[tuple[Any, ...]]:
        question, conversation = said[self.question], said[self.conversation]
        if not question.strip() or conversation.pending:
            yield (gr.skip(),) * 6
            return
        # What was seen may be some seconds old: it is asked for again before a question is turned away.
        if not said[self.seen].choices and (reason := papers.nothing_to_ask(self._client)):
            yield "", gr.skip(), *_growing(conversation.asked(question).failed(reason))
            return
        wanted = Wanted(
            mode=said[self.mode],
            paper_ids=tuple(said[self.only]),
            collection=said[self.collection] or "",
            choices=said[self.choices] or "",  # None until the folded box was opened
        )
        emptied: Any = ""
        with closing(chat.ask(self._client, question, wanted, conversation)) as growing:
            for grown in growing:
                # Emptied once, as the next question may be typed meanwhile; choices that were refused stay.
                yield emptied, emptied if grown.pending else gr.skip(), *_growing(grown)
                emptied = gr.skip()

    def _on_pick(
        self, mode: AnswerMode, conversation: Conversation, clicked: gr.EventData
    ) -> Iterator[tuple[Any, ...]]:
        meant = conversation.meaning(clicked.candidate)
        if meant is None or conversation.pending:
            yield (gr.skip(),) * 4
            return
        message, paper_id = meant
        wanted = Wanted(mode=mode, paper_ids=(paper_id,))
        with closing(chat.ask(self._client, message, wanted, conversation)) as growing:
            for grown in growing:
                yield _growing(grown)

    def _on_asked(self, conversation: Conversation, box: str | None) -> tuple[Any, ...]:
        """Without a citation the page view is emptied: what an earlier answer cited says nothing of this one."""
        if conversation.pending:  # a click that came too late changes nothing of what is being answered
            return (gr.skip(),) * 4
        page = chat.show_page(self._client, conversation.latest)
        # Choices that got no answer may be asked again; none that were typed meanwhile are lost.
        choices = gr.skip() if box else "\n".join(conversation.unanswered_choices)
        return page, choices, gr.update(visible=True), gr.update(visible=False)

    def _on_stop(self, conversation: Conversation) -> tuple[Any, ...]:
        """Also after a defect and after what cancels an answer: if another conversation is shown by then, it stays."""
        if not conversation.pending:
            return gr.skip(), gr.skip(), gr.update(visible=True), gr.update(visible=False), gr.skip()
        stopped = conversation.stopped()
        return *_resting(stopped), chat.show_page(self._client, stopped.latest)

    def _on_new(self) -> tuple[Any, ...]:
        return "", "", *_resting(Conversation()), no_page_html()

    def _on_example(self, chosen: gr.SelectData) -> str:
        return str(chosen.value["text"])

    def _on_cite(self, conversation: Conversation, clicked: gr.EventData) -> str:
        return chat.show_page(self._client, conversation.pages.get(clicked.address))

    def _on_upload(self, files: list[str]) -> tuple[str, None]:
        return papers.upload(self._client, [Path(file) for file in files]), None

    def _on_retry(self, clicked: gr.EventData) -> str:
        return papers.retry(self._client, clicked.paper)

    def _on_look(self, seen: PapersView, collection: str, chosen: list[str]) -> tuple[Any, ...]:
        """What changed since the last look; nothing is drawn again that did not."""
        view = papers.view_papers(self._client)
        if view == seen:
            return gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.skip()
        names = view.collections
        within = collection if collection in names else ""
        collections = gr.update(
            choices=[EVERY_COLLECTION, *((name, name) for name in names)], value=within, visible=bool(names)
        )
        only = self._on_collection(view, within, chosen)
        examples = [{"text": question} for question in view.questions]
        greeting = gr.update(examples=examples, placeholder=READY_LIBRARY if view.choices else EMPTY_LIBRARY)
        return view, view.html, collections, only, greeting, gr.Timer(view.again_s)

    def _on_collection(self, seen: PapersView, collection: str, chosen: list[str]) -> Any:
        """Papers of other collections cannot be chosen beside it."""
        return gr.update(choices=seen.papers_of(collection), value=papers.still_there(chosen, seen, collection))


def _growing(conversation: Conversation) -> tuple[Any, ...]:
    """What is shown of it while it can be stopped."""
    return conversation.messages(), conversation, gr.update(visible=False), gr.update(visible=True)


def _resting(conversation: Conversation) -> tuple[Any, ...]:
    """What is shown of it while something can be asked."""
    return conversation.messages(), conversation, gr.update(visible=True), gr.update(visible=False)
