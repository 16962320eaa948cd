"""Every error that ragqa raises on purpose.

RagqaError
├── InputError                 the caller's input cannot be used
│   ├── BadQuestion            empty, too long, or not text
│   ├── BadRequest             an option has a value that does not exist
│   ├── PaperNotFound          no paper of that name or id, or more than one
│   ├── ConversationNotFound   no conversation has that id
│   ├── CitationNotFound       no stored answer has that citation
│   ├── ForeignRequest         it came through a foreign host name or page
│   ├── PathNotFound           a file or folder does not exist
│   └── UploadTooLarge         the file is over the size limit
├── ReadError                  one PDF cannot be read; the others go on
│   ├── NotPdf                 the bytes are no PDF
│   ├── EmptyFile              zero bytes
│   ├── FileTooLarge           over the size limit
│   ├── EncryptedPdf           a password is needed
│   ├── DamagedPdf             neither reader could open it
│   ├── NoTextLayer            the pages are pictures, or have no words
│   ├── TooManyPages           over the page limit
│   ├── TooMuchText            over the limit of words or characters
│   ├── ReadTimeout            reading took longer than allowed
│   ├── ReadMemory             reading took more memory than allowed
│   └── ReaderCrashed          the reading process died
├── LibraryError               the data folder cannot be used
│   ├── LibraryLocked          another process owns it
│   ├── LibraryTooNew          written by a newer ragqa
│   ├── LibraryDamaged         the catalogue cannot be read
│   ├── IndexDamaged           an index cannot be used; it is rebuilt from the catalogue
│   └── DiskFull               no space left, nothing was lost
├── ModelError                 a model cannot be used
│   ├── ModelUnavailable       its server or file cannot be reached
│   ├── ModelNotFound          the server is there, the model is not
│   ├── ModelTimeout           no token within the time allowed
│   ├── ModelStreamCut         the answer broke off half way
│   ├── ModelBusy              too many questions wait for it already
│   ├── PromptTooLong          it did not read, or would not read, the whole prompt
│   └── MissingExtra           an optional package is not installed
└── ServiceError               the server or the way to it
    ├── ServerUnreachable      no ragqa server answers at that address
    ├── ServerNotReady         it is starting or rebuilding; try again soon
    ├── PortInUse              another program listens on that port
    ├── ClientGone             who asked hung up; nothing more is computed
    └── RegisterUnavailable    Crossref or arXiv cannot be asked; the paper is ready without

Adapters translate third-party errors into these once, with ``raise … from``.
``code`` is the stable name that API clients and ``--json`` readers see.
"""

import re


class RagqaError(Exception):
    """Base of all; ``hint`` says what to do next."""

    code = "error"

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InputError(RagqaError):
    """The caller's input cannot be used."""


class BadQuestion(InputError):
    """The question is empty, too long, or not text."""


class BadRequest(InputError):
    """An option has a value that does not exist."""


class PaperNotFound(InputError):
    """No paper has that name or id, or more than one has."""


class ConversationNotFound(InputError):
    """No conversation has that id."""


class CitationNotFound(InputError):
    """No stored answer has that citation."""


class ForeignRequest(InputError):
    """The request came through a foreign host name, or from another site's page."""


class PathNotFound(InputError):
    """A file or folder does not exist."""


class UploadTooLarge(InputError):
    """The file is over the size limit."""


class ReadError(RagqaError):
    """One PDF cannot be read; the paper ends ``failed`` with this code and message."""


class NotPdf(ReadError):
    """The bytes are no PDF."""


class EmptyFile(ReadError):
    """The file has zero bytes."""


class FileTooLarge(ReadError):
    """The file is over the size limit."""


class EncryptedPdf(ReadError):
    """A password is needed to open the file."""


class DamagedPdf(ReadError):
    """Neither reader could open the file."""


class NoTextLayer(ReadError):
    """The pages are pictures or have no words."""


class TooManyPages(ReadError):
    """The file is over the page limit."""


class TooMuchText(ReadError):
    """The file holds more words than any paper."""


class ReadTimeout(ReadError):
    """Reading took longer than allowed."""


class ReadMemory(ReadError):
    """Reading took more memory than allowed."""


class ReaderCrashed(ReadError):
    """The reading process died on this file."""


class LibraryError(RagqaError):
    """The data folder cannot be used."""


class LibraryLocked(LibraryError):
    """Another process owns the data folder."""


class LibraryTooNew(LibraryError):
    """The catalogue was written by a newer ragqa."""


class LibraryDamaged(LibraryError):
    """The catalogue cannot be read."""


class IndexDamaged(LibraryError):
    """A vector or keyword index cannot be used; it is rebuilt from the catalogue."""


class DiskFull(LibraryError):
    """There is no space left; what was stored before is intact."""


class ModelError(RagqaError):
    """A model cannot be used."""


class ModelUnavailable(ModelError):
    """The model's server or file cannot be reached."""


class ModelNotFound(ModelError):
    """The server is there, the model is not."""


class ModelTimeout(ModelError):
    """No token came within the time allowed."""


class ModelStreamCut(ModelError):
    """The answer broke off half way."""


class ModelBusy(ModelError):
    """Too many questions wait for the model already."""


class PromptTooLong(ModelError):
    """The model did not read, or would not read, the whole prompt."""


class MissingExtra(ModelError):
    """An optional package is not installed."""


class ServiceError(RagqaError):
    """The server, or the way to it, failed."""


class ServerUnreachable(ServiceError):
    """No ragqa server answers at that address."""


class ServerNotReady(ServiceError):
    """The server is starting or rebuilding its indexes."""


class PortInUse(ServiceError):
    """Another program listens on that port."""


class ClientGone(ServiceError):
    """Who asked has hung up; nothing more is computed for the question."""


class RegisterUnavailable(ServiceError):
    """A public register of papers cannot be asked; papers are ready without it."""


def error_classes() -> dict[str, type[RagqaError]]:
    """All classes by code, so that a client can raise again what a server reported."""
    found: dict[str, type[RagqaError]] = {}
    waiting: list[type[RagqaError]] = [RagqaError]
    while waiting:
        cls = waiting.pop()
        found[cls.code] = cls
        waiting.extend(cls.__subclasses__())
    return found
