"""What the adapters for model servers share: quick look-ups, and requests that end with their stream.

Knows HTTP and addresses; knows neither Ollama nor OpenAI.
"""

from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ragqa.adapters.chat_langchain import ChatOptions, running_request
from ragqa.errors import ModelUnavailable
from ragqa.hang_up import hang_up_on_cancel

if TYPE_CHECKING:
    import httpx

CONNECT_TIMEOUT = 2.0
LOOKUP_TIMEOUT = 0.8


def is_loopback(url: str) -> bool:
    """True for an address on this machine, which no proxy could reach."""
    host = urlsplit(url if "://" in url else f"http://{url}").hostname or ""
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False


def client_arguments(url: str, options: ChatOptions) -> dict[str, Any]:
    """Arguments for the httpx client that streams answers from ``url``."""
    import httpx

    # Pieces keeps time per token; this limit only frees a thread whose socket could not be shut.
    read = max(options.first_token_timeout, options.token_timeout) + 5
    return {
        "timeout": httpx.Timeout(read, connect=CONNECT_TIMEOUT),
        "trust_env": not is_loopback(url),
        "event_hooks": {"request": [_end_on_cancel]},
        # A connection per answer: the hook sees each one open, and a stale one is never used again.
        "limits": httpx.Limits(max_keepalive_connections=0),
    }


def _end_on_cancel(outgoing: "httpx.Request") -> None:
    """Request hook: hang up when the running request is cancelled."""
    outgoing.extensions["trace"] = hang_up_on_cancel(running_request())


def lookup(url: str, *, key: str = "", body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The JSON object at ``url``, by POST if there is a body. Raise ModelUnavailable, within a second."""
    import httpx

    headers = {"Authorization": f"Bearer {key}"} if key else {}
    timeout = httpx.Timeout(LOOKUP_TIMEOUT, connect=0.5)
    try:
        with httpx.Client(timeout=timeout, trust_env=not is_loopback(url), headers=headers) as client:
            reply = client.get(url) if body is None else client.post(url, json=body)
            reply.raise_for_status()
            found = reply.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as exc:
        raise ModelUnavailable(f"No model server answers at {url} ({type(exc).__name__}: {exc}).") from exc
    if not isinstance(found, dict):
        raise ModelUnavailable(f"What answers at {url} is no model server.")
    return found


def lookup_entries(url: str, field: str, *, key: str = "") -> list[dict[str, Any]]:
    """The objects listed under ``field`` of the JSON at ``url``; none if something else answers there."""
    listed = lookup(url, key=key).get(field)
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
