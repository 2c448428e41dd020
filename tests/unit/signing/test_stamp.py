"""Visible stamps: readable, embedded, small, and the same to every device."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest

from hkeid.adapters.pdf import engine_in_worker
from hkeid.kernel.errors import ConfigurationError
from hkeid.signing import DocumentRefused, Stamp, StampLine, sign_pdf, signature_stamp
from hkeid.testing.papers import paper

AT = datetime(2026, 11, 28, 4, 5, 6, tzinfo=UTC)
BOX = (60.0, 60.0, 320.0, 140.0)
LINK = "https://id.example.hk/verify"


@pytest.fixture(scope="module")
def stamped(authority, engine, plain) -> bytes:
    stamp = signature_stamp(
        "陳大文 CHAN Tai Man", AT, box=BOX, reason="同意條款 I agree", verification_url=LINK
    )
    return sign_pdf(plain, authority.signer(), stamp=stamp, engine=engine)


def _appearance(pdf: bytes):
    document = pikepdf.open(io.BytesIO(pdf))
    (field,) = document.Root.AcroForm.Fields
    return document, field.AP.N


def test_it_says_who_when_and_why_in_both_languages(stamped, rendered, judge) -> None:
    judge.require_good(stamped)
    said = rendered(stamped, "text")
    for line in (
        "數碼簽署 Digitally signed",
        "陳大文 CHAN Tai Man",
        "2026-11-28 12:05:06 HKT",
        "同意條款 I agree",
        "掃描核實 Scan to verify",
    ):
        assert line in said


def test_the_font_is_an_embedded_subset(stamped, rendered) -> None:
    row = next(line for line in rendered(stamped, "fonts").splitlines() if "HkeidStamp" in line)
    assert "CID Type 0C" in row
    assert row.split()[-5:-2] == ["yes", "yes", "yes"]  # embedded, subset, with a way back to text


def test_nothing_in_it_breaks_pdf_a(stamped) -> None:
    """ISO 19005: no transparency, no colours of a device, everything embedded, printed."""
    document, look = _appearance(stamped)
    assert set(look.Resources.keys()) == {"/Font", "/ColorSpace"}
    assert look.Resources.ColorSpace.G[0] == "/CalGray"
    assert "/Group" not in look
    content = look.read_bytes()
    assert not any(f" {name}\n".encode() in content for name in ("g", "rg", "k", "gs", "sh", "Do"))
    font = look.Resources.Font.F.DescendantFonts[0]
    assert font.FontDescriptor.FontFile3.Subtype == "/CIDFontType0C"
    assert "/CIDSet" in font.FontDescriptor
    assert document.Root.AcroForm.Fields[0].F & 0b100
    assert not document.Root.AcroForm.Fields[0].F & 0b11
    document.close()


def test_metadata_of_the_document_stay_as_they_are(authority, engine, judge) -> None:
    def described(document) -> None:
        with document.open_metadata() as metadata:
            metadata["pdfaid:part"], metadata["pdfaid:conformance"] = "2", "B"

    document = paper(change=described)
    signed = sign_pdf(
        document, authority.signer(), stamp=signature_stamp("A", AT, box=BOX), engine=engine
    )
    judge.require_good(signed)
    added = signed[len(document) :]
    assert b"/Metadata" in signed
    assert b"ModDate" not in added
    assert b"xmpmeta" not in added
    with pikepdf.open(io.BytesIO(signed)) as read, read.open_metadata() as metadata:
        assert metadata.pdfa_status == "2B"


def test_widths_and_codes_are_those_of_the_font(stamped) -> None:
    from fontTools.cffLib import CFFFontSet

    document, look = _appearance(stamped)
    font = look.Resources.Font.F.DescendantFonts[0]
    read = CFFFontSet()
    read.decompile(io.BytesIO(font.FontDescriptor.FontFile3.read_bytes()), None)
    glyphs = read[0].CharStrings
    widths = [int(one) for one in font.W[1]]
    assert len(widths) == len(glyphs.keys())
    to_unicode = look.Resources.Font.F.ToUnicode.read_bytes()
    mapped = to_unicode.split(b"beginbfchar")[1].split(b"endbfchar")[0].strip().splitlines()
    assert len(mapped) == len(widths) - 1
    document.close()


def test_the_code_leads_to_the_page(stamped, tmp_path) -> None:
    """The rectangles are the modules of the code for the link."""
    import segno

    document, look = _appearance(stamped)
    content = look.read_bytes().decode("ascii")
    matrix = [list(row) for row in segno.make_qr(LINK, error="m", boost_error=False).matrix]
    size = len(matrix)
    drawn = [[0] * size for _ in range(size)]
    for line in content.splitlines():
        parts = line.split()
        if len(parts) == 5 and parts[-1] == "re" and parts[3] == "1" and "." not in line:
            column, row, length = int(parts[0]), size - 1 - int(parts[1]), int(parts[2])
            drawn[row][column : column + length] = [1] * length
    assert drawn == [[int(bool(one)) for one in row] for row in matrix]
    document.close()


def test_it_is_small(stamped, plain) -> None:
    assert len(stamped) - len(plain) < 20_000


def test_the_second_one_is_quick(authority, engine, plain) -> None:
    """The font is read once: another name costs its own characters only."""
    signer = authority.signer()
    sign_pdf(plain, signer, stamp=signature_stamp("陳", AT, box=BOX), engine=engine)
    began = time.perf_counter()
    sign_pdf(plain, signer, stamp=signature_stamp("黃小明", AT, box=BOX), engine=engine)
    cold = time.perf_counter() - began
    began = time.perf_counter()
    for _ in range(3):
        sign_pdf(plain, signer, stamp=signature_stamp("黃小明", AT, box=BOX), engine=engine)
    warm = (time.perf_counter() - began) / 3
    assert warm < max(cold, 0.25)


def test_without_a_font_it_is_said_how_to_get_one(authority, plain, tmp_path: Path) -> None:
    stamp = signature_stamp("陳", AT, box=BOX)
    with (
        engine_in_worker(stamp_font=tmp_path / "absent.ttc") as engine,
        pytest.raises(ConfigurationError) as refused,
    ):
        sign_pdf(plain, authority.signer(), stamp=stamp, engine=engine)
    assert refused.value.reason == "stamp_font_missing"
    assert "fonts-noto-cjk" in refused.value.detail


def test_what_is_no_font_is_said(authority, plain, tmp_path: Path) -> None:
    path = tmp_path / "font.ttc"
    path.write_bytes(b"no font at all" * 100)
    stamp = signature_stamp("陳", AT, box=BOX)
    with (
        engine_in_worker(stamp_font=path) as engine,
        pytest.raises(ConfigurationError) as refused,
    ):
        sign_pdf(plain, authority.signer(), stamp=stamp, engine=engine)
    assert refused.value.reason == "stamp_font_unusable"


@pytest.mark.parametrize(
    ("stamp", "reason"),
    [
        (signature_stamp("\U0001f600", AT, box=BOX), "stamp_character_missing"),
        (signature_stamp("陳", AT, box=(0, 0, 20, 5)), "stamp_too_small"),
        (signature_stamp("陳" * 300, AT, box=BOX), "stamp_too_small"),
        (signature_stamp("陳", AT), "field_invisible"),
        (signature_stamp("陳", AT, box=BOX, page=7), "page_absent"),
        (signature_stamp("陳", AT, box=BOX, verification_url="x" * 5000), "stamp_link_too_long"),
    ],
)
def test_stamps_that_cannot_be(stamp, reason, authority, engine, plain) -> None:
    with pytest.raises(DocumentRefused) as refused:
        sign_pdf(plain, authority.signer(), stamp=stamp, engine=engine)
    assert refused.value.reason == reason


def test_lines_of_ones_own(authority, engine, plain, rendered) -> None:
    stamp = Stamp(lines=(StampLine(text="見證 Witness", size=12),), box=BOX, page=-1)
    signed = sign_pdf(plain, authority.signer(), stamp=stamp, engine=engine)
    assert "見證 Witness" in rendered(signed, "text")
