"""EF.COM (Doc 9303-10 §4.6.1): versions, and the data groups that are said to be there."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.chip import tlv
from hkeid.chip.errors import CardMalformed
from hkeid.chip.findings import FindingCode

GROUP_TAGS = {
    f"DG{number}": tag
    for number, tag in enumerate(bytes.fromhex("6175637665666768696A6B6C6D6E6F70"), start=1)
}
"""Tag of each data group's file."""
_GROUPS = {tag: name for name, tag in GROUP_TAGS.items()}


@dataclass(frozen=True, slots=True)
class CommonFile:
    """What EF.COM says.

    :ivar lds_version: four digits, ``0107``.
    :ivar groups: ``DG1``, ``DG2`` …
    """

    lds_version: str
    unicode_version: str
    groups: frozenset[str]


def read_common_file(data: bytes) -> CommonFile:
    """Read EF.COM.

    :raises CardMalformed: ``com_malformed``.
    """
    try:
        parts = {one.tag: one.value for one in tlv.parse_one(data, 0x60).children()}
        version = parts[0x5F01].decode("ascii")
        groups = [_GROUPS[tag] for tag in parts[0x5C]]
        unicode_version = parts.get(0x5F36, b"").decode("ascii")
    except (CardMalformed, KeyError, UnicodeDecodeError) as error:
        raise CardMalformed(FindingCode.COM_MALFORMED, detail=type(error).__name__) from None
    if len(set(groups)) != len(groups) or len(version) != 4 or not version.isdigit():
        raise CardMalformed(FindingCode.COM_MALFORMED)
    return CommonFile(version, unicode_version, frozenset(groups))
