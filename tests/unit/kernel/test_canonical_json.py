"""Strict reading (RFC 8259 §4: names SHOULD be unique) and one text for one value."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import HkeidError, MalformedInput

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(_VALUES)
def test_round_trip(value: object) -> None:
    try:
        text = canonical_json.dumps(value)
    except UnicodeEncodeError:
        return  # lone surrogates have no UTF-8 form
    assert canonical_json.loads(text) == value


def test_one_text_whatever_the_order() -> None:
    assert canonical_json.dumps({"b": 1, "a": "陳"}) == '{"a":"陳","b":1}'.encode()
    assert canonical_json.dumps({"a": "陳", "b": 1}) == canonical_json.dumps({"b": 1, "a": "陳"})


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        '{"x":{"a":1,"a":2}}',
        "NaN",
        "[Infinity]",
        "{} {}",
        "",
        "{",
        b"\xff",
        "[" * 5000,
    ],
)
def test_refused(text: str | bytes) -> None:
    with pytest.raises(MalformedInput) as caught:
        canonical_json.loads(text)
    assert caught.value.reason == "json_malformed"


def test_an_object_is_wanted() -> None:
    with pytest.raises(MalformedInput) as caught:
        canonical_json.loads_object("[1]")
    assert caught.value.reason == "json_not_object"


@given(st.binary(max_size=60))
def test_whatever_comes_only_our_errors(raw: bytes) -> None:
    try:
        value = canonical_json.loads(raw)
    except HkeidError:
        return
    assert json.loads(raw) == value
