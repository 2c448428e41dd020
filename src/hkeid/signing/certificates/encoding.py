"""The types of X.509 that :mod:`hkeid.signing.der` leaves out: strings, times, bit strings, names."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant
from hkeid.signing import der

BOOLEAN = 0x01
ENUMERATED = 0x0A
UTF8_STRING = 0x0C
PRINTABLE_STRING = 0x13
IA5_STRING = 0x16
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18

_PRINTABLE = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]+")
_GENERALIZED = re.compile(rb"([0-9]{14})(?:\.([0-9]{1,6}))?Z")
_LAST_UTC_YEAR = 2049


def boolean(value: bool) -> bytes:  # noqa: FBT001 - the value itself
    """BOOLEAN (X.690 §11.1)."""
    return der.tlv(BOOLEAN, b"\xff" if value else b"\0")


def enumerated(value: int) -> bytes:
    """ENUMERATED of a small number."""
    return der.tlv(ENUMERATED, bytes((value,)))


def bit_string(octets: bytes, unused: int = 0) -> bytes:
    """BIT STRING of whole octets, the last with ``unused`` bits less."""
    return der.tlv(der.BIT_STRING, bytes((unused,)), octets)


def named_bits(*numbers: int) -> bytes:
    """BIT STRING with named bits: without zeros at the end (X.690 §11.2.2)."""
    value = 0
    highest = max(numbers)
    for number in numbers:
        value |= 1 << (highest - number)
    unused = -(highest + 1) % 8
    return bit_string((value << unused).to_bytes((highest + 8) // 8, "big"), unused)


def utf8(text: str) -> bytes:
    """UTF8String."""
    return der.tlv(UTF8_STRING, text.encode())


def printable(text: str) -> bytes:
    """PrintableString (X.680 §41.4).

    :raises hkeid.kernel.errors.MalformedInput: ``text_not_printable``.
    """
    if _PRINTABLE.fullmatch(text) is None:
        raise MalformedInput("text_not_printable")
    return der.tlv(PRINTABLE_STRING, text.encode("ascii"))


def ia5(text: str) -> bytes:
    """IA5String."""
    return der.tlv(IA5_STRING, text.encode("ascii"))


def implicit(number: int, *contents: bytes) -> bytes:
    """``[number] IMPLICIT`` in the place of a primitive type."""
    return der.tlv(0x80 | number, *contents)


def generalized_time(moment: Instant, *, fraction: bool = False) -> bytes:
    """GeneralizedTime in UTC (X.690 §11.7): whole seconds (RFC 5280 §4.1.2.5.2), or with as many decimals
    as are not zero (RFC 3161 §2.4.2).
    """
    text = moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")
    if fraction and moment.microsecond:
        text += f".{moment.microsecond:06}".rstrip("0")
    return der.tlv(GENERALIZED_TIME, f"{text}Z".encode("ascii"))


def validity_time(moment: Instant) -> bytes:
    """Time: UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5)."""
    if moment.year > _LAST_UTC_YEAR:
        return generalized_time(moment)
    return der.tlv(UTC_TIME, moment.strftime("%y%m%d%H%M%SZ").encode("ascii"))


def read_generalized_time(content: bytes) -> Instant:
    """The moment of a GeneralizedTime in DER; decimals after the sixth are refused.

    :raises hkeid.kernel.errors.MalformedInput: ``der_malformed``.
    """
    found = _GENERALIZED.fullmatch(content)
    try:
        if found is None or (found[2] is not None and found[2].endswith(b"0")):
            raise ValueError(content)
        whole = datetime.strptime(found[1].decode("ascii"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise MalformedInput("der_malformed", detail="GeneralizedTime") from None
    return whole.replace(microsecond=int((found[2] or b"").ljust(6, b"0")))


def read_oid(content: bytes) -> str:
    """Dotted text of an OBJECT IDENTIFIER's contents (X.690 §8.19).

    :raises hkeid.kernel.errors.MalformedInput: ``der_malformed``.
    """
    if not content or content[-1] & 0x80 or len(content) > 64:
        raise MalformedInput("der_malformed", detail="OBJECT IDENTIFIER")
    arcs: list[int] = []
    value, fresh = 0, True
    for octet in content:
        if fresh and octet == 0x80:
            raise MalformedInput("der_malformed", detail="OBJECT IDENTIFIER")
        value, fresh = value << 7 | octet & 0x7F, not octet & 0x80
        if fresh:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def read_integer(content: bytes, *, longest: int = 64) -> int:
    """The value of an INTEGER's contents, in the fewest octets (X.690 §8.3.2).

    :raises hkeid.kernel.errors.MalformedInput: ``der_malformed``.
    """
    padded = len(content) > 1 and (
        (content[0] == 0 and content[1] < 0x80) or (content[0] == 0xFF and content[1] >= 0x80)
    )
    if not 0 < len(content) <= longest or padded:
        raise MalformedInput("der_malformed", detail="INTEGER")
    return int.from_bytes(content, "big", signed=True)
