"""A real ragqa server in a process of its own, for tests that speak to it over HTTP."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

READY_WITHIN_S = 60.0
STOP_WITHIN_S = 20.0
POLL_EVERY_S = 0.1

# No language model of the machine that runs the tests may answer, and nothing is fetched.
QUIET = {"RAGQA_LLM": "none", "HF_HUB_OFFLINE": "1"}


@contextmanager
def running_server(data: Path, **env: str) -> Iterator[str]:
    """Address of a ready server over ``data``; ``env`` sets ``RAGQA_*`` and other variables. Stops it cleanly."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = data.parent / f"server-{port}.log"
    command = [sys.executable, "-m", "ragqa", "serve", "--data", str(data), "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env={**os.environ, **QUIET, **env}, stdout=output, stderr=output)
    try:
        _wait_until_ready(process, url, log)
        yield url
        stop(process, log)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def stop(process: subprocess.Popen[bytes], log: Path) -> None:
    """Ask the server to end; fail unless it does so in time and with exit code 0."""
    process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_WITHIN_S)
    assert process.returncode == 0, f"The server ended with {process.returncode}:\n{_text(log)}"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"The server ended with {process.returncode}:\n{_text(log)}"
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/readyz", trust_env=False).is_success:
                return
        time.sleep(POLL_EVERY_S)
    raise AssertionError(f"The server was not ready within {READY_WITHIN_S:.0f} s:\n{_text(log)}")


def _text(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")
