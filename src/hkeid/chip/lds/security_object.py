"""The content of EF.SOD: ``LDSSecurityObject`` (Doc 9303-10 §4.6.2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hkeid.chip import tlv
from hkeid.chip.errors import CardMalformed
from hkeid.chip.findings import FindingCode
from hkeid.chip.object_identifiers import decode_oid

_DIGESTS = {
    "1.3.14.3.2.26": ("sha1", 20),
    "2.16.840.1.101.3.4.2.4": ("sha224", 28),
    "2.16.840.1.101.3.4.2.1": ("sha256", 32),
    "2.16.840.1.101.3.4.2.2": ("sha384", 48),
    "2.16.840.1.101.3.4.2.3": ("sha512", 64),
}


@dataclass(frozen=True, slots=True)
class SecurityObject:
    """The signed hashes.

    :ivar digest: ``sha1`` to ``sha512``.
    :ivar hashes: by data group, ``DG1`` …
    :ivar lds_version: four digits where the object carries them (version 1), else None.
    """

    digest: str
    hashes: Mapping[str, bytes] = field(repr=False)
    lds_version: str | None


def read_security_object(content: bytes) -> SecurityObject:
    """Read the signed content.

    :raises CardMalformed: ``sod_malformed``, ``sod_version_unsupported``,
        ``sod_digest_algorithm_refused`` (unknown), ``sod_groups_repeated``.
    """
    try:
        return _read(content)
    except CardMalformed as error:
        if error.code.value.startswith("sod_"):
            raise
        raise CardMalformed(
            FindingCode.SOD_MALFORMED, detail=error.detail or error.reason
        ) from None


def _malformed(detail: str) -> CardMalformed:
    return CardMalformed(FindingCode.SOD_MALFORMED, detail=detail)


def _read(content: bytes) -> SecurityObject:
    parts = tlv.parse_one(content, 0x30).children()
    tags = [part.tag for part in parts]
    if tags not in ([2, 0x30, 0x30], [2, 0x30, 0x30, 0x30]):
        raise _malformed("parts")
    if parts[0].value not in {b"\0", b"\1"}:
        raise CardMalformed(FindingCode.SOD_VERSION_UNSUPPORTED)
    algorithm = parts[1].children()
    if not algorithm or algorithm[0].tag != 0x06:
        raise _malformed("algorithm")
    oid = decode_oid(algorithm[0].value)
    if oid not in _DIGESTS:
        raise CardMalformed(FindingCode.SOD_DIGEST_ALGORITHM_REFUSED, detail=oid)
    name, size = _DIGESTS[oid]
    hashes: dict[str, bytes] = {}
    for entry in parts[2].children():
        group, value = _hash(entry, size)
        if group in hashes:
            raise CardMalformed(FindingCode.SOD_GROUPS_REPEATED, detail=group)
        hashes[group] = value
    if not hashes:
        raise _malformed("no groups")
    version = _version(parts[3]) if len(parts) == 4 else None
    return SecurityObject(name, hashes, version)


def _hash(entry: tlv.Tlv, size: int) -> tuple[str, bytes]:
    parts = entry.children() if entry.tag == 0x30 else ()
    if [part.tag for part in parts] != [2, 4] or len(parts[1].value) != size:
        raise _malformed("hash")
    number = int.from_bytes(parts[0].value, "big")
    if len(parts[0].value) != 1 or not 1 <= number <= 16:
        raise _malformed("group number")
    return f"DG{number}", parts[1].value


def _version(entry: tlv.Tlv) -> str:
    parts = entry.children()
    if not parts or parts[0].tag not in {0x13, 0x0C} or len(parts[0].value) > 8:
        raise _malformed("version")
    return parts[0].value.decode("ascii", "replace")
