"""What ragqa adds to a model's time to its first token: ``python -m benchmarks.first_token [--folder DIR]``.

A real server over the papers of DIR asks a small model server that begins to answer after a fixed time. What is left
of the time to the first streamed piece, without that time and without the search and its re-ranking, is ours. A
follow-up is rewritten by the model before it is searched for: that call is counted apart. Answers that the model does
not write, or after a second search, are not counted.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from benchmarks.environment import HERE
from ragqa.evaluation.formats import read_paper_questions
from ragqa.evaluation.measures import percentile
from tests.free_writer import write_freely
from tests.ollama_server import OllamaServer
from tests.server import running_server

MODEL_S = 0.2  # the model server's own time to its first token
WARMING = 5
READY_S = 600.0
PHRASINGS = ("{}", "According to the papers, {}", "In this work, {}", "Please tell me: {}")
"""So that no two questions are the same: what was asked before is remembered."""
BEFORE = {"question": "What is the paper about?", "answer": "It is about finding pages that answer questions [1]."}
FOLLOWS = "And in it, "
LAST = "Last question: "

Row = dict[str, float]
"""Milliseconds by name."""


def said(messages: list[dict[str, Any]]) -> str:
    """A follow-up without what makes it one where a rewritten question is asked for; else an answer."""
    _, asked, last = str(messages[-1]["content"]).rpartition(LAST)
    return last.strip().partition("\n")[0].removeprefix(FOLLOWS) if asked else write_freely(messages)


def first_piece(client: httpx.Client, model: OllamaServer, question: str, follows: bool) -> Row | None:
    """Of one question: the first piece, and what is left without search and model; None if it is not counted."""
    text = f"{FOLLOWS}{question}" if follows else question
    asked: dict[str, Any] = {"question": text, "mode": "generative", "stream": True, "keep": False}
    calls = len(model.log.requests)
    started = time.perf_counter()
    taken, event, answer = 0.0, "", {}
    with client.stream("POST", "/api/v1/ask", json=asked | ({"earlier": [BEFORE]} if follows else {})) as response:
        response.raise_for_status()
        for line in response.iter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            if event == "piece" and not taken:
                taken = (time.perf_counter() - started) * 1000
            if event == "done" and line.startswith("data: "):
                answer = json.loads(line.removeprefix("data: "))["answer"]
    said_to = [str(request.body) for request in model.log.requests[calls:]]
    counts = any("<evidence>" in body for body in said_to) and any(LAST in body for body in said_to) is follows
    timings = answer["timings_ms"]
    if answer["retried"] or not counts:
        return None
    return parted(taken, timings["retrieve"], timings["rewrite"] if follows else None)


def parted(first: float, search: float, rewrite: float | None) -> Row:
    """Milliseconds to the first piece by what they were spent on; ``rewrite`` only of a follow-up, the model in it."""
    model = MODEL_S * 1000
    row = {"first": first, "search": search, "added": first - search - (rewrite or 0.0) - model}
    return row if rewrite is None else row | {"rewrite": rewrite, "rewrite without the model": rewrite - model}


def wait_until_read(client: httpx.Client) -> dict[str, int]:
    """Papers by state, once every one is ready or failed."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        counts: dict[str, int] = client.get("/api/v1/health").raise_for_status().json()["papers"]
        if not counts.get("queued") and not counts.get("reading") and not counts.get("embedding"):
            return counts
        time.sleep(0.5)
    raise SystemExit(f"The papers were not read within {READY_S:.0f} s.")


def summary(rows: Sequence[Row | None]) -> dict[str, Any]:
    """Of the questions that the model wrote an answer to, at once and, if they are follow-ups, after rewriting them."""
    counted = [row for row in rows if row is not None]
    found: dict[str, Any] = {"asked": len(rows), "counted": len(counted)}
    return found | {f"{name} ms": spread([row[name] for row in counted]) for name in (counted[0] if counted else {})}


def spread(values: list[float]) -> dict[str, float]:
    return {f"p{share}": round(percentile(values, share / 100), 1) for share in (50, 95)} | {
        "max": round(max(values), 1)
    }


def measure(client: httpx.Client, model: OllamaServer, questions: Sequence[str], follows: bool) -> dict[str, Any]:
    """The first few only warm up."""
    rows = [first_piece(client, model, question, follows) for question in questions]
    return summary(rows[WARMING:])


def phrased(questions: Sequence[str], count: int) -> list[str]:
    """So many different ones, as far as the phrasings go."""
    asked = [phrasing.format(_inside(one, phrasing)) for phrasing in PHRASINGS for one in questions]
    return asked[:count]


def _inside(question: str, phrasing: str) -> str:
    return question if phrasing.startswith("{") else question[0].lower() + question[1:]


def main() -> None:
    """Ingest, ask, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=HERE.parent / "data" / "sample", help="PDFs and questions.jsonl")
    parser.add_argument("--count", type=int, default=100, help="questions of either kind")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "first_token.json")
    args = parser.parse_args()
    questions = read_paper_questions(args.folder)
    # One kind after the other, of different questions: the second would find what the first has searched for.
    asked = phrased([one.question for one in questions if one.answerable], 2 * (WARMING + args.count))
    with OllamaServer() as model, tempfile.TemporaryDirectory() as made:
        model.behaviour.first_delay = MODEL_S
        model.behaviour.answer = said
        settings = {"RAGQA_LLM": "ollama:llama3.2", "RAGQA_OLLAMA_URL": model.url}
        data = Path(made) / "data"
        with running_server(data, **settings) as url, httpx.Client(base_url=url, timeout=300) as client:
            for paper in sorted({args.folder / doc for one in questions for doc in one.docs}):
                client.post("/api/v1/papers", files={"file": (paper.name, paper.read_bytes())}).raise_for_status()
            result: dict[str, Any] = {
                "papers": wait_until_read(client).get("ready", 0),
                "model's own ms": MODEL_S * 1000,
            }
            result["first questions"] = measure(client, model, asked[::2], follows=False)
            result["follow-ups"] = measure(client, model, asked[1::2], follows=True)
    args.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
