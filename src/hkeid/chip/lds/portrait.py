"""DG2: the portrait, inside a biometric template of ISO/IEC 19794-5 or 39794-5's image (Doc 9303-10 §4.7.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hkeid.chip import tlv
from hkeid.chip.errors import CardMalformed
from hkeid.chip.findings import FindingCode

JPEG, JPEG2000 = "image/jpeg", "image/jp2"
_MAGIC = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", JPEG2000),
    (b"\xff\x4f\xff\x51", JPEG2000),
)
_RECORD_HEADER = 14
_FACE_HEADER = 20
_FEATURE_POINT = 8
_IMAGE_HEADER = 12
_MOST_IMAGES = 16


@dataclass(frozen=True, slots=True)
class Portrait:
    """The first face image. ``kind`` is ``image/jpeg``, ``image/jp2``, or None for another format."""

    image: bytes = field(repr=False)
    kind: str | None


def read_portrait(data: bytes) -> Portrait:
    """The picture in DG2.

    :raises CardMalformed: ``dg2_malformed``, ``dg2_without_portrait``.
    """
    try:
        return _read(data)
    except CardMalformed as error:
        if error.code in {FindingCode.DG2_MALFORMED, FindingCode.DG2_WITHOUT_PORTRAIT}:
            raise
        detail = error.detail or error.reason
        raise CardMalformed(FindingCode.DG2_MALFORMED, detail=detail) from None


def _malformed(detail: str) -> CardMalformed:
    return CardMalformed(FindingCode.DG2_MALFORMED, detail=detail)


def _read(data: bytes) -> Portrait:
    group = tlv.parse_one(data, 0x75).find(0x7F61)
    if group is None:
        raise _malformed("no template group")
    for template in group.children():
        if template.tag != 0x7F60:
            continue
        block = template.find(0x5F2E) or template.find(0x7F2E)
        if block is None:
            raise _malformed("no biometric block")
        return _record(block.value)
    raise CardMalformed(FindingCode.DG2_WITHOUT_PORTRAIT)


def _record(record: bytes) -> Portrait:
    """A facial record: header, then face information, feature points, image information, image."""
    if record[:4] != b"FAC\x00" or len(record) < _RECORD_HEADER:
        raise _malformed("record format")
    total, images = int.from_bytes(record[8:12], "big"), int.from_bytes(record[12:14], "big")
    if total > len(record) or images > _MOST_IMAGES:
        raise _malformed("record length")
    if not images:
        raise CardMalformed(FindingCode.DG2_WITHOUT_PORTRAIT)
    start = _RECORD_HEADER
    size = int.from_bytes(record[start : start + 4], "big")
    points = int.from_bytes(record[start + 4 : start + 6], "big")
    at = start + _FACE_HEADER + points * _FEATURE_POINT + _IMAGE_HEADER
    end = start + size
    if end > total or at > end:
        raise _malformed("face length")
    image = record[at:end]
    if not image:
        raise CardMalformed(FindingCode.DG2_WITHOUT_PORTRAIT)
    return Portrait(image, picture_kind(image))


def picture_kind(image: bytes) -> str | None:
    """What the first bytes of a picture say that it is; what the record claims is not believed."""
    return next((kind for magic, kind in _MAGIC if image.startswith(magic)), None)
