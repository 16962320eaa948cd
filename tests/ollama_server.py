"""A small Ollama for tests: the documented protocol over real HTTP, with scripted answers and failures."""

import json
from typing import Any

from tests.model_server import ModelHandler, ModelServer

USUAL = 4 / 3  # tokens per word of plain English
NOW = "2026-01-01T00:00:00Z"


def model_entry(name: str, family: str = "llama", **more: Any) -> dict[str, Any]:
    """One line of ``ollama list``."""
    details = {"format": "gguf", "family": family, "parameter_size": "1B", "quantization_level": "Q4_K_M"}
    return {"name": name, "model": name, "modified_at": NOW, "size": 1, "details": details, **more}


class OllamaServer(ModelServer):
    """``with OllamaServer() as server: server.behaviour.answer = "…"``."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(_OllamaHandler, port)
        self.models = [model_entry("llama3.2:latest")]
        self.loaded: list[str] = []
        self.capabilities: dict[str, list[str]] = {}
        self.context_length = 131072
        self.reads_at_most: int | None = None  # tokens, whatever num_ctx asks for
        self.tokens_per_word = USUAL

    def has(self, model: str) -> bool:
        """As Ollama does, a name without a tag means ``:latest``."""
        return any(entry["name"] in (model, f"{model}:latest") for entry in self.models)


def tokens_read(body: dict[str, Any], most: int | None, per_word: float = USUAL) -> int:
    """Tokens of the prompt that Ollama has left of it: its words' and the template's, cut to the window."""
    words = sum(len(message["content"].split()) for message in body["messages"])
    window = body.get("options", {}).get("num_ctx", 4096)
    return min(int(words * per_word) + 10 * len(body["messages"]), window, most or window)


class _OllamaHandler(ModelHandler):
    def do_GET(self) -> None:
        self.read_body()
        server = self.model_server
        if self.path == "/api/tags":
            self.send_json({"models": server.models})
        elif self.path == "/api/ps":
            self.send_json({"models": [model_entry(name) for name in server.loaded]})
        elif self.path == "/api/version":
            self.send_json({"version": "0.14.0"})
        else:
            self.send_json({"error": "page not found"}, 404)

    def do_POST(self) -> None:
        body = self.read_body()
        server = self.model_server
        model = body.get("model", "")
        if not server.has(model):
            self.send_json({"error": f"model '{model}' not found"}, 404)
        elif self.path == "/api/show":
            facts = {"general.architecture": "llama", "llama.context_length": server.context_length}
            capabilities = server.capabilities.get(model, ["completion", "tools"])
            self.send_json({"details": {}, "model_info": facts, "capabilities": capabilities})
        elif server.behaviour.refuse:
            status, message = server.behaviour.refuse
            self.send_json({"error": message}, status)
        else:
            limit = body.get("options", {}).get("num_predict", -1)
            self._read = tokens_read(body, server.reads_at_most, server.tokens_per_word)
            self.stream_tokens(body["messages"], limit, "application/x-ndjson")

    def token_line(self, token: str) -> str:
        return self._line(message={"role": "assistant", "content": token}, done=False)

    def error_line(self, message: str) -> str:
        return json.dumps({"error": message}) + "\n"

    def end_lines(self, tokens: int) -> str:
        counts = {
            "prompt_eval_count": self._read,
            "prompt_eval_duration": 1,
            "eval_count": tokens,
            "eval_duration": 1,
        }
        times = {"total_duration": 3, "load_duration": 1}
        message = {"role": "assistant", "content": ""}
        return self._line(message=message, done=True, done_reason="stop", **counts, **times)

    def _line(self, **fields: Any) -> str:
        return json.dumps({"model": "llama3.2", "created_at": NOW, **fields}) + "\n"
