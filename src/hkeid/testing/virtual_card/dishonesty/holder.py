"""Cards that are signed as they should be, and say things that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hkeid.chip.findings import FindingCode as Code
from hkeid.testing.card_issuer import ICAO, CardDraft
from hkeid.testing.card_issuer import groups as writing
from hkeid.testing.der import tlv
from hkeid.testing.virtual_card.dishonesty.mutation import Layer, Mutation


def _edited(name: str, edit: Callable[[bytes], bytes]) -> Callable[[CardDraft], None]:
    """A data group rewritten before it is signed."""

    def draft(card: CardDraft) -> None:
        card.files[name] = edit(card.files[name])

    return draft


def _without_zone(card: CardDraft) -> None:
    del card.files["DG1"]


def _expired(card: CardDraft) -> None:
    yesterday = (card.issuer.now - timedelta(days=1)).date()
    zone = writing.zone_td1(
        card.person, state=card.issuer.state, number=card.document_number, expires=yesterday
    )
    card.files["DG1"] = writing.dg1(zone)
    card.expires = yesterday


def _no_expiry(card: CardDraft) -> None:
    zone = writing.zone_td1(
        card.person, state=card.issuer.state, number=card.document_number, expires=card.expires
    )
    until = "991399"
    middle = zone[30:38] + until + writing.check_digit(until) + zone[45:59]
    composite = zone[5:30] + middle[0:7] + middle[8:15] + middle[18:29]
    card.files["DG1"] = writing.dg1(zone[:30] + middle + writing.check_digit(composite) + zone[60:])


def _other_number(card: CardDraft) -> None:
    zone = writing.zone_td1(
        card.person, state=card.issuer.state, number="SP0000000", expires=card.expires
    )
    card.files["DG1"] = writing.dg1(zone)


def _wrong_check_digit(content: bytes) -> bytes:
    place = 5 + 14
    digit = (content[place] - 0x30 + 1) % 10 + 0x30
    return content[:place] + bytes([digit]) + content[place + 1 :]


def _other_birth_date(content: bytes) -> bytes:
    return content[:-8] + b"19010101"


def _no_face(_content: bytes) -> bytes:
    record = b"FAC\x00010\x00" + (14).to_bytes(4, "big") + b"\x00\x00"
    return writing.dg2(record)


def _face_too_long(_content: bytes) -> bytes:
    record = writing.face_record(b"\xff\xd8\xff\xe0picture")
    return writing.dg2(record[:14] + b"\x7f\xff\xff\xff" + record[18:])


def _wrong_number(content: bytes) -> bytes:
    """The check character in brackets moved by one."""
    place = content.index(b"(") + 1
    other = b"7" if content[place : place + 1] != b"7" else b"8"
    return content[:place] + other + content[place + 1 :]


def _holder(name: str, description: str, finding: Code, **changes: Any) -> Mutation:
    return Mutation(
        name=name, layer=Layer.HOLDER, description=description, finding=finding, **changes
    )


HOLDER = (
    _holder("document-expired", "The document has expired", Code.DOCUMENT_EXPIRED, draft=_expired),
    _holder("expiry-unreadable", "The document expires on no day", Code.DOCUMENT_EXPIRY_UNREADABLE,
            draft=_no_expiry),
    _holder("zone-missing", "There is no machine-readable zone", Code.DG1_MISSING,
            draft=_without_zone),
    _holder("zone-malformed", "The machine-readable zone has 89 characters", Code.DG1_MALFORMED,
            draft=_edited("DG1", lambda one: tlv(0x61, tlv(0x5F1F, one[5:-1])))),
    _holder("zone-check-digit", "A check digit of the zone is wrong", Code.DG1_CHECK_DIGIT_WRONG,
            draft=_edited("DG1", _wrong_check_digit)),
    _holder("zone-of-another-card", "The zone has another number than the one printed",
            Code.DG1_KEY_DIFFERENT, draft=_other_number, with_mrz=True),
    _holder("portrait-malformed", "DG2 holds no biometric template", Code.DG2_MALFORMED,
            draft=_edited("DG2", lambda _: tlv(0x75, b"\x53\x02\x00\x00"))),
    _holder("portrait-length-wrong", "A face longer than its record", Code.DG2_MALFORMED,
            draft=_edited("DG2", _face_too_long)),
    _holder("portrait-without-face", "A face record without a face", Code.DG2_WITHOUT_PORTRAIT,
            draft=_edited("DG2", _no_face)),
    _holder("details-malformed", "DG11 has no list of tags", Code.DG11_MALFORMED,
            draft=_edited("DG11", lambda _: tlv(0x6B, tlv(0x5F0E, b"NOBODY")))),
    _holder("details-not-text", "DG11 holds bytes that are no text", Code.DG11_MALFORMED,
            draft=_edited("DG11", lambda _: tlv(0x6B, tlv(0x5C, b"\x5f\x0e"), tlv(0x5F0E, b"\xff\xfe")))),
    _holder("details-other-birth", "DG11 has another birth date than DG1", Code.DG11_MALFORMED,
            draft=_edited("DG11", _other_birth_date)),
    _holder("number-check-character", "The identity-card number has a wrong check character",
            Code.DG11_NUMBER_WRONG, draft=_edited("DG11", _wrong_number)),
    _holder("nothing-to-prove", "A card that anybody could copy", Code.CHIP_CLONEABLE,
            features=ICAO.but(chip_authentication=())),
)  # fmt: skip
"""Mutations of what the card says."""
