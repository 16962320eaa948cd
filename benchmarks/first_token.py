"""What ragqa adds to a model's time to its first token: ``python -m benchmarks.first_token [--papers DIR]``.

A real server over real papers asks a small model server that begins to answer after a fixed time. What is left of the
time to the first streamed piece, without that time and without the search and its re-ranking, is ours.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks.environment import HERE
from benchmarks.questions_during_ingest import QUESTIONS
from ragqa.evaluation.measures import percentile
from tests.ollama_server import OllamaServer
from tests.server import running_server

MODEL_S = 0.2  # the model server's own time to its first token
WARMING = 5
READY_S = 600.0


def first_piece(client: httpx.Client, question: str) -> dict[str, float]:
    """Milliseconds to the first piece, of the search in it, and what is left without search and model."""
    started = time.perf_counter()
    asked = {"question": question, "mode": "generative", "stream": True, "keep": False}
    taken, event, timings = 0.0, "", {}
    with client.stream("POST", "/api/v1/ask", json=asked) as response:
        response.raise_for_status()
        for line in response.iter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            if event == "piece" and not taken:
                taken = (time.perf_counter() - started) * 1000
            if event == "done" and line.startswith("data: "):
                timings = json.loads(line.removeprefix("data: "))["answer"]["timings_ms"]
    return {"first": taken, "search": timings["retrieve"], "added": taken - timings["retrieve"] - MODEL_S * 1000}


def wait_until_read(client: httpx.Client) -> None:
    """Until every paper is ready or failed."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        counts = client.get("/api/v1/health").raise_for_status().json()["papers"]
        if not counts.get("queued") and not counts.get("reading") and not counts.get("embedding"):
            return
        time.sleep(0.5)
    raise SystemExit(f"The papers were not read within {READY_S:.0f} s.")


def summary(values: list[float]) -> dict[str, float]:
    return {f"p{share}": round(percentile(values, share / 100), 1) for share in (50, 95)} | {
        "max": round(max(values), 1)
    }


def main() -> None:
    """Ingest, ask, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=Path, default=HERE.parent / "data" / "sample")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "first_token.json")
    args = parser.parse_args()
    with OllamaServer() as model, tempfile.TemporaryDirectory() as made:
        model.behaviour.first_delay = MODEL_S
        settings = {"RAGQA_LLM": "ollama:llama3.2", "RAGQA_OLLAMA_URL": model.url}
        data = Path(made) / "data"
        with running_server(data, **settings) as url, httpx.Client(base_url=url, timeout=300) as client:
            for paper in sorted(args.papers.rglob("*.pdf")):
                client.post("/api/v1/papers", files={"file": (paper.name, paper.read_bytes())}).raise_for_status()
            wait_until_read(client)
            asked = [f"{QUESTIONS[n % len(QUESTIONS)]} ({n})" for n in range(WARMING + args.count)]
            rows = [first_piece(client, question) for question in asked][WARMING:]
    result: dict[str, Any] = {"n": len(rows)} | {
        f"{name} ms": summary([row[name] for row in rows]) for name in ("added", "search", "first")
    }
    args.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
