"""``SecurityInfos``: what EF.CardAccess, EF.CardSecurity and DG14 list (Doc 9303-11 §9.2).

The part of each entry that this room uses is read; entries of unknown kind are skipped.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from hkeid.chip import tlv
from hkeid.chip.errors import CardMalformed
from hkeid.chip.findings import FindingCode
from hkeid.chip.kdf import CipherName
from hkeid.chip.object_identifiers import decode_oid

_BSI = "0.4.0.127.0.7.2.2."
PACE = _BSI + "4."
CHIP_AUTHENTICATION = _BSI + "3."
CHIP_PUBLIC_KEY = _BSI + "1."
TERMINAL_AUTHENTICATION = _BSI + "2"
ACTIVE_AUTHENTICATION = "2.23.136.1.1.5"
_ENTRIES = 64

_CIPHERS = {
    "1": CipherName.TRIPLE_DES,
    "2": CipherName.AES_128,
    "3": CipherName.AES_192,
    "4": CipherName.AES_256,
}


class Mapping(StrEnum):
    """The mappings of PACE (§4.4.3.3)."""

    GENERIC = "gm"
    INTEGRATED = "im"
    CHIP_AUTHENTICATION = "cam"


_MAPPINGS = {
    "1": (False, Mapping.GENERIC),
    "2": (True, Mapping.GENERIC),
    "3": (False, Mapping.INTEGRATED),
    "4": (True, Mapping.INTEGRATED),
    "6": (True, Mapping.CHIP_AUTHENTICATION),
}


@dataclass(frozen=True, slots=True)
class PaceInfo:
    """One way of PACE that a card offers.

    :ivar parameter_id: number of standardised domain parameters, or None where the entry has none.
    """

    oid: str
    version: int
    parameter_id: int | None
    elliptic: bool
    mapping: Mapping
    cipher: CipherName


@dataclass(frozen=True, slots=True)
class ChipAuthenticationInfo:
    """One way of chip authentication that a card offers."""

    oid: str
    version: int
    key_id: int | None
    elliptic: bool
    cipher: CipherName


@dataclass(frozen=True, slots=True)
class ChipPublicKey:
    """A static key of the chip, as ``SubjectPublicKeyInfo``."""

    elliptic: bool
    key_info: bytes = field(repr=False)
    key_id: int | None

    def is_among(self, others: Iterable[ChipPublicKey]) -> bool:
        """Whether it is one of these keys, whatever their numbers."""
        return any(
            self.elliptic == other.elliptic and hmac.compare_digest(self.key_info, other.key_info)
            for other in others
        )


@dataclass(frozen=True, slots=True)
class ActiveAuthenticationInfo:
    """The signature algorithm of active authentication with ECDSA (§9.2.3, ``plain`` forms)."""

    oid: str


@dataclass(frozen=True, slots=True)
class SecurityInfos:
    """What one set of entries says."""

    pace: tuple[PaceInfo, ...] = ()
    chip_authentication: tuple[ChipAuthenticationInfo, ...] = ()
    chip_keys: tuple[ChipPublicKey, ...] = ()
    active_authentication: tuple[ActiveAuthenticationInfo, ...] = ()
    terminal_authentication: bool = False

    def key_of(self, way: ChipAuthenticationInfo) -> ChipPublicKey | None:
        """The key that this way of chip authentication uses."""
        fitting = [key for key in self.chip_keys if key.elliptic == way.elliptic]
        if way.key_id is None:
            return fitting[0] if len(fitting) == 1 else None
        return next((key for key in fitting if key.key_id == way.key_id), None)

    def ways(self) -> tuple[ChipAuthenticationInfo, ...]:
        """Ways of chip authentication, also where only a key is listed (then 3DES, §9.2.5)."""
        if self.chip_authentication:
            return self.chip_authentication
        return tuple(
            ChipAuthenticationInfo(
                CHIP_AUTHENTICATION + ("2.1" if key.elliptic else "1.1"),
                1,
                key.key_id,
                key.elliptic,
                CipherName.TRIPLE_DES,
            )
            for key in self.chip_keys
        )


def parse_security_infos(data: bytes, *, code: FindingCode) -> SecurityInfos:
    """Read a DER ``SET OF SecurityInfo``.

    :param code: the finding that a set which does not parse gives.
    :raises CardMalformed: with ``code``.
    """
    try:
        whole = tlv.parse_one(data, 0x31)
        entries = whole.children()
        if len(entries) > _ENTRIES:
            raise CardMalformed(code, detail="too many entries")
        return _sorted([_entry(entry) for entry in entries])
    except CardMalformed as error:
        raise CardMalformed(code, detail=error.detail or error.reason) from None


def parse_dg14(content: bytes) -> SecurityInfos:
    """The entries of DG14 (tag 6E around the set).

    :raises CardMalformed: ``dg14_malformed``.
    """
    try:
        inner = tlv.parse_one(content, 0x6E).value
    except CardMalformed as error:
        raise CardMalformed(FindingCode.DG14_MALFORMED, detail=error.reason) from None
    return parse_security_infos(inner, code=FindingCode.DG14_MALFORMED)


def _sorted(found: list[object]) -> SecurityInfos:
    return SecurityInfos(
        pace=tuple(one for one in found if isinstance(one, PaceInfo)),
        chip_authentication=tuple(one for one in found if isinstance(one, ChipAuthenticationInfo)),
        chip_keys=tuple(one for one in found if isinstance(one, ChipPublicKey)),
        active_authentication=tuple(
            one for one in found if isinstance(one, ActiveAuthenticationInfo)
        ),
        terminal_authentication=TERMINAL_AUTHENTICATION in found,
    )


def _entry(entry: tlv.Tlv) -> object:
    """One ``SecurityInfo ::= SEQUENCE { protocol, requiredData, optionalData }``."""
    if entry.tag != 0x30:
        raise _malformed("entry")
    parts = entry.children()
    if not 1 <= len(parts) <= 3 or parts[0].tag != 0x06:
        raise _malformed("entry")
    oid = decode_oid(parts[0].value)
    if oid == TERMINAL_AUTHENTICATION:
        return TERMINAL_AUTHENTICATION
    for prefix, read in _READERS.items():
        if oid.startswith(prefix):
            return read(oid, parts[1:])
    return None


def _malformed(detail: str) -> CardMalformed:
    return CardMalformed(FindingCode.TLV_MALFORMED, detail=detail)


def _integer(parts: tuple[tlv.Tlv, ...], place: int) -> int:
    if place >= len(parts) or parts[place].tag != 0x02 or not 1 <= len(parts[place].value) <= 8:
        raise _malformed("integer")
    return int.from_bytes(parts[place].value, "big", signed=True)


def _optional_integer(parts: tuple[tlv.Tlv, ...], place: int) -> int | None:
    return _integer(parts, place) if place < len(parts) else None


def _pace(oid: str, parts: tuple[tlv.Tlv, ...]) -> object:
    """``PACEInfo``; the entries with explicit parameters have a shorter identifier and are skipped."""
    arcs = oid.removeprefix(PACE).split(".")
    if len(arcs) != 2 or arcs[0] not in _MAPPINGS or arcs[1] not in _CIPHERS:
        return None
    elliptic, mapping = _MAPPINGS[arcs[0]]
    return PaceInfo(
        oid,
        _integer(parts, 0),
        _optional_integer(parts, 1),
        elliptic,
        mapping,
        _CIPHERS[arcs[1]],
    )


def _chip_authentication(oid: str, parts: tuple[tlv.Tlv, ...]) -> object:
    """``ChipAuthenticationInfo``; ``ChipAuthenticationDomainParameterInfo`` is skipped."""
    arcs = oid.removeprefix(CHIP_AUTHENTICATION).split(".")
    if len(arcs) != 2 or arcs[0] not in {"1", "2"} or arcs[1] not in _CIPHERS:
        return None
    return ChipAuthenticationInfo(
        oid,
        _integer(parts, 0),
        _optional_integer(parts, 1),
        arcs[0] == "2",
        _CIPHERS[arcs[1]],
    )


def _chip_key(oid: str, parts: tuple[tlv.Tlv, ...]) -> object:
    arc = oid.removeprefix(CHIP_PUBLIC_KEY)
    if arc not in {"1", "2"}:
        return None
    if not parts or parts[0].tag != 0x30:
        raise _malformed("chip key")
    return ChipPublicKey(arc == "2", parts[0].raw, _optional_integer(parts, 1))


def _active(_oid: str, parts: tuple[tlv.Tlv, ...]) -> object:
    if len(parts) < 2 or parts[1].tag != 0x06:
        raise _malformed("active authentication")
    return ActiveAuthenticationInfo(decode_oid(parts[1].value))


_READERS: dict[str, Callable[[str, tuple[tlv.Tlv, ...]], object]] = {
    PACE: _pace,
    CHIP_AUTHENTICATION: _chip_authentication,
    CHIP_PUBLIC_KEY: _chip_key,
    ACTIVE_AUTHENTICATION: _active,
}
