"""Peak memory of a process and its children, sampled from outside. Knows nothing of what they do."""

import threading
from types import TracebackType
from typing import Self

import psutil

INTERVAL = 0.2  # seconds; short enough to see one batch of embeddings
MB = 1_000_000


class PeakMemory:
    """Context manager: ``megabytes`` is the largest sum of resident memory seen over the process tree.

    Memory that processes share is counted in each: several processes are judged harshly rather than kindly.
    """

    def __init__(self, pid: int) -> None:
        self.megabytes = 0.0
        self._process = psutil.Process(pid)
        self._ended = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """For a span that no ``with`` block fits."""
        self._sampler.start()

    def stop(self) -> None:
        """The last sample is taken before this returns."""
        self._ended.set()
        self._sampler.join()

    def _sample(self) -> None:
        while not self._ended.is_set():
            self.megabytes = max(self.megabytes, _resident(self._process) / MB)
            self._ended.wait(INTERVAL)


def _resident(process: psutil.Process) -> int:
    """Bytes of the process and its descendants; those that end meanwhile count as nothing."""
    total = 0
    try:
        for member in [process, *process.children(recursive=True)]:
            try:
                total += member.memory_info().rss
            except psutil.NoSuchProcess:
                continue
    except psutil.NoSuchProcess:
        return total
    return total
