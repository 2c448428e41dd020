"""The DER writer against asn1crypto, and against itself read back."""

from __future__ import annotations

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from hkeid.kernel.errors import MalformedInput
from hkeid.signing import der

ARC = st.integers(0, 2**70)


@given(st.integers(-(2**600), 2**600))
def test_integers(value: int) -> None:
    assert der.integer(value) == core.Integer(value).dump()


@given(st.binary(max_size=70_000))
def test_octet_strings_of_any_length(value: bytes) -> None:
    encoded = der.octet_string(value)
    assert encoded == core.OctetString(value).dump()
    assert der.only_element(encoded) == (der.OCTET_STRING, value)


@pytest.mark.parametrize("size", [0, 127, 128, 255, 256, 65_535, 65_536, 1 << 24])
def test_lengths_at_their_borders(size: int) -> None:
    encoded = der.octet_string(bytes(size))
    assert encoded == core.OctetString(bytes(size)).dump()
    assert der.only_element(encoded)[1] == bytes(size)


@given(
    st.one_of(st.tuples(st.integers(0, 1), st.integers(0, 39)), st.tuples(st.just(2), ARC)),
    st.lists(ARC, max_size=12),
)
def test_object_identifiers(first: tuple[int, int], rest: list[int]) -> None:
    dotted = ".".join(str(arc) for arc in (*first, *rest))
    encoded = der.oid(dotted)
    assert core.ObjectIdentifier.load(encoded).dotted == dotted
    assert encoded == core.ObjectIdentifier(dotted).dump()


@pytest.mark.parametrize("dotted", ["", "1", "3.1", "1.40", "0.99", "x.y", "1.-2"])
def test_no_object_identifiers(dotted: str) -> None:
    with pytest.raises(ValueError):
        der.oid(dotted)


@given(st.lists(st.binary(max_size=40), max_size=12))
def test_sets_are_sorted_by_their_encodings(values: list[bytes]) -> None:
    """X.690 §11.6."""

    class Strings(core.SetOf):
        _child_spec = core.OctetString

    encoded = [der.octet_string(one) for one in values]
    made = der.set_of(encoded)
    assert made == Strings(values).dump()
    assert made == der.set_of(reversed(encoded))
    assert [one for _, _, one in der.elements(der.only_element(made)[1])] == sorted(encoded)


@given(st.lists(st.binary(max_size=300), max_size=6), st.integers(0, 30))
def test_structures_read_back(values: list[bytes], number: int) -> None:
    whole = der.tagged(number, der.sequence(*map(der.octet_string, values), der.null()))
    tag, content = der.only_element(whole)
    assert tag == 0xA0 | number
    tag, content = der.only_element(content)
    assert tag == der.SEQUENCE
    read = der.elements(content)
    assert [one[1] for one in read[:-1]] == values
    assert read[-1][0] == der.NULL


@given(st.binary(max_size=200))
def test_reading_anything_raises_only_ours(value: bytes) -> None:
    try:
        read = der.elements(value)
    except MalformedInput as error:
        assert error.reason == "der_malformed"
    else:
        # What is taken is DER: written again it is the same.
        assert b"".join(der.tlv(tag, content) for tag, content, _ in read) == value
        assert b"".join(whole for _, _, whole in read) == value


@given(st.binary(min_size=2, max_size=300), st.data())
def test_cut_elements_are_malformed(value: bytes, data: st.DataObject) -> None:
    encoded = der.octet_string(value)
    length = data.draw(st.integers(1, len(encoded) - 1))
    with pytest.raises(MalformedInput):
        der.only_element(encoded[:length])


@pytest.mark.parametrize("number", [-1, 31])
def test_long_tags_are_not_written(number: int) -> None:
    with pytest.raises(ValueError):
        der.tagged(number)
