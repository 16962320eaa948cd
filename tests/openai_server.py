"""A small OpenAI-compatible server for tests: model list and chat completions over real HTTP and SSE."""

import json
from typing import Any

from tests.model_server import ModelHandler, ModelServer, tokens_of


class OpenAIServer(ModelServer):
    """``with OpenAIServer() as server: server.behaviour.answer = "…"``; ``api_url`` ends in /v1."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(_OpenAIHandler, port)
        self.api_url = f"{self.url}/v1"
        self.models: list[dict[str, Any]] = [{"id": "qwen3-4b", "object": "model", "owned_by": "local"}]
        self.key = ""
        self.can_stream = True


class _OpenAIHandler(ModelHandler):
    def do_GET(self) -> None:
        self.read_body()
        if not self._authorised():
            return
        if self.path == "/v1/models":
            self.send_json({"object": "list", "data": self.model_server.models})
        else:
            self._send_error(404, "no such route")

    def do_POST(self) -> None:
        body = self.read_body()
        server = self.model_server
        if not self._authorised():
            return
        if server.behaviour.refuse:
            self._send_error(*server.behaviour.refuse)
        elif body["model"] not in [entry["id"] for entry in server.models]:
            self._send_error(404, f"The model `{body['model']}` does not exist.")
        elif body.get("stream") and server.can_stream:
            self.stream_tokens(body["messages"], body.get("max_tokens", -1), "text/event-stream")
        elif body.get("stream"):
            self._send_error(400, "'stream' is not supported")
        else:
            text = "".join(tokens_of(server.behaviour, body["messages"], body.get("max_tokens", -1)))
            self.send_json(self._completion(text))

    def _authorised(self) -> bool:
        key = self.model_server.key
        if not key or self.headers.get("Authorization") == f"Bearer {key}":
            return True
        self._send_error(401, "Incorrect API key provided.")
        return False

    def _send_error(self, status: int, message: str) -> None:
        self.send_json({"error": {"message": message, "type": "error", "code": status}}, status)

    def _completion(self, text: str) -> dict[str, Any]:
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 40, "completion_tokens": 1, "total_tokens": 41}
        return {
            "id": "c1",
            "object": "chat.completion",
            "created": 0,
            "model": "m",
            "choices": [choice],
            "usage": usage,
        }

    def token_line(self, token: str) -> str:
        return self._event({"content": token}, None)

    def error_line(self, message: str) -> str:
        return f"data: {json.dumps({'error': {'message': message, 'type': 'server_error'}})}\n\n"

    def end_lines(self, tokens: int) -> str:
        return self._event({}, "stop") + "data: [DONE]\n\n"

    def _event(self, delta: dict[str, str], finish: str | None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        event = {
            "id": "c1",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": "m",
            "choices": [choice],
        }
        return f"data: {json.dumps(event)}\n\n"
