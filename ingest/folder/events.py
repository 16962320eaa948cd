"""Says at once when something changes below a folder, where the system tells. Owns watchfiles.

Drives on a network tell nothing, and links lead to places that are not watched: whoever listens must look by himself
too.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

log = logging.getLogger(__name__)


class FolderEvents:
    """Context manager: calls ``on_event`` from a thread of its own."""

    def __init__(self, folder: Path, on_event: Callable[[], None]) -> None:
        self._folder = folder
        self._on_event = on_event
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="events", daemon=True)

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _listen(self) -> None:
        import watchfiles

        events = watchfiles.watch(
            self._folder,
            watch_filter=None,
            debounce=400,
            rust_timeout=500,
            yield_on_timeout=True,
            stop_event=self._stop,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        try:
            for changes in events:
                if changes:
                    self._on_event()
        except (OSError, RuntimeError) as exc:
            log.info("%s is looked at regularly; the system does not tell of changes: %s", self._folder, exc)
