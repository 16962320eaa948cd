"""Text recognition of pages that are pictures: tesseract through its command, or RapidOCR if it is installed.

Knows pictures and engines; does not know PDFs. Both engines are optional and work offline.
"""

import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, NamedTuple, Protocol

from ragqa.document import Rect

PAGE_TIMEOUT_S = 30.0
"""For one picture; a page that takes longer stays unread."""
INSTALL_HINT = 'Install text recognition (apt install tesseract-ocr, or pip install "ragqa[ocr]") and retry.'
_SUREST_LEFT_OUT = 25.0
"""Percent: tesseract's guesses below this are specks and lines."""
_MOST_SIDE = 1400
"""Pixels: RapidOCR's memory grows with the picture."""
_WORD = "5"
_LINE = "4"


class RecognisedWord(NamedTuple):
    """A word with its place in pixels: its own edges left and right, its line's above and below."""

    text: str
    rect: Rect


@dataclass(frozen=True, slots=True)
class OcrChoice:
    """What the user wants: ``engine`` is auto, off, tesseract or rapidocr; languages as tesseract names them."""

    engine: str = "auto"
    languages: str = "eng"
    timeout_s: float = 300.0
    """For all pictures of one paper."""


NO_OCR = OcrChoice(engine="off")


class OcrEngine(Protocol):
    """Finds words in a picture."""

    @property
    def name(self) -> str:
        """Shown to the user."""
        ...

    @property
    def dpi(self) -> int:
        """Dots per inch that it wants."""
        ...

    def problem(self) -> str:
        """What keeps it from reading, and the next step; empty if nothing does."""
        ...

    def words(self, picture: Any) -> list[RecognisedWord]:
        """Of an RGB picture, in reading order; empty if it took too long or failed."""
        ...


def find_engine(choice: OcrChoice) -> OcrEngine | None:
    """The engine that is wanted and there; tesseract before RapidOCR, which takes several times as long."""
    command = shutil.which("tesseract") if choice.engine in ("auto", "tesseract") else None
    if command:
        return Tesseract(command, choice.languages)
    if choice.engine in ("auto", "rapidocr") and find_spec("rapidocr") and find_spec("onnxruntime"):
        return RapidOcr()
    return None


def state_of_recognition(choice: OcrChoice) -> tuple[str, str]:
    """The engine's name, empty if there is none; and what is the matter with it, with the next step."""
    if choice.engine == "off":
        return "", ""
    engine = find_engine(choice)
    if engine is None:
        wanted = "" if choice.engine == "auto" else f" ({choice.engine})"
        return "", f"Pages that are pictures are not read{wanted}. {INSTALL_HINT}"
    return engine.name, engine.problem()


class Tesseract:
    """The command; each picture is a process of its own that ends with this one's group."""

    name = "tesseract"
    dpi = 300

    def __init__(self, command: str, languages: str) -> None:
        self._program = command
        self._languages = languages
        self._command = [command, "stdin", "stdout", "-l", languages, "--dpi", str(self.dpi), "--psm", "3", "tsv"]

    def problem(self) -> str:
        """Languages that are wanted and not installed; English comes with the program."""
        if self._languages == "eng":
            return ""
        try:
            listed = subprocess.run([self._program, "--list-langs"], capture_output=True, timeout=10, check=False)
        except (OSError, subprocess.TimeoutExpired) as exc:
            return f"tesseract does not run: {exc}."
        missing = set(self._languages.split("+")) - set(listed.stdout.decode("utf-8", "replace").split())
        named = ", ".join(sorted(missing))
        return f"tesseract has no {named}. Install tesseract-ocr-{min(missing)}." if missing else ""

    def words(self, picture: Any) -> list[RecognisedWord]:
        """A picture that tesseract cannot read has no words."""
        drawn = io.BytesIO()
        picture.convert("L").save(drawn, format="PPM")
        try:
            ended = subprocess.run(
                self._command,
                input=drawn.getvalue(),
                capture_output=True,
                timeout=PAGE_TIMEOUT_S,
                check=False,
                # Two threads of tesseract are hardly faster than one, and the other core answers questions.
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            )
        except (OSError, subprocess.TimeoutExpired):
            return []
        return list(_words_of_table(ended.stdout.decode("utf-8", "replace")))


def _words_of_table(table: str) -> Iterator[RecognisedWord]:
    """Words of tesseract's TSV."""
    top, foot = 0.0, 0.0
    for row in table.splitlines()[1:]:
        fields = row.split("\t")
        if len(fields) < 12 or fields[0] not in (_LINE, _WORD):
            continue
        x, y, width, height = map(float, fields[6:10])
        if fields[0] == _LINE:
            top, foot = y, y + height
        elif fields[11].strip() and float(fields[10]) >= _SUREST_LEFT_OUT:
            yield RecognisedWord(fields[11].strip(), (x, top, x + width, foot))


class RapidOcr:
    """RapidOCR on ONNX Runtime, its models inside its wheel; at more dots it needs more memory than a child has."""

    name = "RapidOCR"
    dpi = 150

    def __init__(self) -> None:
        self._engine: Any = None

    def problem(self) -> str:
        """None that could be told before the models are loaded."""
        return ""

    def words(self, picture: Any) -> list[RecognisedWord]:
        """Loads the models at the first picture."""
        import numpy as np
        from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError

        if self._engine is None:
            self._engine = _open_rapidocr()
        try:
            result = self._engine(np.asarray(picture), return_word_box=True)
        except ONNXRuntimeError as exc:
            # All that can fail after the models are loaded is the memory for a picture.
            raise MemoryError from exc
        return [
            RecognisedWord(text, _box_of(corners))
            for line in result.word_results or ()
            for text, _, corners in line
            if text.strip()
        ]


def _open_rapidocr() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "Global.max_side_len": _MOST_SIDE,
            "Rec.rec_batch_num": 1,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _box_of(corners: Any) -> Rect:
    xs, ys = zip(*corners, strict=True)
    return float(min(xs)), float(min(ys)), float(max(xs)), float(max(ys))
