"""Torn, broken and greedy files: nothing but our own errors, within limits."""

from __future__ import annotations

import random
import zlib

import pytest

from hkeid.adapters.pdf import engine_in_worker
from hkeid.kernel.errors import HkeidError, MalformedInput, Refused, Unavailable
from hkeid.signing import sign_pdf
from hkeid.testing.papers import paper


def _ours(document: bytes, authority, engine) -> str:
    """The outcome; anything that is not ours fails the test by itself."""
    try:
        signed = sign_pdf(document, authority.signer(), engine=engine)
    except (MalformedInput, Refused, Unavailable) as error:
        assert error.reason
        assert error.reason.startswith(("pdf_", "field_", "page_"))
        return error.reason
    assert signed.startswith(document)
    return "signed"


@pytest.mark.parametrize("compact", [False, True])
def test_a_torn_file_is_refused(compact, authority, engine) -> None:
    whole = paper(pages=2, compact=compact)
    for length in range(0, len(whole) - 2, max(1, len(whole) // 60)):
        assert _ours(whole[:length], authority, engine) != "signed"


def test_a_torn_signed_file_is_refused(authority, engine, plain) -> None:
    """The old revision is there, and its last end-of-file marker is not the end."""
    whole = sign_pdf(plain, authority.signer(), engine=engine)
    for length in range(len(plain) + 3, len(whole) - 2, max(1, (len(whole) - len(plain)) // 40)):
        assert _ours(whole[:length], authority, engine) != "signed"


@pytest.mark.parametrize("compact", [False, True])
def test_mutated_files_raise_only_ours(compact, authority, engine) -> None:
    chance = random.Random(20261128)
    whole = paper(pages=2, compact=compact)
    outcomes = set()
    for _ in range(250):
        changed = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        outcomes.add(_ours(bytes(changed), authority, engine))
    assert len(outcomes) > 2


def _swapped(whole: bytes, old: bytes, new: bytes) -> bytes:
    """One thing for another of the same length, so that the table still fits."""
    assert old in whole
    return whole.replace(old, new.ljust(len(old))[: len(old)])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/Kids [ 3 0 R 4 0 R ]", b"/Kids [ 2 0 R 2 0 R ]"),
        (b"/Count 2", b"/Count -"),
        (b"/Count 2", b"/Count 9"),
        (b"/Pages 2 0 R", b"/Pages 1 0 R"),
        (b"/Pages 2 0 R", b"/Pages null"),
        (b"/Type /Pages", b"/Type /Page "),
        (b"/Root 1 0 R", b"/Root 2 0 R"),
        (b"/Root 1 0 R", b"/Root 99 0 "),
        (b"/MediaBox", b"/MediaBix"),
    ],
)
def test_structures_that_make_no_sense(old, new, authority, engine) -> None:
    document = _swapped(paper(pages=2), old, new)
    _ours(document, authority, engine)


@pytest.mark.parametrize(
    "form",
    [
        b"/AcroForm null",
        b"/AcroForm [ ]",
        b"/AcroForm << /Fields null >>",
        b"/AcroForm << /Fields [ 1 0 R ] >>",
        b"/AcroForm << /Fields [ null 7 (x) ] >>",
        b"/AcroForm << /Fields [ << /T (a) /FT /Sig >> ] >>",
        b"/Perms << /DocMDP null >>",
        b"/Perms << /DocMDP << /Reference 5 >> >>",
        b"/Extensions 3 /Perms [ ]",
        b"/Extensions << /ESIC << /ExtensionLevel (x) >> >>",
        b"/DSS 7",
        b"/Version 5",
        b"/Names [ ]",
    ],
)
def test_forms_and_permissions_that_make_no_sense(form, authority, engine) -> None:
    _ours(_written(b"/Type /Catalog /Pages 2 0 R " + form), authority, engine)


def test_nesting_without_end(authority, engine) -> None:
    document = _written(b"/Type /Catalog /Pages 2 0 R /X " + b"[" * 50_000 + b"]" * 50_000)
    assert _ours(document, authority, engine) != "signed"


def _written(catalogue: bytes, *more: bytes) -> bytes:
    """A file out of objects as they are."""
    objects = [
        b"<< " + catalogue + b" >>",
        b"<< /Type /Pages /Kids [ 3 0 R ] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [ 0 0 595 842 ] >>",
        *more,
    ]
    content = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, one in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    start = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        content += b"%010d 00000 n \n" % offset
    content += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
    return bytes(content)


def test_the_written_file_is_a_good_one(authority, engine, judge) -> None:
    document = _written(b"/Type /Catalog /Pages 2 0 R")
    judge.require_good(sign_pdf(document, authority.signer(), engine=engine))


def _bomb(mib: int) -> bytes:
    """An object stream that becomes large, behind a cross-reference stream."""
    inflated = zlib.compress(b"4 0 " + b" " * (mib << 20), 9)
    stream = b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n" % len(
        inflated
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /X 5 0 R >>",
        b"<< /Type /Pages /Kids [ 3 0 R ] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [ 0 0 595 842 ] >>",
        stream + inflated + b"\nendstream",
    ]
    content = bytearray(b"%PDF-1.7\n")
    entries = bytearray(b"\x00" + bytes(4) + b"\xff")
    for number, one in enumerate(objects, 1):
        entries += b"\x01" + len(content).to_bytes(4, "big") + b"\x00"
        content += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    entries += b"\x02" + (4).to_bytes(4, "big") + b"\x00"  # 5 stands in stream 4
    start = len(content)
    entries += b"\x01" + start.to_bytes(4, "big") + b"\x00"
    content += b"6 0 obj\n<< /Type /XRef /Size 7 /W [1 4 1] /Root 1 0 R /Length %d >>\nstream\n" % (
        len(entries)
    )
    content += entries + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % start
    return bytes(content)


def test_a_bomb_stays_within_the_memory_that_is_allowed(authority) -> None:
    with engine_in_worker(memory_mib=256, timeout=60) as engine:
        outcome = _ours(_bomb(400), authority, engine)
        assert outcome != "signed"
        # The next document is served as if nothing had been.
        assert _ours(paper(), authority, engine) == "signed"


def test_time_is_bounded(authority, plain) -> None:
    with engine_in_worker(timeout=0.001) as engine, pytest.raises(Unavailable) as refused:
        sign_pdf(plain, authority.signer(), engine=engine)
    assert refused.value.reason == "pdf_engine_failed"


def test_nothing_of_the_document_is_in_an_error(authority, engine) -> None:
    secret = b"SPECIMEN-9a7c"
    document = _written(b"/Type /Catalog /Pages 2 0 R /AcroForm << /Fields (%s) >>" % secret)
    try:
        sign_pdf(document, authority.signer(), engine=engine)
    except HkeidError as error:
        assert secret.decode() not in f"{error} {error.detail} {error.safe_text}"
