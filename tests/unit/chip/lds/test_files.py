"""EF.COM, the content of EF.SOD, DG2, DG11, DG12, DG13."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from hkeid.chip.errors import CardMalformed
from hkeid.chip.lds.common_file import read_common_file
from hkeid.chip.lds.details import read_dg11, read_dg12, read_dg13
from hkeid.chip.lds.portrait import JPEG, JPEG2000, read_portrait
from hkeid.chip.lds.security_object import read_security_object
from hkeid.testing.card_issuer import groups
from hkeid.testing.card_issuer.issuer import lds_content
from hkeid.testing.der import integer, octets, sequence, tlv
from hkeid.testing.personas import PERSONAS

_JPEG = b"\xff\xd8\xff\xe0 picture"


def refusal(read: Callable[[bytes], Any], data: bytes) -> str:
    with pytest.raises(CardMalformed) as caught:
        read(data)
    return caught.value.reason


def test_com_says_versions_and_groups() -> None:
    found = read_common_file(groups.com(["DG1", "DG2", "DG14"], version="0108"))
    assert (found.lds_version, found.unicode_version) == ("0108", "040000")
    assert found.groups == {"DG1", "DG2", "DG14"}


def test_com_of_doc_9303_appendix_d() -> None:
    found = read_common_file(bytes.fromhex("60145F0104303130365F36063034303030305C026175"))
    assert (found.lds_version, found.groups) == ("0106", {"DG1", "DG2"})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        tlv(0x60),
        groups.com(["DG1"])[:-1],
        groups.com(["DG1", "DG1"]),
        groups.com(["DG1"], version="01"),
        groups.com(["DG1"]).replace(b"\x61", b"\x99"),
        groups.com(["DG1"]).replace(b"0107", b"\xff\xff\xff\xff"),
    ],
)
def test_what_is_no_com(data: bytes) -> None:
    assert refusal(read_common_file, data) == "com_malformed"


@pytest.mark.parametrize("digest", ["sha1", "sha224", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("version", ["0107", "0108"])
def test_the_signed_hashes(digest: str, version: str) -> None:
    content = lds_content({"DG1": b"a", "DG16": b"b"}, digest=digest, lds_version=version)
    found = read_security_object(content)
    assert found.digest == digest
    assert list(found.hashes) == ["DG1", "DG16"]
    assert found.lds_version == (version if version == "0108" else None)


def _edited(old: bytes, new: bytes) -> bytes:
    content = lds_content({"DG1": b"a", "DG2": b"b"}, digest="sha256", lds_version="0107")
    assert old in content
    return content.replace(old, new, 1)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "sod_malformed"),
        (b"\x30\x00", "sod_malformed"),
        (_edited(b"\x02\x01\x00\x30", b"\x02\x01\x02\x30"), "sod_version_unsupported"),
        (_edited(b"\x03\x04\x02\x01", b"\x03\x04\x02\x09"), "sod_digest_algorithm_refused"),
        (_edited(b"\x02\x01\x02\x04\x20", b"\x02\x01\x01\x04\x20"), "sod_groups_repeated"),
        (_edited(b"\x02\x01\x02\x04\x20", b"\x02\x01\x11\x04\x20"), "sod_malformed"),
        (_edited(b"\x02\x01\x02\x04\x20", b"\x02\x01\x00\x04\x20"), "sod_malformed"),
        (_edited(b"\x02\x01\x02\x04\x20", b"\x02\x01\x82\x04\x20"), "sod_malformed"),
    ],
)
def test_what_is_no_security_object(data: bytes, reason: str) -> None:
    assert refusal(read_security_object, data) == reason


def test_a_hash_must_be_as_long_as_its_algorithm_says() -> None:
    entry = sequence(integer(1), octets(b"short"))
    algorithm = lds_content({"DG1": b""}, digest="sha256", lds_version="0107")[5:18]
    data = sequence(integer(0), algorithm, sequence(entry))
    assert refusal(read_security_object, data) == "sod_malformed"


def test_the_portrait_comes_out_as_it_went_in() -> None:
    found = read_portrait(groups.dg2(groups.face_record(_JPEG)))
    assert (found.image, found.kind) == (_JPEG, JPEG)
    assert "picture" not in repr(found)


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n rest", JPEG2000),
        (b"\xff\x4f\xff\x51 rest", JPEG2000),
        (b"GIF89a", None),
    ],
)
def test_the_picture_says_what_it_is_not_the_record(image: bytes, kind: str | None) -> None:
    assert read_portrait(groups.dg2(groups.face_record(image, kind=0))).kind == kind


def test_feature_points_are_skipped() -> None:
    record = groups.face_record(_JPEG)
    size = int.from_bytes(record[14:18], "big") + 16
    longer = record[:14] + size.to_bytes(4, "big") + b"\x00\x02" + record[20:34]
    longer += bytes(16) + record[34:]
    longer = longer[:8] + len(longer).to_bytes(4, "big") + longer[12:]
    assert read_portrait(groups.dg2(longer)).image == _JPEG


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "dg2_malformed"),
        (tlv(0x75), "dg2_malformed"),
        (tlv(0x75, tlv(0x7F61, b"\x02\x01\x00")), "dg2_without_portrait"),
        (tlv(0x75, tlv(0x7F61, tlv(0x7F60, b""))), "dg2_malformed"),
        (groups.dg2(b"FIR\x00" + bytes(40)), "dg2_malformed"),
        (groups.dg2(groups.face_record(_JPEG)[:30]), "dg2_malformed"),
        (groups.dg2(groups.face_record(b"")), "dg2_without_portrait"),
        (groups.dg2(groups.face_record(_JPEG).replace(b"\x00\x01\x00", b"\xff\xff\x00", 1)),
         "dg2_malformed"),
    ],
)  # fmt: skip
def test_what_is_no_portrait(data: bytes, reason: str) -> None:
    assert refusal(read_portrait, data) == reason


def test_details_of_the_person() -> None:
    found = read_dg11(groups.dg11(PERSONAS["chan-tai-man"].person))
    assert found.name_in_latin == "CHAN, Tai Man"
    assert found.name_in_chinese == "陳大文"
    assert found.personal_number == "Q000101(1)"
    assert found.born == "19850412"
    assert "陳" not in repr(found)


def test_a_birth_date_may_be_packed() -> None:
    data = tlv(0x6B, tlv(0x5C, b"\x5f\x2b"), tlv(0x5F2B, bytes.fromhex("19850412")))
    assert read_dg11(data).born == "19850412"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        tlv(0x6B),
        tlv(0x6B, tlv(0x5C), tlv(0x5F0E, b"A"), tlv(0x5F0E, b"B")),
        tlv(0x6B, tlv(0x5C), tlv(0x5F0E, b"\xff")),
        tlv(0x6B, tlv(0x5C), tlv(0x5F0E, "A\u202eB".encode())),
        tlv(0x6B, tlv(0x5C), tlv(0x5F0E, b"A" * 1000)),
        tlv(0x6B, tlv(0x5C), tlv(0x5F2B, b"19850")),
        tlv(0x6B, tlv(0x5C), tlv(0xA0, b"\x5f")),
    ],
)
def test_what_is_no_dg11(data: bytes) -> None:
    assert refusal(read_dg11, data) == "dg11_malformed"


def test_details_of_the_document() -> None:
    found = read_dg12(groups.dg12(authority="Immigration, SPECIMEN", issued=date(2026, 2, 28)))
    assert (found.authority, found.issued) == ("Immigration, SPECIMEN", date(2026, 2, 28))
    packed = tlv(0x6C, tlv(0x5C), tlv(0x5F26, bytes.fromhex("20260228")))
    assert read_dg12(packed).issued == date(2026, 2, 28)


@pytest.mark.parametrize("issued", [b"20260230", b"2026", b"abcdefgh"])
def test_a_date_of_issue_that_is_none(issued: bytes) -> None:
    assert refusal(read_dg12, tlv(0x6C, tlv(0x5C), tlv(0x5F26, issued))) == "dg12_malformed"


def test_dg13_is_passed_on_as_it_is() -> None:
    assert read_dg13(groups.dg13(b"whatever")) == b"whatever"
    assert refusal(read_dg13, b"\x6d\x05a") == "dg13_malformed"
