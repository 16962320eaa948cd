"""Finds PDFs, tells them apart by content, and brings them into the ingest folder. Reads no PDF."""

import contextlib
import errno
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from ragqa.errors import BadRequest, DiskFull, EmptyFile, FileTooLarge, NotPdf, PathNotFound, UploadTooLarge

BLOCK = 1 << 20
LONGEST_NAME = 120  # characters; leaves room for a number within every file system's limit
PART_SUFFIX = ".part"
PART_KEPT_S = 3600.0  # longer than any upload takes
UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$", re.I)
PDF_HEADER = b"%PDF-"
HEADER_WITHIN = 1024


def find_pdfs(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and the PDFs in the folders named, sub-folders included; hidden ones and links left out.

    Before anything is read, raise PathNotFound if one of the paths does not exist, BadRequest if it is a device.
    """
    named = list(paths)
    for path in named:
        if not path.exists():
            raise PathNotFound(f"{path} does not exist.", hint="Check the spelling, or give the folder's full path.")
        if not path.is_dir() and not path.is_file():
            raise BadRequest(f"{path} is neither a file nor a folder.", hint="Name a PDF, or a folder of PDFs.")
    for path in named:
        yield from sorted(_pdfs_below(path)) if path.is_dir() else [path]


def _pdfs_below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(parent, name)
            if name.lower().endswith(".pdf") and not name.startswith(".") and path.is_file() and not path.is_symlink():
                yield path


def check_pdf(path: Path, max_bytes: int, name: str = "") -> None:
    """Cheap checks that need no reader; errors speak of ``name``. Raise EmptyFile, FileTooLarge or NotPdf."""
    name = name or path.name
    size = path.stat().st_size
    if size == 0:
        raise EmptyFile(f"{name} is empty.", hint="Copy the file again.")
    if size > max_bytes:
        raise FileTooLarge(
            f"{name} has {size >> 20} MB, more than {max_bytes >> 20}.", hint="Raise RAGQA_MAX_FILE_MB to read it."
        )
    with path.open("rb") as file:
        # Readers accept junk before the header; the specification's notes allow for 1,024 bytes of it.
        if PDF_HEADER not in file.read(HEADER_WITHIN + len(PDF_HEADER)):
            raise NotPdf(f"{name} is not a PDF.", hint="Save or print it as PDF and ingest that.")


class FolderScan:
    """Notices files that are new in a folder, changed or gone, once they have stopped growing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[Path, tuple[int, int]] = {}
        self._reported: dict[Path, tuple[int, int]] = {}
        self._disk: tuple[int, int] | None = None
        self._same_disk = False

    def new_files(self) -> list[Path]:
        """Files whose size and time were the same at the last call too, and that were not reported before."""
        self._folder.mkdir(parents=True, exist_ok=True)
        now = dict(_stamps(find_pdfs([self._folder])))
        self._same_disk = self._is_same_disk(bool(now))
        stable = [path for path, stamp in now.items() if self._seen.get(path) == stamp]
        new = [path for path in stable if self._reported.get(path) != now[path]]
        self._seen = now
        self._reported = {path: now[path] for path in stable}
        return new

    def has_lost(self, file: Path) -> bool:
        """Whether a file of this folder is gone for good: not while others may be it under a new name.

        An empty folder in the place of one that was full is a disk that is not there: nothing is lost then.
        """
        settled = self._same_disk and self._seen.keys() == self._reported.keys()
        try:
            return settled and not file.is_file()
        except OSError:  # its folder cannot be looked into
            return False

    def _is_same_disk(self, holds_files: bool) -> bool:
        """Whether this is the folder in which files were seen first."""
        stat = self._folder.stat()
        if self._disk is None and holds_files:
            self._disk = (stat.st_dev, stat.st_ino)
        return self._disk == (stat.st_dev, stat.st_ino)

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


def remove_parts(ingest_folder: Path) -> None:
    """Remove what uploads left that were cut off long ago."""
    for part in ingest_folder.rglob(f".*{PART_SUFFIX}"):
        with contextlib.suppress(OSError):
            if time.time() - part.stat().st_mtime > PART_KEPT_S:
                part.unlink()


def save_stream(
    stream: BinaryIO,
    name: str,
    ingest_folder: Path,
    collection: str,
    max_bytes: int | None = None,
    known: Callable[[Path], Path | None] = lambda part: None,
) -> Path:
    """Write a stream under a safe, free name; all or nothing. Raise UploadTooLarge past max_bytes.

    ``known`` looks at the file before it gets its name: it may refuse it by raising, or name the place of its bytes.
    """
    folder = collection_folder(ingest_folder, collection)
    folder.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=".", suffix=PART_SUFFIX, dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            _copy(stream, file, max_bytes)
        return known(Path(part)) or _settle(Path(part), folder, safe_name(name))
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
        with contextlib.suppress(FileExistsError):
            _take_name(part, target)
            return target.resolve()
    raise BadRequest(f"There are too many files named {name}.", hint="Rename the file.")


def _take_name(part: Path, target: Path) -> None:
    """Raise FileExistsError if the name is taken, even by somebody who takes it at this moment."""
    # Temporary files are private; papers get the folder's usual rights.
    part.chmod(0o644)
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:  # this file system has no links
        with target.open("xb") as file, part.open("rb") as source:
            shutil.copyfileobj(source, file)


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
