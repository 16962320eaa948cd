"""Files that attack: they end within the limits, with a reason, and nothing that they ask for is done."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from ingest import worker
from ingest.children import child_command, child_environment
from ingest.reader import read_pdf
from ingest.wire import MOST_BYTES, read_frame, write_frame
from ingest.worker import Limits, SubprocessReader
from ragqa.errors import ReaderCrashed, ReadError, ReadTimeout, TooManyPages, TooMuchText
from tests import bombs, papers
from tests.raw_pdfs import line, stream, write_page

LIMITS = Limits(timeout_s=8, memory_mb=300, max_pages=300)
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's address space")


@pytest.fixture
def reader() -> Iterator[SubprocessReader]:
    opened = SubprocessReader(LIMITS.timeout_s, LIMITS.memory_mb, LIMITS.max_pages)
    yield opened
    opened.close()


@linux_only
@pytest.mark.parametrize("write", bombs.ALL)
def test_a_bomb_is_read_or_refused_within_the_limits(reader: SubprocessReader, tmp_path: Path, write) -> None:
    path = write(tmp_path / "bomb.pdf")
    started = time.monotonic()
    try:
        reader.read(path)
    except ReadError as error:
        reason = error.code
    else:
        reason = ""
    assert reason != ReaderCrashed.code
    assert time.monotonic() - started < LIMITS.timeout_s + 10
    assert reader.read(papers.write_one_column(tmp_path / "good.pdf")).pages


def test_a_report_of_five_thousand_pages_is_refused_at_once(reader: SubprocessReader, tmp_path: Path) -> None:
    path = papers.write_many_pages(tmp_path / "long.pdf", 5000)
    with pytest.raises(TooManyPages, match="5000 pages"):
        reader.read(path)


def test_more_words_than_any_paper_has_are_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("ingest.pdf.source.MOST_WORDS", 15_000)
    with pytest.raises(TooMuchText, match="15000 words"):
        read_pdf(bombs.many_words(tmp_path / "long.pdf"), 300)


def test_an_answer_that_is_too_long_is_not_taken_in(reader: SubprocessReader, tmp_path: Path, monkeypatch) -> None:
    announced = f"{MOST_BYTES + 1}.to_bytes(8, 'big')"
    code = f"import sys, time; sys.stdout.buffer.write({announced}); sys.stdout.flush(); time.sleep(60)"
    monkeypatch.setattr(worker, "_start_child", lambda *_: _python(code))
    with pytest.raises(ReaderCrashed):
        reader.read(papers.write_one_column(tmp_path / "a.pdf"))


@pytest.mark.skipif(sys.platform == "win32", reason="needs process groups")
def test_what_a_child_has_started_ends_with_it(reader: SubprocessReader, tmp_path: Path, monkeypatch) -> None:
    note = tmp_path / "pid"
    code = (
        "import subprocess, time, pathlib; started = subprocess.Popen(['sleep', '60']);"
        f"pathlib.Path({str(note)!r}).write_text(str(started.pid)); time.sleep(60)"
    )
    monkeypatch.setattr(worker, "_start_child", lambda *_: _python(code))
    reader._limits = Limits(timeout_s=2, memory_mb=300, max_pages=20)
    with pytest.raises(ReadTimeout):
        reader.read(papers.write_one_column(tmp_path / "a.pdf"))
    assert _is_gone(int(note.read_text()))


def test_a_child_does_not_get_keys_and_tokens(monkeypatch) -> None:
    monkeypatch.setenv("RAGQA_OPENAI_KEY", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert "secret" not in child_environment().values()
    assert child_environment()["PATH"] == os.environ["PATH"]


def write_active(path: Path, url: str, canary: Path, marker: Path) -> Path:
    """Asks for everything that a viewer might do: scripts, programs, forms, other files, addresses."""
    file = f"({canary})"
    actions = [
        f'/S/JavaScript/JS(app.launchURL("{url}/js", true); this.submitForm("{url}/form");)',
        f"/S/Launch/F(/bin/sh)/Win<</F(cmd)/P(/c echo)>>/Unix<</F(touch {marker})>>",
        f"/S/GoToR/F{file}/D[0/Fit]",
        f"/S/GoToE/F{file}/D[0/Fit]",
        f"/S/URI/URI({url}/uri)",
        f"/S/SubmitForm/F<</FS/URL/F({url}/submit)>>",
        f"/S/ImportData/F{file}",
        f"/S/Rendition/R<</S/MR/C<</S/MCD/D<</F{file}>>/CT(video/mp4)>>>>",
    ]
    chain = ""
    for action in reversed(actions):
        chain = f"<<{action}{f'/Next {chain}' if chain else ''}>>"
    external = f"/F{file}/FFilter/FlateDecode".encode()
    shown = b"/Type/XObject/Subtype/Form/BBox[0 0 500 500]/Ref<</F" + file.encode() + b"/Page 0>>"
    embedded = f"/Names<</EmbeddedFiles<</Names[(a)<</Type/Filespec/F{file}/EF<</F 8 0 R>>>>]>>"
    scripts = f"/JavaScript<</Names[(run){chain}]>>>>"
    form = f"/AcroForm<</Fields[]/XFA 8 0 R/NeedAppearances true>>/OpenAction {chain}/AA<</WC{chain}/O{chain}>>"
    return write_page(
        path,
        line("Marmots whistle when an eagle comes near.") + b"/X1 Do /X2 Do",
        resources=b"/XObject<</X1 6 0 R/X2 7 0 R>>",
        page=f"/AA<</O{chain}/C{chain}>>/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 500 500]/A{chain}>>]".encode(),
        catalogue=(embedded + scripts + form).encode(),
        more=[
            stream(
                b"", b"/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray" + external
            ),
            stream(line("a form", y=300), shown),
            stream(b"<!DOCTYPE x SYSTEM '" + f"{url}/dtd".encode() + b"'><x/>"),
        ],
    )


def test_nothing_that_a_file_asks_for_is_done(reader: SubprocessReader, tmp_path: Path) -> None:
    canary, marker = tmp_path / "canary.pdf", tmp_path / "marker"
    canary.write_bytes(b"secret")
    os.utime(canary, (1, 1))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        path = write_active(tmp_path / "a.pdf", f"http://127.0.0.1:{listener.getsockname()[1]}", canary, marker)
        assert "eagle comes near" in reader.read(path).pages[0].text
        listener.settimeout(0.3)
        with pytest.raises(TimeoutError):
            listener.accept()
    assert not marker.exists()
    assert canary.stat().st_atime == 1


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_the_child_opens_no_other_file_starts_nothing_and_calls_nobody(tmp_path: Path) -> None:
    canary = tmp_path / "canary.pdf"
    path = write_active(tmp_path / "a.pdf", "http://127.0.0.1:9", canary, tmp_path / "marker")
    log = tmp_path / "calls"
    traced = ["strace", "-f", "-qq", "-o", str(log), "-e", "trace=execve,fork,vfork,socket,connect,open,openat"]
    command = [*traced, *child_command("ingest.worker", json.dumps(asdict(LIMITS)))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=child_environment(), start_new_session=True
    ) as child:
        assert child.stdin
        assert child.stdout
        write_frame(child.stdin, os.fsencode(path))
        reply = read_frame(child.stdout)
        child.stdin.close()
        child.wait(30)
    calls = log.read_text()
    if "ptrace" in calls or reply is None:
        pytest.skip("processes cannot be traced here")
    assert reply[:1] == b"A"
    assert f'"{path}"' in calls
    assert str(canary) not in calls
    assert calls.count("execve(") == 1
    assert "connect(" not in calls
    assert "AF_INET" not in calls


def _python(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )


def _is_gone(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False
