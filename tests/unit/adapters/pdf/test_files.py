"""Files signed where they lie: appended to, written through, cut back when something fails."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from hkeid.adapters.pdf import engine_in_worker, sign_file
from hkeid.kernel.errors import MalformedInput, NotFound
from hkeid.signing import DocumentRefused, Level, Services, Wishes
from hkeid.testing.own_loop import run_in_own_loop
from hkeid.testing.papers import paper
from hkeid.testing.signing_authority import SigningAuthority, SpecimenTimestamps


@pytest.fixture(scope="module")
def authority() -> SigningAuthority:
    return SigningAuthority()


@pytest.fixture(scope="module")
def engine():
    with engine_in_worker(timeout=120, cpu_seconds=60) as made:
        yield made


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "document.pdf"
    path.write_bytes(paper(200_000))
    return path


def _coverage(content: bytes) -> list[str]:
    """How much each signature covers; the first one's arithmetic is right."""
    reader = PdfFileReader(io.BytesIO(content))
    status = run_in_own_loop(
        async_validate_pdf_signature(
            reader.embedded_signatures[0], ValidationContext(trust_roots=[], allow_fetching=False)
        )
    )
    assert status.intact
    assert status.valid
    return [one.evaluate_signature_coverage().name for one in reader.embedded_signatures]


def test_in_place_only_the_end_is_new(document, authority, engine) -> None:
    before = document.read_bytes()
    node = document.stat().st_ino
    sign_file(document, authority.signer(), engine=engine)
    after = document.read_bytes()
    assert after.startswith(before)
    assert document.stat().st_ino == node
    assert _coverage(after) == ["ENTIRE_FILE"]


def test_into_another_file(document, authority, engine, tmp_path: Path) -> None:
    before = document.read_bytes()
    output = tmp_path / "signed.pdf"
    sign_file(document, authority.signer(), output=output, engine=engine)
    assert document.read_bytes() == before
    assert output.stat().st_mode == document.stat().st_mode
    assert output.read_bytes().startswith(before)
    assert _coverage(output.read_bytes()) == ["ENTIRE_FILE"]


def test_all_updates_of_a_level_are_appended(document, authority, engine) -> None:
    services = Services(timestamp_authority=SpecimenTimestamps(authority), revocation=authority)
    sign_file(
        document,
        authority.signer(),
        wishes=Wishes(level=Level.B_LTA),
        services=services,
        engine=engine,
    )
    assert _coverage(document.read_bytes()) == [
        "ENTIRE_REVISION",
        "ENTIRE_FILE",
    ]


def test_a_refused_file_is_left_alone(tmp_path: Path, authority, engine) -> None:
    path = tmp_path / "more.pdf"
    path.write_bytes(paper() + b"more")
    with pytest.raises(DocumentRefused) as refused:
        sign_file(path, authority.signer(), engine=engine)
    assert refused.value.reason == "pdf_trailing_bytes"
    assert path.read_bytes().endswith(b"more")


def test_absent_and_empty_files(tmp_path: Path, authority, engine) -> None:
    with pytest.raises(NotFound) as absent:
        sign_file(tmp_path / "absent.pdf", authority.signer(), engine=engine)
    assert absent.value.reason == "file_absent"
    empty = tmp_path / "empty.pdf"
    empty.write_bytes(b"")
    with pytest.raises(MalformedInput) as malformed:
        sign_file(empty, authority.signer(), engine=engine)
    assert malformed.value.reason == "pdf_malformed"


def test_when_the_disk_fails_the_file_is_cut_back(document, authority, engine, monkeypatch) -> None:
    before = document.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        sign_file(document, authority.signer(), engine=engine)
    assert document.read_bytes() == before


def test_when_the_disk_fails_nothing_unsigned_bears_the_name_of_the_signed_file(
    document, authority, engine, monkeypatch, tmp_path: Path
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        sign_file(document, authority.signer(), output=tmp_path / "signed.pdf", engine=engine)
    assert [one.name for one in tmp_path.iterdir()] == ["document.pdf"]


def test_a_file_that_grew_meanwhile_is_left_alone(document, authority, engine) -> None:
    signer = authority.signer()
    grown = document.read_bytes() + b"\n"

    class Meanwhile:
        """Somebody writes while we sign."""

        def prepare_signature(self, parts, request):
            answer = engine.prepare_signature(parts, request)
            document.write_bytes(grown)
            return answer

    with pytest.raises(MalformedInput):
        sign_file(document, signer, engine=Meanwhile())
    assert document.read_bytes() == grown
