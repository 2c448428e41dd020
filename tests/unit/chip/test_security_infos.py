"""What a card lists of itself: known entries read, unknown ones skipped, odd ones refused."""

from __future__ import annotations

import pytest

from hkeid.chip import tlv
from hkeid.chip.chip_authentication import choose_chip_way
from hkeid.chip.errors import CardMalformed, CardRefused
from hkeid.chip.findings import FindingCode
from hkeid.chip.groups import named_curve
from hkeid.chip.kdf import CipherName
from hkeid.chip.object_identifiers import decode_oid, encode_oid
from hkeid.chip.pace import choose_pace
from hkeid.chip.security_infos import (
    Mapping,
    SecurityInfos,
    parse_dg14,
    parse_security_infos,
)
from hkeid.testing.card_issuer.chip_security import chip_public_key

BSI = "0.4.0.127.0.7.2.2."


def _entry(oid: str, *parts: bytes) -> bytes:
    return tlv.encode(0x30, tlv.encode(0x06, encode_oid(oid)), *parts)


def _number(value: int) -> bytes:
    return tlv.encode(0x02, bytes((value,)))


def _read(*entries: bytes) -> SecurityInfos:
    return parse_security_infos(tlv.encode(0x31, *entries), code=FindingCode.CARD_ACCESS_MALFORMED)


def _pace(arcs: str, parameter: int | None = 13, version: int = 2) -> bytes:
    parts = [_number(version)] + ([] if parameter is None else [_number(parameter)])
    return _entry(f"{BSI}4.{arcs}", *parts)


def test_ways_of_pace() -> None:
    infos = _read(_pace("2.4", 12), _pace("1.1", 0), _pace("4.2"), _pace("6.2"), _pace("2", 1))
    assert [(one.mapping, one.cipher, one.elliptic, one.parameter_id) for one in infos.pace] == [
        (Mapping.GENERIC, CipherName.AES_256, True, 12),
        (Mapping.GENERIC, CipherName.TRIPLE_DES, False, 0),
        (Mapping.INTEGRATED, CipherName.AES_128, True, 13),
        (Mapping.CHIP_AUTHENTICATION, CipherName.AES_128, True, 13),
    ]


@pytest.mark.parametrize(
    ("entries", "best"),
    [
        ([("2.2", 13), ("2.4", 13)], "2.4"),
        ([("2.4", 13), ("6.2", 13)], "6.2"),
        ([("1.4", 2), ("2.4", 12)], "2.4"),
        ([("4.4", 12), ("2.4", 12)], "2.4"),
        ([("2.4", 14), ("2.1", 12)], "2.1"),
        ([("2.4", 14)], None),
        ([("2.4", None)], None),
        ([("2.4", 0)], None),
        ([("1.4", 12)], None),
        ([("4.4", 10)], None),
        ([], None),
    ],
)
def test_the_way_of_pace_that_is_taken(
    entries: list[tuple[str, int | None]], best: str | None
) -> None:
    """It proves the chip if one does, then the strongest cipher, curves first; never a wrong group."""
    chosen = choose_pace(_read(*(_pace(*one) for one in entries)).pace)
    assert (chosen and chosen[0].oid) == (best and f"{BSI}4.{best}")


def test_another_version_of_pace_is_not_taken() -> None:
    assert choose_pace(_read(_pace("2.4", 12, version=1)).pace) is None


def test_unknown_entries_are_skipped() -> None:
    infos = _read(
        _entry("1.2.3.4", _number(1)),
        _entry(f"{BSI}3.2", tlv.encode(0x30)),
        _entry(f"{BSI}3.9.9", _number(1)),
        _entry(f"{BSI}1.9", tlv.encode(0x30)),
        _entry(f"{BSI}2", _number(1)),
    )
    assert infos == SecurityInfos(terminal_authentication=True)


@pytest.mark.parametrize(
    "entry",
    [
        b"\x31\0",
        b"\x30\0",
        _number(1),
        _entry(f"{BSI}4.2.2"),
        _entry(f"{BSI}4.2.2", b"\4\0"),
        _entry(f"{BSI}4.2.2", b"\2\0"),
        _entry(f"{BSI}1.2"),
        _entry("2.23.136.1.1.5", _number(1)),
        _entry("1.2.3", *[_number(1)] * 3),
        b"\x30\x03\x06\x01\x80",
    ],
)
def test_odd_entries(entry: bytes) -> None:
    with pytest.raises(CardMalformed) as caught:
        _read(entry)
    assert caught.value.code is FindingCode.CARD_ACCESS_MALFORMED


def test_too_many_entries() -> None:
    with pytest.raises(CardMalformed):
        _read(*[_entry("1.2.3")] * 65)


def test_chip_authentication_by_key_alone() -> None:
    """§9.2.5: a key without a way means 3DES."""
    group = named_curve("secp256r1")
    assert group is not None
    info = chip_public_key(group.parameters, group.public(7))
    infos = parse_dg14(tlv.encode(0x6E, tlv.encode(0x31, _entry(f"{BSI}1.2", info))))
    way = choose_chip_way(infos)
    assert way is not None
    assert (way.info.oid, way.info.cipher) == (f"{BSI}3.2.1", CipherName.TRIPLE_DES)
    assert way.key.public == group.public(7)


def test_chip_authentication_whose_key_is_missing_or_odd() -> None:
    way = _entry(f"{BSI}3.2.2", _number(1), _number(7))
    with pytest.raises(CardMalformed) as caught:
        choose_chip_way(_read(way))
    assert caught.value.code is FindingCode.CHIP_KEY_MALFORMED
    with pytest.raises(CardMalformed) as caught:
        choose_chip_way(_read(way, _entry(f"{BSI}1.2", tlv.encode(0x30), _number(7))))
    assert caught.value.code is FindingCode.CHIP_KEY_MALFORMED
    with pytest.raises(CardRefused) as refused:
        choose_chip_way(_read(_entry(f"{BSI}3.2.2", _number(2))))
    assert refused.value.code is FindingCode.CHIP_KEY_UNSUPPORTED
    assert choose_chip_way(_read()) is None


def test_dg14_of_another_kind() -> None:
    with pytest.raises(CardMalformed) as caught:
        parse_dg14(b"\x6f\0")
    assert caught.value.code is FindingCode.DG14_MALFORMED


@pytest.mark.parametrize(
    ("dotted", "value"),
    [("2.23.136.1.1.1", "678108010101"), ("1.2.840.113549", "2A864886F70D"), ("0.4.0", "0400")],
)
def test_object_identifiers(dotted: str, value: str) -> None:
    assert encode_oid(dotted) == bytes.fromhex(value)
    assert decode_oid(bytes.fromhex(value)) == dotted


@pytest.mark.parametrize("value", ["", "80", "2A80", "2A" * 65])
def test_what_is_no_object_identifier(value: str) -> None:
    with pytest.raises(CardMalformed):
        decode_oid(bytes.fromhex(value))
