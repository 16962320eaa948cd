"""The command line, as a user runs it: in processes of its own, judged by output and exit code."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ragqa.answer.draft import REFUSAL
from ragqa.cli.output import out, print_sources
from ragqa.details import NearestPage
from ragqa.types import Answer, Citation
from tests import papers
from tests.ollama_server import OllamaServer
from tests.server import QUIET, free_port, running_server

QUESTION = "What was the mean duration and its standard deviation?"


def ragqa(*arguments: object, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    command = [sys.executable, "-m", "ragqa", *map(str, arguments)]
    environment = {**os.environ, **QUIET, **env}
    return subprocess.run(
        command, capture_output=True, text=True, input=stdin, env=environment, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one paper about marmots, brought in by the command line."""
    folder = tmp_path_factory.mktemp("cli")
    papers.write_one_column(folder / "marmots.pdf")
    ended = ragqa("ingest", folder / "marmots.pdf", "--data", folder / "data")
    assert ended.returncode == 0, ended.stderr
    assert "1 papers ready" in ended.stdout
    return folder / "data"


def test_help_names_every_command() -> None:
    ended = ragqa("--help")
    assert ended.returncode == 0
    assert all(
        name in ended.stdout
        for name in ("ingest", "search", "ask", "chat", "conversations", "serve", "papers", "doctor")
    )


def test_ingest_twice_is_a_no_op(data: Path) -> None:
    ended = ragqa("ingest", data.parent / "marmots.pdf", "--data", data, "--json")
    report = json.loads(ended.stdout)
    assert ended.returncode == 0
    assert (report["found"], report["unchanged"], report["ready"], report["pages"]) == (1, 1, 1, 0)


def test_ingest_reports_what_failed_and_exits_with_1(tmp_path: Path) -> None:
    papers.write_empty(tmp_path / "empty.pdf")
    papers.write_encrypted(tmp_path / "locked.pdf", "secret")
    (tmp_path / "notes.pdf").write_text("not a PDF")
    papers.write_one_column(tmp_path / "good.pdf")
    ended = ragqa("ingest", tmp_path, "--data", tmp_path / "data")
    assert ended.returncode == 1
    assert "1 papers ready, 3 failed" in ended.stdout
    assert "empty.pdf is empty" in ended.stdout
    assert "password" in ended.stdout
    assert "is not a PDF" in ended.stdout
    assert "Traceback" not in ended.stderr


def test_search_prints_the_shapes_of_the_api(data: Path) -> None:
    ended = ragqa("search", QUESTION, "--data", data, "--json", "-k", 2, "--paper", "marmots")
    hits = json.loads(ended.stdout)["hits"]
    assert ended.returncode == 0
    assert len(hits) == 2
    assert (hits[0]["page"], hits[0]["file_name"], hits[0]["title"]) == (2, "marmots.pdf", papers.TITLE)


def test_ask_prints_answer_page_and_quote(data: Path) -> None:
    ended = ragqa("ask", QUESTION, "--data", data)
    assert ended.returncode == 0
    assert "201 days" in ended.stdout
    assert "p. 2" in ended.stdout
    assert "extractive" in ended.stdout


def test_ask_as_json_is_an_answer(data: Path) -> None:
    answer = json.loads(ragqa("ask", QUESTION, "--data", data, "--json").stdout)
    assert answer["citations"][0]["page"] == 2
    assert "201 days" in answer["citations"][0]["quote"]


def test_ask_shows_each_choice_with_its_probability(data: Path) -> None:
    ended = ragqa("ask", QUESTION, "--choice", "12 days", "--choice", "201 days", "--data", data)
    assert ended.returncode == 0
    assert ended.stdout.startswith("201 days")
    assert "Choices:" in ended.stdout
    assert re.search(r"^- 12 days: \d+%", ended.stdout, re.MULTILINE)


def test_one_choice_is_none(data: Path) -> None:
    ended = ragqa("ask", QUESTION, "--choice", "201 days", "--data", data)
    assert ended.returncode == 2
    assert "Give --choice 2 to 26 times" in ended.stderr


def test_a_refusal_says_what_was_searched(data: Path) -> None:
    ended = ragqa("ask", "Who won the football world cup in 1998?", "--data", data)
    assert ended.returncode == 1
    assert "Searched 1 paper" in ended.stdout
    assert ended.stdout.count(REFUSAL) == 1
    assert "Nearest pages:" in ended.stdout


def test_a_refusal_that_was_stored_with_citations_cites_nothing_on_the_terminal() -> None:
    cited = Citation(
        id="a.1", number=1, paper_id="p", file_name="p.pdf", title="", page=1, quote="Snow fell.", rects=(), score=1.0
    )
    nearest = NearestPage(paper_id="p", file_name="p.pdf", title="Snow [2]", page=4, section="2 Burrows")
    with out.capture() as shown:
        print_sources(
            Answer(
                answer=REFUSAL, kind="refusal", mode="extractive", abstained=True, confidence=0.0, citations=(cited,),
                standalone_question="", model="extractive", conversation_id="", searched="2 papers", nearest=(nearest,),
            )
        )  # fmt: skip
    assert shown.get().startswith("Searched 2 papers.\nNearest pages:\n- Snow [2], page 4 (2 Burrows)\nextractive")


def test_chat_reads_a_question_a_line_and_keeps_the_conversation(data: Path) -> None:
    ended = ragqa("chat", "--data", data, "--json", stdin=f"{QUESTION}\n\nWho measured it?\n/quit\nnever asked\n")
    first, second = map(json.loads, ended.stdout.splitlines())
    assert ended.returncode == 0
    assert first["conversation_id"] == second["conversation_id"]
    assert "standard deviation" in second["standalone_question"]


def test_papers_lists_and_removes(tmp_path: Path) -> None:
    papers.write_one_column(tmp_path / "a.pdf")
    ragqa("ingest", tmp_path / "a.pdf", "--data", tmp_path / "data")
    listed = json.loads(ragqa("papers", "--data", tmp_path / "data", "--json").stdout)
    assert [(paper["file_name"], paper["state"]) for paper in listed] == [("a.pdf", "ready")]
    removed = ragqa("papers", "--delete", "a.pdf", "--data", tmp_path / "data")
    assert removed.returncode == 0
    assert "No papers" in removed.stdout
    assert list((tmp_path / "data" / "ingest").iterdir()) == []
    assert (tmp_path / "a.pdf").is_file()


def test_papers_shows_one_with_abstract_and_sections(data: Path) -> None:
    shown = ragqa("papers", "marmots", "--data", data)
    assert shown.returncode == 0
    assert all(text in shown.stdout for text in (papers.TITLE, "Grace Hopper", papers.ABSTRACT, "2.1 Study sites p. 2"))
    as_json = json.loads(ragqa("papers", "marmots", "--data", data, "--json").stdout)
    assert (as_json["abstract"], as_json["outline"][0]["level"]) == (papers.ABSTRACT, 1)


def test_papers_exports_bibtex(data: Path) -> None:
    ended = ragqa("papers", "--data", data, "--bibtex")
    assert ended.returncode == 0
    assert ended.stdout.startswith("@article{lovelace2000alpine,")
    assert "author = {Ada Lovelace and Grace Hopper and Alan Turing}" in ended.stdout
    assert ragqa("papers", "marmots", "--data", data, "--bibtex").stdout == ended.stdout
    assert ragqa("papers", "--data", data, "--bibtex", "--collection", "none").stdout == ""


def test_doctor_says_how_to_add_a_language_model(data: Path) -> None:
    ended = ragqa("doctor", "--data", data)
    assert ended.returncode == 0
    assert "ollama pull" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["ask", ""], 2, "The question is empty"),
        (["ask", "x" * 100_000], 2, "100,000 characters"),
        (["ask", QUESTION, "--mode", "magic"], 2, "extractive"),
        (["search", QUESTION, "--mode", "magic"], 2, "keyword"),
        (["ask", QUESTION, "--paper", "unknown"], 2, "ragqa papers"),
        (["ask", QUESTION, "--collection", "x" * 300], 2, "collection"),
        (["ingest", "no/such/folder"], 2, "does not exist"),
        (["ask", QUESTION, "--llm", "magic"], 2, "ollama:MODEL"),
        (["ask", QUESTION, "--mode", "generative"], 4, "ollama pull"),
    ],
    ids=["empty", "too long", "mode", "search mode", "paper", "collection", "folder", "llm", "no model"],
)
def test_bad_input_says_what_to_do(data: Path, arguments: list[str], code: int, said: str) -> None:
    ended = ragqa(*arguments, "--data", data)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_error_as_json_has_code_message_and_hint(data: Path) -> None:
    ended = ragqa("ask", "", "--data", data, "--json")
    assert json.loads(ended.stdout)["error"]["code"] == "bad_question"


def test_a_wrong_setting_names_itself(data: Path) -> None:
    ended = ragqa("papers", "--data", data, RAGQA_CHUNK_TOKENS="many")
    assert ended.returncode == 2
    assert "RAGQA_CHUNK_TOKENS" in ended.stderr


def test_a_mistyped_data_folder_is_no_empty_library(tmp_path: Path) -> None:
    ended = ragqa("ask", QUESTION, "--data", tmp_path / "dta")
    assert ended.returncode == 2
    assert "ragqa ingest" in ended.stderr
    assert not (tmp_path / "dta").exists()


def test_a_broken_settings_file_and_a_mistyped_variable_are_named(data: Path, tmp_path: Path) -> None:
    mistyped = ragqa("papers", "--data", data, RAGQA_MAX_PAGE="3")
    assert "do you mean RAGQA_MAX_PAGES?" in mistyped.stderr
    (tmp_path / "ragqa.toml").write_text("data = [")
    command = [sys.executable, "-m", "ragqa", "papers"]
    broken = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False)
    assert broken.returncode == 2
    assert "ragqa.toml cannot be read" in broken.stderr


def test_an_unreachable_ollama_is_named_with_the_next_step(data: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    ended = ragqa(
        "ask", QUESTION, "--mode", "generative", "--llm", "ollama:m", "--data", data, RAGQA_OLLAMA_URL=nowhere
    )
    assert ended.returncode == 4
    assert "ollama serve" in ended.stderr


def test_auto_falls_back_to_extractive_and_says_why(data: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    ended = ragqa("ask", QUESTION, "--llm", "ollama:m", "--data", data, "--json", RAGQA_OLLAMA_URL=nowhere)
    answer = json.loads(ended.stdout)
    assert (ended.returncode, answer["mode"]) == (0, "extractive")
    assert "ollama serve" in answer["note"]
    assert answer["citations"][0]["page"] == 2


def test_a_language_model_writes_and_its_claims_are_checked(data: Path) -> None:
    with OllamaServer() as ollama:
        ollama.behaviour.answer = "The mean duration was 201 days [1]. Marmots invented the telephone [2][9]."
        ended = ragqa("ask", QUESTION, "--data", data, "--json", RAGQA_LLM="auto", RAGQA_OLLAMA_URL=ollama.url)
    answer = json.loads(ended.stdout)
    assert (answer["mode"], answer["model"]) == ("generative", "ollama:llama3.2:latest")
    assert answer["unsupported"] == ["Marmots invented the telephone."]
    assert [(c["number"], c["page"]) for c in answer["citations"]] == [(1, 2)]
    assert answer["answer"] == "The mean duration was 201 days. [1] Marmots invented the telephone. [unsupported]"


def test_the_command_line_talks_to_a_server_that_owns_the_folder(tmp_path: Path) -> None:
    papers.write_one_column(tmp_path / "marmots.pdf")
    with running_server(tmp_path / "data"):
        ingested = ragqa("ingest", tmp_path / "marmots.pdf", "--data", tmp_path / "data")
        asked = ragqa("ask", QUESTION, "--data", tmp_path / "data", "--json")
    assert ingested.returncode == 0, ingested.stderr
    assert json.loads(asked.stdout)["citations"][0]["page"] == 2


def test_a_folder_in_use_and_a_port_in_use_are_named(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as url:
        port = url.rsplit(":", 1)[1]
        same_folder = ragqa("serve", "--data", tmp_path / "data", "--port", free_port())
        same_port = ragqa("serve", "--data", tmp_path / "other", "--port", port)
    assert same_folder.returncode == 3
    assert "in use by process" in same_folder.stderr
    assert same_port.returncode == 5
    assert f"Port {port} is in use" in same_port.stderr


def test_ctrl_c_while_serving_ends_cleanly(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "ragqa", "serve", "--data", str(tmp_path / "data"), "--port", str(port)]
    process = subprocess.Popen(command, env={**os.environ, **QUIET}, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode in (0, 130)
    assert "Traceback" not in said


def test_conversations_are_listed_searched_exported_continued_and_deleted(data: Path, tmp_path: Path) -> None:
    ended = ragqa("chat", "--data", data, "--json", stdin=f"{QUESTION}\n")
    name = json.loads(ended.stdout)["conversation_id"]
    went_on = ragqa("chat", "--data", data, "--json", "--conversation", name[:8], stdin="And of the sites?\n")
    assert json.loads(went_on.stdout)["conversation_id"] == name
    listed = json.loads(ragqa("conversations", "--data", data, "--json").stdout)
    assert (listed[0]["id"], listed[0]["questions"]) == (name, 2)
    assert name[:12] in ragqa("conversations", "search", "durations", "--data", data).stdout
    assert ragqa("conversations", "search", "unheard-of", "--data", data).returncode == 1
    assert ragqa("conversations", "rename", "last", "Sleep", "--data", data).returncode == 0
    assert "201 days" in ragqa("conversations", "show", name[:8], "--data", data).stdout
    written = tmp_path / "talk.bib"
    ragqa("conversations", "export", name[:8], "--format", "bibtex", "--out", written, "--data", data)
    assert "Lovelace" in written.read_text(encoding="utf-8")
    assert ragqa("conversations", "delete", "last", "--data", data).returncode == 0
    assert ragqa("conversations", "show", name[:8], "--data", data).returncode == 2
