"""Public keys of cards: ``SubjectPublicKeyInfo`` in every form that cards and their signers use.

Curves come by name, by the number of Doc 9303-11 table 6, or with explicit parameters; explicit ones
are accepted only where p, a, b, G, n and h are all those of a curve known here (CVE-2020-0601 showed
what comparing less leads to). Classic groups must name the order of their subgroup.
"""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.chip import tlv
from hkeid.chip.domain_parameters import (
    CURVES,
    CURVES_BY_OID,
    MODP_GROUPS,
    CurveParameters,
    ModpParameters,
)
from hkeid.chip.errors import CardMalformed
from hkeid.chip.findings import FindingCode
from hkeid.chip.groups import (
    CurveGroup,
    InvalidPublicKey,
    ModpGroup,
    group_of,
    standardised_group,
)
from hkeid.chip.object_identifiers import decode_oid
from hkeid.kernel.errors import MalformedInput, Refused

_RSA = "1.2.840.113549.1.1.1"
_RSA_PSS = "1.2.840.113549.1.1.10"
_EC = "1.2.840.10045.2.1"
_DH_X942 = "1.2.840.10046.2.1"
_DH_PKCS3 = "1.2.840.113549.1.3.1"
_STANDARDISED = "0.4.0.127.0.7.1.2"
_PRIME_FIELD = "1.2.840.10045.1.1"
_MODULUS_BITS = range(1024, 8193)


class MalformedKey(MalformedInput):
    """A public key that does not parse (reasons ``public_key_malformed``, ``public_key_invalid``)."""


class UnsupportedKey(Refused):
    """A key of an algorithm, curve or size not supported (``public_key_unsupported``)."""

    def __init__(self, detail: str) -> None:
        super().__init__("public_key_unsupported", detail=detail)


@dataclass(frozen=True, slots=True)
class RsaKey:
    """Modulus and exponent."""

    modulus: int
    exponent: int

    @property
    def modulus_bytes(self) -> int:
        """Length of a signature."""
        return (self.modulus.bit_length() + 7) // 8


@dataclass(frozen=True, slots=True)
class AgreementKey:
    """A public key in a group: of a curve or of a classic one."""

    group: CurveGroup | ModpGroup
    public: bytes


PublicKey = RsaKey | AgreementKey


def parse_public_key(data: bytes) -> PublicKey:
    """The key in a DER ``SubjectPublicKeyInfo``.

    :raises MalformedKey: ``public_key_malformed``, or ``public_key_invalid`` where a point or element
        is none of its group.
    :raises UnsupportedKey: ``public_key_unsupported``.
    """
    try:
        return _parse(data)
    except InvalidPublicKey:
        raise MalformedKey("public_key_invalid") from None
    except CardMalformed as error:
        raise MalformedKey("public_key_malformed", detail=error.detail or error.reason) from None


def _parse(data: bytes) -> PublicKey:
    algorithm, bits = _pair(tlv.parse_one(data, 0x30).children(), 0x30, 0x03)
    parts = algorithm.children()
    if not parts or parts[0].tag != 0x06 or bits.value[:1] != b"\0":
        raise _malformed("algorithm")
    oid, key = decode_oid(parts[0].value), bits.value[1:]
    if oid in {_RSA, _RSA_PSS}:
        return _rsa(key)
    group: CurveGroup | ModpGroup
    if oid in {_EC, _STANDARDISED} and len(parts) == 2:
        group = _group(oid, parts[1])
    elif oid in {_DH_X942, _DH_PKCS3} and len(parts) == 2:
        group = _classic(parts[1])
    else:
        raise UnsupportedKey(oid)
    public = key if group.elliptic else _unsigned(tlv.parse_one(key, 0x02))
    if isinstance(group, ModpGroup):
        public = _fixed(public, group.field_bytes)
    elif public[:1] in {b"\x02", b"\x03"}:
        raise UnsupportedKey("compressed point")
    group.check(public)
    return AgreementKey(group, public)


def _malformed(detail: str) -> CardMalformed:
    return CardMalformed(FindingCode.TLV_MALFORMED, detail=detail)


def _pair(parts: tuple[tlv.Tlv, ...], first: int, second: int) -> tuple[tlv.Tlv, tlv.Tlv]:
    if len(parts) != 2 or parts[0].tag != first or parts[1].tag != second:
        raise _malformed("parts")
    return parts[0], parts[1]


def _unsigned(element: tlv.Tlv) -> bytes:
    """The magnitude of a non-negative INTEGER."""
    if element.tag != 0x02 or not element.value or element.value[0] & 0x80:
        raise _malformed("integer")
    return element.value.lstrip(b"\0") or b"\0"


def _number(element: tlv.Tlv) -> int:
    return int.from_bytes(_unsigned(element), "big")


def _fixed(public: bytes, width: int) -> bytes:
    if len(public) > width:
        raise InvalidPublicKey
    return public.rjust(width, b"\0")


def _rsa(key: bytes) -> RsaKey:
    modulus, exponent = _pair(tlv.parse_one(key, 0x30).children(), 0x02, 0x02)
    found = RsaKey(_number(modulus), _number(exponent))
    if found.modulus.bit_length() not in _MODULUS_BITS:
        raise UnsupportedKey("size of RSA modulus")
    if not found.exponent & 1 or not 3 <= found.exponent < 1 << 64 or not found.modulus & 1:
        raise UnsupportedKey("RSA numbers")
    return found


def _group(oid: str, parameters: tlv.Tlv) -> CurveGroup | ModpGroup:
    """By number, by name or explicit."""
    if oid == _STANDARDISED:
        group = standardised_group(_number(parameters))
    elif parameters.tag == 0x06:
        named = CURVES_BY_OID.get(decode_oid(parameters.value))
        group = None if named is None else group_of(named)
    elif parameters.tag == 0x30:
        group = group_of(explicit_curve(parameters))
    else:
        raise _malformed("curve")
    if group is None:
        raise UnsupportedKey("curve")
    return group


def explicit_curve(parameters: tlv.Tlv) -> CurveParameters:
    """The known curve that these explicit ``ECParameters`` are, every number of it.

    :raises UnsupportedKey: they are none.
    :raises CardMalformed: they do not parse.
    """
    parts = parameters.children()
    tags = [part.tag for part in parts]
    if tags not in ([2, 0x30, 0x30, 4, 2, 2], [2, 0x30, 0x30, 4, 2]):
        raise _malformed("curve parameters")
    kind, prime = _pair(parts[1].children(), 0x06, 0x02)
    if decode_oid(kind.value) != _PRIME_FIELD:
        raise UnsupportedKey("field of curve")
    coefficients = parts[2].children()
    if [one.tag for one in coefficients] not in ([4, 4], [4, 4, 3]):
        raise _malformed("curve coefficients")
    a, b = (int.from_bytes(one.value, "big") for one in coefficients[:2])
    p, n, h = _number(prime), _number(parts[4]), _number(parts[5]) if len(parts) == 6 else 1
    x, y = _base_point(parts[3].value, p)
    for curve in CURVES.values():
        if (p, a, b, x, y, n, h) == (
            curve.p,
            curve.a,
            curve.b,
            curve.gx,
            curve.gy,
            curve.n,
            curve.h,
        ):
            return curve
    raise UnsupportedKey("explicit curve")


def _base_point(point: bytes, prime: int) -> tuple[int, int]:
    """The generator, uncompressed; a compressed one is that of the curve with this x and parity."""
    width = (prime.bit_length() + 7) // 8
    if len(point) == 1 + 2 * width and point[0] == 4:
        return int.from_bytes(point[1 : 1 + width], "big"), int.from_bytes(
            point[1 + width :], "big"
        )
    if len(point) == 1 + width and point[0] in {2, 3}:
        x = int.from_bytes(point[1:], "big")
        for curve in CURVES.values():
            if (curve.p, curve.gx, curve.gy & 1) == (prime, x, point[0] & 1):
                return x, curve.gy
    raise UnsupportedKey("generator")


def _classic(parameters: tlv.Tlv) -> ModpGroup:
    """X9.42 ``p, g, q``, or PKCS #3 ``p, g`` of a group known here."""
    numbers = [_number(part) for part in parameters.children()[:3] if part.tag == 0x02]
    if len(numbers) < 2:
        raise _malformed("group")
    p, g = numbers[:2]
    for known in MODP_GROUPS:
        if (p, g) == (known.p, known.g):
            return ModpGroup(known, known.g)
    if len(numbers) < 3 or numbers[2].bit_length() < 160 or not 1024 <= p.bit_length() <= 4096:
        raise UnsupportedKey("classic group")
    q = numbers[2]
    if (p - 1) % q or not 1 < g < p - 1 or pow(g, q, p) != 1:
        raise UnsupportedKey("classic group")
    own = ModpParameters(name="explicit", parameter_id=-1, p=p, q=q, g=g)
    return ModpGroup(own, g)
