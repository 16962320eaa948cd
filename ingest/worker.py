"""Reads each PDF in a child process that can be killed: ``python -m ingest.worker``.

Parent and child speak length-prefixed JSON over pipes. One file's death costs that file only.
Knows limits, processes and frames; what reading means is in reader.py.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Lock, Thread
from typing import IO

from ingest.reader import read_pdf
from ingest.wire import document_from_json, document_to_json, read_frame, write_frame
from ragqa.document import Document
from ragqa.errors import RagqaError, ReaderCrashed, ReadMemory, ReadTimeout, error_classes

_ERROR, _ANSWER = b"E", b"A"
_MEGABYTE = 1 << 20


class SubprocessReader:
    """A PdfReader whose work happens in a child process under limits of time and memory."""

    def __init__(self, timeout_s: float, memory_mb: int, max_pages: int) -> None:
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._max_pages = max_pages
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def read(self, path: Path) -> Document:
        """Raise a ReadError that names the cause if the file cannot be read."""
        return document_from_json(self._ask(path))

    def close(self) -> None:
        """End the child; a later read starts a new one."""
        with self._lock:
            self._end_child()

    def _ask(self, path: Path) -> bytes:
        """The answer's payload; raises what the child reports, or what its death means."""
        with self._lock:
            reply = self._exchange_in_time(path)
        if reply[:1] == _ANSWER:
            return reply[1:]
        code, message, hint = json.loads(reply[1:])
        raise error_classes().get(code, ReaderCrashed)(message, hint=hint)

    def _exchange_in_time(self, path: Path) -> bytes:
        child = self._running_child()
        watch = _Watch(child, self._timeout_s)
        watch.start()
        try:
            reply = _exchange(child, os.fsencode(path.absolute()))
        except BaseException:
            # Ctrl-C half way: the next answer in the pipe would belong to this question.
            self._end_child()
            raise
        finally:
            watch.end()
        if reply is None:
            raise self._death(child, path, watch)
        return reply

    def _running_child(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._end_child()
            self._child = _start_child(self._timeout_s, self._memory_mb, self._max_pages)
        return self._child

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _death(self, child: subprocess.Popen[bytes], path: Path, watch: "_Watch") -> RagqaError:
        """Say why the child died, as far as its exit status and its size tell."""
        status = child.wait()
        self._end_child()
        if watch.expired or status == -_CPU_LIMIT_SIGNAL:
            return ReadTimeout(
                f"{path.name} was given up after {self._timeout_s:g} s.",
                hint="Raise RAGQA_READ_TIMEOUT, or leave it out.",
            )
        # PDFium aborts when an allocation fails, with the same signals as for any other fault: its size tells.
        if watch.peak_mb > 0.6 * self._memory_mb:
            return _memory_error(path, self._memory_mb)
        return ReaderCrashed(
            f"The reading process died on {path.name} (status {status}).", hint="Download or export the file again."
        )


class _Watch(Thread):
    """Kills a child that takes too long, and notes the most memory that it held.

    The figure that the system reports at a child's end will not do: it begins with what the parent held.
    """

    def __init__(self, child: subprocess.Popen[bytes], timeout_s: float) -> None:
        super().__init__(daemon=True, name="watch")
        self._child = child
        self._timeout_s = timeout_s
        self._ended = Event()
        self.expired = False
        self.peak_mb = 0.0

    def run(self) -> None:
        """Look every few milliseconds until ``end`` or the timeout."""
        deadline = time.monotonic() + self._timeout_s
        while not self._ended.wait(_LOOK_EVERY_S):
            self.peak_mb = max(self.peak_mb, _peak_mb(self._child.pid))
            if time.monotonic() > deadline:
                self.expired = True
                self._child.kill()
                return

    def end(self) -> None:
        """Stop looking."""
        self._ended.set()
        self.join()


def _peak_mb(pid: int) -> float:
    """The most memory that a living process has held, where the system tells (Linux); else 0."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    found = _PEAK.search(status)
    return int(found[1]) / 1024 if found else 0.0


_LOOK_EVERY_S = 0.02
_PEAK = re.compile(r"VmHWM:\s*(\d+) kB")

_CPU_LIMIT_SIGNAL = 24
"""SIGXCPU; the name does not exist on every system."""


def _start_child(timeout_s: float, memory_mb: int, max_pages: int) -> subprocess.Popen[bytes]:
    command = child_command("ingest.worker", str(timeout_s), str(memory_mb), str(max_pages))
    # Started afresh, not forked: a fork would copy the models and locks of a running server.
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=child_environment()
    )


def child_command(module: str, *arguments: str) -> list[str]:
    """Runs one of our modules. -P: the current folder may hold anything, and no module comes from there."""
    return [sys.executable, "-P", "-m", module, *arguments]


def child_environment() -> dict[str, str]:
    """This process's environment, with the place that our modules come from."""
    environment = dict(os.environ)
    package_home = str(Path(__file__).resolve().parents[1])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (package_home, environment.get("PYTHONPATH", ""))))
    return environment


def _exchange(child: subprocess.Popen[bytes], request: bytes) -> bytes | None:
    """Send a path, return the answer; None if the child died."""
    if child.stdin is None or child.stdout is None:
        return None
    try:
        write_frame(child.stdin, request)
        return read_frame(child.stdout)
    except OSError:
        return None


def _memory_error(path: Path, memory_mb: int) -> ReadMemory:
    return ReadMemory(
        f"{path.name} needs more than {memory_mb} MB to read.", hint="Raise RAGQA_READ_MEMORY_MB, or leave it out."
    )


def serve(stdin: IO[bytes], stdout: IO[bytes], timeout_s: float, memory_mb: int, max_pages: int) -> None:
    """The child: one path after the other until the parent closes the pipe."""
    limit_memory(memory_mb)
    while (request := read_frame(stdin)) is not None:
        limit_processor_time(timeout_s)
        path = Path(os.fsdecode(request))
        try:
            reply = _ANSWER + document_to_json(read_pdf(path, max_pages))
        except RagqaError as error:
            reply = _error_frame(error)
        except MemoryError:
            reply = _error_frame(_memory_error(path, memory_mb))
        write_frame(stdout, reply)


def _error_frame(error: RagqaError) -> bytes:
    return _ERROR + json.dumps([error.code, error.message, error.hint]).encode()


def limit_memory(memory_mb: int) -> None:
    """Allow ``memory_mb`` more address space than now, and no core files, where the system has such limits."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit = _address_space() + memory_mb * _MEGABYTE
    # macOS knows the limit but refuses to set it.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def limit_processor_time(timeout_s: float) -> None:
    """A child whose parent is gone must not spin for ever."""
    if sys.platform == "win32":
        return
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(usage.ru_utime + usage.ru_stime + timeout_s) + 5
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or allowed < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (allowed, hard))


def _address_space() -> int:
    """Bytes mapped by this process, 0 where the system does not tell."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0


def main() -> None:
    """Entry of the child process."""
    # Ctrl-C reaches the whole process group; only the parent answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whatever a library prints must not end up between the frames.
    frames = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    timeout_s, memory_mb, max_pages = sys.argv[1:4]
    with contextlib.suppress(BrokenPipeError):
        serve(sys.stdin.buffer, frames, float(timeout_s), int(memory_mb), int(max_pages))


if __name__ == "__main__":
    main()
