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

from ingest.folder.scan import pdf_entries
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
    """The files named, and the PDFs in the folders named, sub-folders and links included; hidden ones left out.

    Before anything is read, raise PathNotFound if one of the paths does not exist, BadRequest if it is a device.
    """
    named = list(paths)
    for path in named:
        if not path.exists():
            raise PathNotFound(f"{path} does not exist.", hint="Check the spelling, or give the folder's full path.")
        if not path.is_dir() and not path.is_file():
            raise BadRequest(f"{path} is neither a file nor a folder.", hint="Name a PDF, or a folder of PDFs.")
    for path in named:
        yield from sorted(Path(entry.path) for entry in pdf_entries(path)) if path.is_dir() else [path]


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


def content_hash(path: Path) -> str:
    """SHA-256 of the file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def bring_in(source: Path, ingest_folder: Path, collection: str) -> Path:
    """The file's place in the ingest folder: where it is, if it is inside already, else a copy."""
    if place := place_inside(source, ingest_folder):
        return place
    with source.open("rb") as file:
        return save_stream(file, source.name, ingest_folder, collection)


def place_inside(file: Path, ingest_folder: Path) -> Path | None:
    """Where in the ingest folder a file lies, links below it kept; None if it lies elsewhere."""
    folder = ingest_folder.resolve()
    # Not resolved at first: a link in the ingest folder lies inside, whatever it leads to.
    named = Path(os.path.abspath(file))  # noqa: PTH100 - keeps links, unlike resolve, and removes "..", unlike absolute
    for place, root in ((named, ingest_folder.absolute()), (named, folder), (file.resolve(), folder)):
        if place.is_relative_to(root):
            return folder / place.relative_to(root)
    return None


def is_behind_a_link(file: Path, ingest_folder: Path) -> bool:
    """Whether a folder between the ingest folder and the file is a link: the file is somebody else's then."""
    return not file.parent.resolve().is_relative_to(ingest_folder.resolve())


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
