"""Finds PDFs, tells them apart by content, and brings them into the ingest folder. Reads no PDF."""

import contextlib
import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from ragqa.errors import BadRequest, DiskFull, EmptyFile, FileTooLarge, NotPdf, PathNotFound, UploadTooLarge

BLOCK = 1 << 20
LONGEST_NAME = 120  # characters; leaves room for a number within every file system's limit
PART_SUFFIX = ".part"
UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$", re.I)
PDF_HEADER = b"%PDF-"
HEADER_WITHIN = 1024


def find_pdfs(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and the PDFs in the folders named, sub-folders included; hidden ones and links left out.

    Raise PathNotFound before anything is read if one of the paths does not exist.
    """
    named = list(paths)
    for path in named:
        if not path.exists():
            raise PathNotFound(f"{path} does not exist.", hint="Check the spelling, or give the folder's full path.")
    for path in named:
        yield from sorted(_pdfs_below(path)) if path.is_dir() else [path]


def _pdfs_below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(parent, name)
            if name.lower().endswith(".pdf") and not name.startswith(".") and path.is_file() and not path.is_symlink():
                yield path


def check_pdf(path: Path, max_bytes: int) -> None:
    """Cheap checks that need no reader. Raise EmptyFile, FileTooLarge or NotPdf."""
    size = path.stat().st_size
    if size == 0:
        raise EmptyFile(f"{path.name} is empty.", hint="Copy the file again.")
    if size > max_bytes:
        raise FileTooLarge(
            f"{path.name} has {size >> 20} MB, more than {max_bytes >> 20}.", hint="Raise RAGQA_MAX_FILE_MB to read it."
        )
    with path.open("rb") as file:
        # Readers accept junk before the header; the specification's notes allow for 1,024 bytes of it.
        if PDF_HEADER not in file.read(HEADER_WITHIN + len(PDF_HEADER)):
            raise NotPdf(f"{path.name} is not a PDF.", hint="Save or print it as PDF and ingest that.")


class FolderScan:
    """Notices files that are new in a folder, or changed, once they have stopped growing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[Path, tuple[int, int]] = {}
        self._reported: dict[Path, tuple[int, int]] = {}

    def new_files(self) -> list[Path]:
        """Files whose size and time were the same at the last call too, and that were not reported before."""
        self._folder.mkdir(parents=True, exist_ok=True)
        now = dict(_stamps(find_pdfs([self._folder])))
        stable = [path for path, stamp in now.items() if self._seen.get(path) == stamp]
        new = [path for path in stable if self._reported.get(path) != now[path]]
        self._seen = now
        self._reported = {path: now[path] for path in stable}
        return new

    def collection_of(self, file: Path) -> str:
        """The sub-folder that the file lies in; empty for the ingest folder itself."""
        return file.relative_to(self._folder).parts[0] if file.parent != self._folder else ""


def _stamps(files: Iterable[Path]) -> Iterator[tuple[Path, tuple[int, int]]]:
    for file in files:
        with contextlib.suppress(FileNotFoundError):  # deleted between listing and looking
            stat = file.stat()
            yield file, (stat.st_size, stat.st_mtime_ns)


def content_hash(path: Path) -> str:
    """SHA-256 of the file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def bring_in(source: Path, ingest_folder: Path, collection: str) -> Path:
    """The file's place in the ingest folder: where it is, if it is inside already, else a copy."""
    if source.resolve().is_relative_to(ingest_folder.resolve()):
        return source.resolve()
    with source.open("rb") as file:
        return save_stream(file, source.name, ingest_folder, collection)


def save_stream(
    stream: BinaryIO, name: str, ingest_folder: Path, collection: str, max_bytes: int | None = None
) -> Path:
    """Write a stream under a safe, free name; all or nothing. Raise UploadTooLarge past max_bytes."""
    folder = collection_folder(ingest_folder, collection)
    folder.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=".", suffix=PART_SUFFIX, dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            _copy(stream, file, max_bytes)
        return _settle(Path(part), folder, safe_name(name))
    except OSError as exc:
        if exc.errno == errno.ENOSPC:
            raise DiskFull("The disk is full.", hint="Free some space and try again; nothing was lost.") from exc
        raise
    finally:
        Path(part).unlink(missing_ok=True)


def _copy(stream: BinaryIO, file: BinaryIO, max_bytes: int | None) -> None:
    written = 0
    while block := stream.read(BLOCK):
        written += len(block)
        if max_bytes is not None and written > max_bytes:
            raise UploadTooLarge(
                f"The file is larger than {max_bytes >> 20} MB.", hint="Raise RAGQA_MAX_FILE_MB to take larger files."
            )
        file.write(block)


def _settle(part: Path, folder: Path, name: str) -> Path:
    """Give the file its final name; the same bytes under that name are kept, other bytes get a number."""
    stem, suffix = Path(name).stem, Path(name).suffix
    digest = content_hash(part)
    for number in range(1, 10_000):
        target = folder / (name if number == 1 else f"{stem} ({number}){suffix}")
        if target.is_file() and content_hash(target) == digest:
            return target.resolve()
        if not target.exists():
            shutil.move(part, target)
            # Temporary files are private; papers get the folder's usual rights.
            target.chmod(0o644)
            return target.resolve()
    raise BadRequest(f"There are too many files named {name}.", hint="Rename the file.")


def safe_name(name: str) -> str:
    """A file name that is safe on every system, made from what the sender called the file."""
    plain = UNSAFE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1].encode("utf-8", "ignore").decode())
    stem = plain.removesuffix(".pdf").removesuffix(".PDF").strip(" .")[:LONGEST_NAME]
    while len(stem.encode()) > 2 * LONGEST_NAME:
        stem = stem[:-1]
    if not stem or RESERVED.match(stem):
        stem = f"paper_{stem}".rstrip("_")
    return f"{stem}.pdf"


def collection_folder(ingest_folder: Path, collection: str) -> Path:
    """The sub-folder of a collection; the ingest folder itself for none."""
    if collection and (UNSAFE.search(collection) or collection.startswith(".") or len(collection) > LONGEST_NAME):
        raise BadRequest(
            f"{collection!r} cannot be the name of a collection.", hint="Use letters, digits, spaces and dashes."
        )
    return ingest_folder / collection
