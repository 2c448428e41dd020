"""The small DER reader takes the shortest form and nothing else."""

from __future__ import annotations

import pytest

from hkeid.webauthn.attestation import der


def test_elements_in_order() -> None:
    first, second = der.read_all(bytes.fromhex("020105 bf853e03 020100"))
    assert der.integer(der.expect(first, der.INTEGER)) == 5
    assert second.is_context
    assert second.number == 702
    assert der.read_one(second.content, der.INTEGER) == b"\x00"


def test_a_long_length() -> None:
    assert der.read_one(b"\x04\x81\x80" + bytes(128), der.OCTET_STRING) == bytes(128)
    assert der.read_one(b"\x04\x82\x01\x00" + bytes(256), der.OCTET_STRING) == bytes(256)


@pytest.mark.parametrize(
    "data",
    [
        "04",  # no length
        "0402 00",  # truncated
        "0480",  # indefinite
        "04817f" + "00" * 127,  # a length that fits the short form
        "04820080" + "00" * 128,  # a length with a zero before
        "0484 00000001 00",  # a length of four octets
        "0482 01",  # a length cut short
        "1f",  # a long tag cut short
        "1f80 01 00",  # a long tag with a zero before
        "1f05 00",  # a long tag that fits the short form
        "1fffffff7f 00",  # a tag beyond all reason
    ],
)
def test_anything_else_is_refused(data: str) -> None:
    with pytest.raises(der.NotDer):
        der.read_all(bytes.fromhex(data))


def test_one_means_one() -> None:
    for data in (b"", b"\x02\x01\x00" * 2, b"\x04\x00"):
        with pytest.raises(der.NotDer):
            der.read_one(data, der.INTEGER)


@pytest.mark.parametrize(
    ("content", "value"), [("00", 0), ("7f", 127), ("0080", 128), ("ff", -1), ("ff7f", -129)]
)
def test_integers(content: str, value: int) -> None:
    assert der.integer(bytes.fromhex(content)) == value


@pytest.mark.parametrize("content", ["", "0000", "007f", "ffff", "ff80"])
def test_integers_in_a_longer_form(content: str) -> None:
    with pytest.raises(der.NotDer):
        der.integer(bytes.fromhex(content))
