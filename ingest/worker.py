"""Reads each PDF in a child process that can be killed: ``python -m ingest.worker``.

Parent and child speak length-prefixed JSON over pipes. One file's death costs that file only.
Knows limits, processes and frames; what reading means is in reader.py.
"""

import contextlib
import gc
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Lock, Thread
from typing import IO

from ingest.children import (
    child_command,
    child_environment,
    kill_group,
    limit_memory,
    limit_processor_time,
    status_at_end,
    stop_group,
)
from ingest.pdf.ocr import NO_OCR, PAGE_TIMEOUT_S, OcrChoice
from ingest.reader import read_pdf
from ingest.wire import MOST_BYTES, document_from_json, document_to_json, read_frame, write_frame
from ragqa.document import Document
from ragqa.errors import RagqaError, ReaderCrashed, ReadMemory, ReadTimeout, TooMuchText, error_classes

_ERROR, _ANSWER, _PICTURE = b"E", b"A", b"P"
_MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one paper may take."""

    timeout_s: float
    memory_mb: int
    max_pages: int
    ocr: OcrChoice = NO_OCR


class SubprocessReader:
    """A PdfReader whose work happens in a child process under limits of time and memory."""

    def __init__(self, timeout_s: float, memory_mb: int, max_pages: int, ocr: OcrChoice = NO_OCR) -> None:
        self._limits = Limits(timeout_s, memory_mb, max_pages, ocr)
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def read(self, path: Path) -> Document:
        """Raise a ReadError that names the cause if the file cannot be read."""
        return document_from_json(self._ask(path))

    def close(self) -> None:
        """End the child, even in the middle of a paper; a later read starts a new one."""
        if child := self._child:
            child.kill()
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
        watch = _Watch(child, self._limits)
        watch.start()
        try:
            reply = _exchange(child, os.fsencode(path.absolute()), watch)
        except BaseException:  # Ctrl-C half way: the next answer in the pipe would belong to this question
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
            self._child = _start_child(self._limits)
        return self._child

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        kill_group(child)
        for pipe in (child.stdin, child.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _death(self, child: subprocess.Popen[bytes], path: Path, watch: "_Watch") -> RagqaError:
        """Say why the child died, as far as its exit status and its size tell."""
        status = status_at_end(child)
        self._end_child()
        if watch.expired or status == -_CPU_LIMIT_SIGNAL:
            return ReadTimeout(
                f"{path.name} was given up after {self._limits.timeout_s:g} s.",
                hint="Raise RAGQA_READ_TIMEOUT, or leave it out.",
            )
        # PDFium aborts when an allocation fails, with the same signals as for any other fault: its size tells.
        if watch.peak_mb > 0.6 * self._limits.memory_mb:
            return _memory_error(path, self._limits.memory_mb)
        return ReaderCrashed(
            f"The reading process died on {path.name} (status {status}).", hint="Download or export the file again."
        )


class _Watch(Thread):
    """Kills a child that takes too long, and notes the most memory that it held.

    The figure that the system reports at a child's end will not do: it begins with what the parent held.
    """

    def __init__(self, child: subprocess.Popen[bytes], limits: Limits) -> None:
        super().__init__(daemon=True, name="watch")
        self._child = child
        self._deadline = time.monotonic() + limits.timeout_s
        self._last_deadline = self._deadline + limits.ocr.timeout_s
        self._ended = Event()
        self.expired = False
        self.peak_mb = 0.0

    def run(self) -> None:
        """Look every few milliseconds until ``end`` or the timeout."""
        while not self._ended.wait(_LOOK_EVERY_S):
            self.peak_mb = max(self.peak_mb, _peak_mb(self._child.pid))
            if time.monotonic() > self._deadline:
                self.expired = True
                stop_group(self._child)
                return

    def begin_picture(self) -> None:
        """Leave time for one more picture, as far as the time for all pictures goes."""
        more = min(time.monotonic() + PAGE_TIMEOUT_S, self._last_deadline)
        self._deadline = max(self._deadline, more)

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


def _start_child(limits: Limits) -> subprocess.Popen[bytes]:
    command = child_command("ingest.worker", json.dumps(asdict(limits)))
    # Started afresh, not forked: a fork would copy the models and locks of a running server.
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=child_environment(),
        start_new_session=True,
    )


def _exchange(child: subprocess.Popen[bytes], request: bytes, watch: _Watch) -> bytes | None:
    """Send a path, return the answer; None if the child died or said too much."""
    if child.stdin is None or child.stdout is None:
        return None
    try:
        write_frame(child.stdin, request)
        while (reply := read_frame(child.stdout)) == _PICTURE:
            watch.begin_picture()
    except OSError:
        return None
    return reply


def _memory_error(path: Path, memory_mb: int) -> ReadMemory:
    return ReadMemory(
        f"{path.name} needs more than {memory_mb} MB to read.", hint="Raise RAGQA_READ_MEMORY_MB, or leave it out."
    )


def serve(stdin: IO[bytes], stdout: IO[bytes], limits: Limits) -> None:
    """The child: one path after the other until the parent closes the pipe."""
    limit_memory(limits.memory_mb)

    def begin_picture() -> None:
        limit_processor_time(limits.timeout_s)
        write_frame(stdout, _PICTURE)

    while (request := read_frame(stdin)) is not None:
        limit_processor_time(limits.timeout_s)
        write_frame(stdout, _reply(Path(os.fsdecode(request)), limits, begin_picture))


def _reply(path: Path, limits: Limits, begin_picture: Callable[[], None]) -> bytes:
    try:
        answer = document_to_json(read_pdf(path, limits.max_pages, limits.ocr, begin_picture))
    except RagqaError as error:
        return _error_frame(error)
    except MemoryError:
        return _error_frame(_memory_error(path, limits.memory_mb))
    if len(answer) >= MOST_BYTES:
        size = f"{len(answer) // _MEGABYTE} MB of words"
        return _error_frame(TooMuchText(f"{path.name} holds {size}.", hint="Split it, or leave it out."))
    return _ANSWER + answer


def _error_frame(error: RagqaError) -> bytes:
    return _ERROR + json.dumps([error.code, error.message, error.hint]).encode()


def main() -> None:
    """Entry of the child process."""
    # Ctrl-C reaches the whole process group; only the parent answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What was imported is never garbage, and a document is made of a million small things that all live.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    # Whatever a library prints must not end up between the frames.
    frames = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    given = json.loads(sys.argv[1])
    limits = Limits(**given | {"ocr": OcrChoice(**given["ocr"])})
    with contextlib.suppress(BrokenPipeError):
        serve(sys.stdin.buffer, frames, limits)


if __name__ == "__main__":
    main()
