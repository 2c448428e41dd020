"""Which data groups EF.SOD lists: all that reading needs of it. What it is worth is judged elsewhere."""

from __future__ import annotations

from hkeid.chip import tlv
from hkeid.chip.errors import CardMalformed
from hkeid.chip.findings import FindingCode

_SIGNED_DATA = (0xA0, 0x30, 0x30, 0xA0, 0x04)
_GROUPS = 16


def groups_in_sod(sod: bytes) -> tuple[str, ...]:
    """Names of the data groups in the ``LDSSecurityObject`` (Doc 9303-10 §4.6.2.3), in its order.

    :raises CardMalformed: ``sod_malformed``.
    """
    try:
        content = tlv.parse_one(sod, 0x77).find(0x30, *_SIGNED_DATA)
        if content is None:
            raise CardMalformed(FindingCode.SOD_MALFORMED)
        parts = tlv.parse_one(content.value, 0x30).children()
        hashes = parts[2].children() if len(parts) > 2 else ()
        numbers = [_number(entry) for entry in hashes]
    except CardMalformed as error:
        raise CardMalformed(FindingCode.SOD_MALFORMED, detail=error.reason) from None
    if not numbers or len(numbers) > _GROUPS:
        raise CardMalformed(FindingCode.SOD_MALFORMED, detail="groups")
    return tuple(f"DG{number}" for number in dict.fromkeys(numbers))


def _number(entry: tlv.Tlv) -> int:
    """``DataGroupHash ::= SEQUENCE { dataGroupNumber INTEGER (1..16), OCTET STRING }``."""
    parts = entry.children()
    if len(parts) != 2 or parts[0].tag != 0x02 or not 1 <= len(parts[0].value) <= 2:
        raise CardMalformed(FindingCode.SOD_MALFORMED)
    number = int.from_bytes(parts[0].value, "big")
    if not 1 <= number <= _GROUPS:
        raise CardMalformed(FindingCode.SOD_MALFORMED)
    return number
