"""Two faces: a text that may leave, a detail that never does."""

import inspect

import pytest

from hkeid.kernel import errors
from hkeid.kernel.errors import HkeidError, MalformedInput, MissingExtra, TooManyAttempts

_TREE = [
    member
    for member in vars(errors).values()
    if inspect.isclass(member) and issubclass(member, HkeidError)
]


def test_the_tree_drawn_in_the_docstring_is_the_tree() -> None:
    drawn = errors.__doc__ or ""
    assert all(member.__name__ in drawn for member in _TREE)


@pytest.mark.parametrize("kind", [kind for kind in _TREE if kind is not MissingExtra])
def test_the_detail_stays_out_of_the_safe_text(kind: type[HkeidError]) -> None:
    error = kind("some_rule", detail="row 7 of table x")
    assert error.reason == "some_rule"
    assert "row 7" not in error.safe_text
    assert error.safe_text.endswith(".")


def test_extra_members() -> None:
    assert MalformedInput("x", field="origin").field == "origin"
    assert TooManyAttempts("x", retry_after=30).retry_after == 30
    missing = MissingExtra("sqlalchemy", "sql")
    assert isinstance(missing, ImportError)
    assert "pip install 'hkeid[sql]'" in str(missing)
