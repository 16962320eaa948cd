"""Draws pages in a child process: ``python -m ingest.pdf.render``. What crashes PDFium costs one picture, no server."""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from ingest.children import child_command, child_environment, limit_memory
from ingest.pdf.pdfium import render_page
from ragqa.document import Rect
from ragqa.errors import RagqaError, ReaderCrashed, ReadTimeout, error_classes

TIMEOUT_S = 20.0
AT_ONCE = 2  # children; bounds memory however many pictures are asked for
REFUSED = 3  # exit status of a child that knows why


class SubprocessRenderer:
    """A ``PageRenderer``; a child per picture takes about 0.2 s to start, so pictures are cached by the browser."""

    def __init__(self, memory_mb: int) -> None:
        self._memory_mb = memory_mb
        self._free = threading.BoundedSemaphore(AT_ONCE)

    def render(self, path: Path, page: int, rects: Sequence[Rect], scale: float, strong: Sequence[Rect] = ()) -> bytes:
        """Raise a ReadError if the page cannot be drawn."""
        request = json.dumps([str(path), page, list(rects), scale, list(strong), self._memory_mb])
        try:
            with self._free:
                ended = subprocess.run(
                    child_command("ingest.pdf.render"),
                    input=request.encode(),
                    capture_output=True,
                    timeout=TIMEOUT_S,
                    check=False,
                    env=child_environment(),
                )
        except subprocess.TimeoutExpired as exc:
            raise ReadTimeout(f"Page {page} of {path.name} took over {TIMEOUT_S:.0f} s to draw.") from exc
        if ended.returncode == REFUSED:
            code, message, hint = json.loads(ended.stdout)
            raise error_classes()[code](message, hint=hint)
        if ended.returncode != 0:
            raise ReaderCrashed(f"Page {page} of {path.name} cannot be drawn (status {ended.returncode}).")
        return ended.stdout


def main() -> int:
    """The child: one request from standard input, one picture to standard output."""
    path, page, rects, scale, strong, memory_mb = json.load(sys.stdin)
    limit_memory(memory_mb)
    try:
        sys.stdout.buffer.write(render_page(Path(path), page, rects, scale, strong))
    except RagqaError as exc:
        sys.stdout.write(json.dumps([exc.code, exc.message, exc.hint]))
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
