"""Registers files in the catalogue: what they are by their bytes, and where they lie. Reads no PDF."""

from pathlib import Path

from ingest.folder.files import bring_in, check_pdf, collection_folder, content_hash, place_inside
from ragqa.errors import BadRequest, FileTooLarge, ReadError
from ragqa.store.catalogue import Catalogue


class Registrar:
    """The one way in for files that lie somewhere, in the ingest folder or outside."""

    def __init__(self, catalogue: Catalogue, ingest_folder: Path, max_bytes: int) -> None:
        self._catalogue = catalogue
        self._ingest_folder = ingest_folder
        self._max_bytes = max_bytes

    def check_collection(self, collection: str) -> None:
        """Raise BadRequest if there can be no such sub-folder."""
        collection_folder(self._ingest_folder, collection)

    def register(self, file: Path, collection: str) -> tuple[str, bool]:
        """The paper's id, and whether it is new. A file that is no PDF is registered as failed where it lies."""
        problem = self._problem(file)
        if isinstance(problem, FileTooLarge):
            raise problem
        paper_id = content_hash(file)
        if self.place_of(paper_id, file) is not None:
            return paper_id, False
        inside = place_inside(file, self._ingest_folder)
        place = (inside or file.resolve()) if problem else bring_in(file, self._ingest_folder, collection)
        created = self.catalogue_file(paper_id, place, self._collection_of(inside) if inside else collection)
        if problem:
            self._catalogue.fail(paper_id, problem.code, str(problem))
        return paper_id, created

    def place_of(self, paper_id: str, same: Path | None = None) -> Path | None:
        """Where a known paper's bytes lie; None if it is unknown or changed. ``same`` is not read."""
        if not self._catalogue.has_file(paper_id):
            return None
        path = self._catalogue.path(paper_id)
        known = {same.absolute(), same.resolve()} if same is not None else set()
        return path if path in known or content_hash(path) == paper_id else None

    def catalogue_file(self, paper_id: str, place: Path, collection: str) -> bool:
        """Whether the paper is new; a known one is led to this place and collection."""
        try:
            str(place).encode()
        except UnicodeEncodeError as exc:
            raise BadRequest(f"{shown(place)} has a name that is no text.", hint="Rename the file.") from exc
        created = self._catalogue.register(paper_id, place, place.stat().st_size, collection)
        if not created:
            self._catalogue.move(paper_id, place, collection)
        return created

    def check(self, file: Path, name: str) -> None:
        """Raise EmptyFile, FileTooLarge or NotPdf, which speak of ``name``."""
        check_pdf(file, self._max_bytes, name)

    def _collection_of(self, inside: Path) -> str:
        sub_folders = inside.relative_to(self._ingest_folder.resolve()).parts[:-1]
        return sub_folders[0] if sub_folders else ""

    def _problem(self, file: Path) -> ReadError | None:
        try:
            check_pdf(file, self._max_bytes)
        except ReadError as exc:
            return exc
        return None


def shown(text: object) -> str:
    """Bytes of a file name that are no text are replaced."""
    return str(text).encode("utf-8", "replace").decode()
