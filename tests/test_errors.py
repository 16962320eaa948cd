"""Errors: the tree that is drawn is the tree that exists, and each error has a way out of every door."""

import re

import pytest

from ragqa import errors
from ragqa.api.problems import STATUS, problem_of
from ragqa.cli.main import EXIT_CODES
from ragqa.errors import RagqaError, error_classes

DRAWN = re.compile(r"^((?:│   |    )*)[├└]── (\w+) +(\S.*)$")
ALL = sorted(error_classes().values(), key=lambda cls: cls.__name__)


def drawn_parents() -> dict[str, str]:
    """Each class in the module's drawing with the class above it."""
    path = ["RagqaError"]
    parents = {}
    for match in filter(None, map(DRAWN.match, (errors.__doc__ or "").splitlines())):
        depth = len(match[1]) // 4 + 1
        parents[match[2]] = path[depth - 1]
        path[depth:] = [match[2]]
    return parents


def test_the_drawing_shows_every_class_below_its_parent() -> None:
    real = {cls.__name__: cls.__bases__[0].__name__ for cls in ALL if cls is not RagqaError}
    assert drawn_parents() == real


def test_every_class_of_the_module_can_be_made_again_from_its_code() -> None:
    defined = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, RagqaError)}
    assert set(ALL) == defined
    assert all(error_classes()[cls.code] is cls for cls in defined)


def test_codes_are_unique_and_look_like_codes() -> None:
    assert len({cls.code for cls in ALL}) == len(ALL)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", cls.code) for cls in ALL)
    assert errors.NoTextLayer.code == "no_text_layer"


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.code)
def test_every_error_says_when_it_is_raised_and_shows_message_and_hint(cls: type[RagqaError]) -> None:
    assert cls.__doc__
    exc = cls("It is broken.", hint="Mend it.")
    assert (exc.message, exc.hint, str(exc)) == ("It is broken.", "Mend it.", "It is broken. Mend it.")
    assert str(cls("It is broken.")) == "It is broken."


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.code)
def test_every_error_has_a_status_for_http(cls: type[RagqaError]) -> None:
    problem = problem_of(cls("It is broken.", hint="Mend it."))
    caller_is_wrong = issubclass(cls, errors.InputError | errors.ReadError)
    assert problem.status in (range(400, 500) if caller_is_wrong else range(500, 600))
    assert (problem.code, problem.detail, problem.hint) == (cls.code, "It is broken.", "Mend it.")


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.code)
def test_every_error_has_an_exit_code(cls: type[RagqaError]) -> None:
    code = next(EXIT_CODES[above] for above in cls.__mro__ if above in EXIT_CODES)
    assert 1 <= code <= 5


def test_every_family_has_an_exit_code_of_its_own_and_every_status_belongs_to_a_class() -> None:
    assert set(RagqaError.__subclasses__()) <= EXIT_CODES.keys()
    assert STATUS.keys() <= set(ALL)
