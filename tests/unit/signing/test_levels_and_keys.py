"""Each level and each kind of key, checked by pyHanko, poppler and OpenSSL."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from hkeid.kernel.errors import ConfigurationError
from hkeid.signing import DocumentRefused, Level, Signer, sign_pdf
from hkeid.testing.papers import paper
from hkeid.testing.signing_authority import SigningAuthority

KINDS = ["p256", "p384", "rsa2048", "rsa3072", "ed25519"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_key_signs(kind, authority, engine, plain, judge) -> None:
    signed = sign_pdf(plain, authority.signer(kind), engine=engine)
    assert signed.startswith(plain)
    judge.require_good(signed)
    if kind != "ed25519":  # OpenSSL 3.0 cannot verify EdDSA in CMS
        verified = judge.openssl(signed)
        assert verified.returncode == 0, verified.stderr


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048", "rsa3072"])
def test_poppler_agrees_with_the_arithmetic(kind, authority, engine, plain, judge) -> None:
    said = judge.pdfsig(sign_pdf(plain, authority.signer(kind), engine=engine))
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said


def test_the_default_is_level_b_b(authority, engine, plain) -> None:
    signed = sign_pdf(plain, authority.signer(), engine=engine)
    embedded = PdfFileReader(io.BytesIO(signed)).embedded_signatures[0]
    assert embedded.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert embedded.signer_info["unsigned_attrs"].native is None
    signed_types = {one["type"].native for one in embedded.signer_info["signed_attrs"]}
    assert signed_types == {"content_type", "message_digest", "signing_certificate_v2"}


@pytest.mark.parametrize("kind", KINDS)
def test_b_t_has_a_time_stamp_over_the_signature(
    kind, authority, engine, plain, judge, timestamps
) -> None:
    signed = sign_pdf(
        plain, authority.signer(kind), level="B-T", timestamp_authority=timestamps, engine=engine
    )
    status = judge.require_good(signed)
    assert status.timestamp_validity.valid
    assert status.timestamp_validity.intact
    assert status.timestamp_validity.trusted


def _store(pdf: bytes):
    return PdfFileReader(io.BytesIO(pdf)).root["/DSS"]


@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_b_lt_keeps_certificates_and_revocation_lists(
    kind, authority, engine, plain, judge, timestamps
) -> None:
    signed = sign_pdf(
        plain, authority.signer(kind), level=Level.B_LT,
        timestamp_authority=timestamps, revocation=authority, engine=engine,
    )  # fmt: skip
    status = judge.require_good(signed, coverage="ENTIRE_REVISION")
    assert status.modification_level.name == "LTA_UPDATES"
    store = _store(signed)
    # Signer, issuing authority, time-stamp authority, root; one list of each authority.
    assert len(store["/Certs"]) == 4
    assert len(store["/CRLs"]) == 2


@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_b_lta_ends_in_a_document_time_stamp(
    kind, authority, engine, plain, judge, timestamps
) -> None:
    signed = sign_pdf(
        plain, authority.signer(kind), level="B-LTA",
        timestamp_authority=timestamps, revocation=authority, engine=engine,
    )  # fmt: skip
    status = judge.require_good(signed, coverage="ENTIRE_REVISION")
    assert status.modification_level.name == "LTA_UPDATES"
    last = PdfFileReader(io.BytesIO(signed)).embedded_signatures[-1]
    assert last.sig_object["/Type"] == "/DocTimeStamp"
    assert last.sig_object["/SubFilter"] == "/ETSI.RFC3161"
    assert last.evaluate_signature_coverage().name == "ENTIRE_FILE"
    assert len(_store(signed)["/CRLs"]) == 2
    assert "Signature Validation: Signature is Valid" in judge.pdfsig(signed)


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("version", ["1.4", "1.7", "2.0"])
def test_tables_and_streams_of_any_version(
    compact, version, authority, engine, judge, timestamps
) -> None:
    document = paper(compact=compact, version=version)
    signed = sign_pdf(
        document, authority.signer(), level="B-LTA",
        timestamp_authority=timestamps, revocation=authority, engine=engine,
    )  # fmt: skip
    judge.require_good(signed, coverage="ENTIRE_REVISION")


def test_what_the_dictionary_says(authority, engine, plain) -> None:
    signed = sign_pdf(
        plain, authority.signer(), reason="同意 I agree", location="香港 Hong Kong", engine=engine
    )
    said = PdfFileReader(io.BytesIO(signed)).embedded_signatures[0].sig_object
    assert said["/Reason"] == "同意 I agree"
    assert said["/Location"] == "香港 Hong Kong"


def test_the_claimed_time_stands_in_the_dictionary(engine, plain) -> None:
    """ETSI EN 319 142-1 §6.3: /M, and no signing-time attribute."""
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    signer = SigningAuthority(since=at - timedelta(days=1)).signer()
    signed = sign_pdf(plain, signer, at=at, engine=engine)
    embedded = PdfFileReader(io.BytesIO(signed)).embedded_signatures[0]
    assert embedded.self_reported_timestamp == at


def test_levels_need_their_services(authority, engine, plain, timestamps) -> None:
    signer = authority.signer()
    for level, services, reason in (
        ("B-T", {}, "timestamp_authority_missing"),
        ("B-LT", {"timestamp_authority": timestamps}, "revocation_missing"),
        ("B-LTA", {"revocation": authority}, "timestamp_authority_missing"),
        ("B-X", {}, "level_unknown"),
    ):
        with pytest.raises(ConfigurationError) as refused:
            sign_pdf(plain, signer, level=level, engine=engine, **services)
        assert refused.value.reason == reason


def test_what_is_missing_is_said_before_a_token_signs(authority, engine, plain) -> None:
    held = authority.signer()
    used: list[bytes] = []

    def sign(message: bytes) -> bytes:
        used.append(message)
        return held.sign(message)

    signer = Signer(identity=held.identity, _sign=sign)
    with pytest.raises(ConfigurationError):
        sign_pdf(plain, signer, level="B-T", engine=engine)
    assert not used
    sign_pdf(plain, signer, engine=engine)
    assert used


def test_nothing_is_stamped_twice(authority, engine, plain, timestamps) -> None:
    before = len(timestamps.stamped)
    sign_pdf(
        plain, authority.signer(), level="B-LTA",
        timestamp_authority=timestamps, revocation=authority, engine=engine,
    )  # fmt: skip
    assert len(timestamps.stamped) == before + 2  # the signature's and the document's


def test_a_token_that_does_not_fit_is_said(authority, engine, plain, timestamps) -> None:
    with pytest.raises(DocumentRefused) as refused:
        sign_pdf(
            plain, authority.signer(), level="B-T",
            timestamp_authority=timestamps, timestamp_room=64, engine=engine,
        )  # fmt: skip
    assert refused.value.reason == "signature_space_too_small"


def test_a_document_without_a_line_break_at_its_end(authority, engine, plain, judge) -> None:
    judge.require_good(sign_pdf(plain.rstrip(), authority.signer(), engine=engine))


def test_the_shared_engine_serves_who_names_none(authority, plain, judge) -> None:
    judge.require_good(sign_pdf(plain, authority.signer()))
