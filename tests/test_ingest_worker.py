"""The reading process: the reader contract, and what happens when a child hangs, grows or dies."""

import os
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from ingest import worker
from ingest.reader import read_pdf
from ingest.wire import document_from_json, document_to_json
from ingest.worker import SubprocessReader
from ragqa.document import Document
from ragqa.errors import ReaderCrashed, ReadMemory, ReadTimeout
from tests import papers
from tests.reader_contract import PdfReaderContract


class InProcessReader:
    """Reads where it stands, without limits; what the child does, minus the child."""

    def read(self, path: Path) -> Document:
        return read_pdf(path, max_pages=20)

    def close(self) -> None:
        """Nothing to release."""


class TestInProcess(PdfReaderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def reader(cls):
        return InProcessReader()


class TestSubprocess(PdfReaderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def reader(cls):
        reader = SubprocessReader(timeout_s=30, memory_mb=1000, max_pages=20)
        yield reader
        reader.close()


@pytest.fixture
def reader():
    reader = SubprocessReader(timeout_s=30, memory_mb=400, max_pages=20)
    yield reader
    reader.close()


def test_child_and_parent_read_alike(reader, tmp_path):
    path = papers.write_two_columns(tmp_path / "a.pdf")
    assert reader.read(path) == read_pdf(path, 20)


def test_wire_keeps_the_document(tmp_path):
    document = read_pdf(papers.write_one_column(tmp_path / "a.pdf"), 20)
    assert document_from_json(document_to_json(document)) == document


def test_a_hanging_child_is_killed_and_replaced(tmp_path, monkeypatch):
    """Stands in for a PDF that never ends: a child that never answers."""
    path = papers.write_one_column(tmp_path / "a.pdf")
    reader = SubprocessReader(timeout_s=0.5, memory_mb=400, max_pages=20)
    monkeypatch.setattr(worker, "_start_child", lambda *_: _python("import time; time.sleep(60)"))
    with pytest.raises(ReadTimeout, match=r"0\.5 s"):
        reader.read(path)
    monkeypatch.undo()
    reader._limits = replace(reader._limits, timeout_s=30)
    assert reader.read(path).pages
    reader.close()


def test_a_dying_child_is_reported_and_replaced(reader, tmp_path, monkeypatch):
    path = papers.write_one_column(tmp_path / "a.pdf")
    monkeypatch.setattr(worker, "_start_child", lambda *_: _python("import os; os.abort()"))
    with pytest.raises(ReaderCrashed, match="status -6"):
        reader.read(path)
    monkeypatch.undo()
    assert reader.read(path).pages


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's address space")
def test_a_bomb_is_stopped_by_the_memory_limit(reader, tmp_path):
    with pytest.raises(ReadMemory, match="400 MB"):
        reader.read(_write_bomb(tmp_path / "bomb.pdf", megabytes=450))
    assert reader.read(papers.write_one_column(tmp_path / "good.pdf")).pages


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_does_not_reach_the_child(reader, tmp_path):
    path = papers.write_one_column(tmp_path / "a.pdf")
    reader.read(path)
    os.kill(reader._child.pid, 2)
    first = reader._child
    assert reader.read(path).pages
    assert reader._child is first


def test_close_ends_the_child_and_a_later_read_starts_another(reader, tmp_path):
    path = papers.write_one_column(tmp_path / "a.pdf")
    reader.read(path)
    child = reader._child
    reader.close()
    assert child.poll() is not None
    assert reader.read(path).pages


def _python(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _write_bomb(path: Path, megabytes: int) -> Path:
    """A small file whose page unpacks to ``megabytes`` of spaces and one word."""
    packer = zlib.compressobj(9)
    block = b" " * (1 << 20)
    stream = b"".join(packer.compress(block) for _ in range(megabytes)) + packer.compress(b"BT ET") + packer.flush()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 500]/Contents 4 0 R>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(stream), stream),
    ]
    body = b"".join(b"%d 0 obj%s endobj\n" % (number, content) for number, content in enumerate(objects, start=1))
    path.write_bytes(b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R/Size 5>>\n%%EOF")
    return path
