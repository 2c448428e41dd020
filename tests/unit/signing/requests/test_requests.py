"""From the relying party's wish to the signed document."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from datetime import timedelta

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from hkeid.doors.subjects import pairwise_subject
from hkeid.identity.state import EidState
from hkeid.kernel.errors import HkeidError, NotFound, Unavailable
from hkeid.ports.pdf import PlannedField
from hkeid.signing import Level, prepare_fields
from hkeid.signing.activation import SignatureActivationRefused, SignatureEvidence, verify_evidence
from hkeid.signing.requests import ApprovalRefused, RequestOver, RequestUnknown
from hkeid.signing.requests.expiring import expire_overdue
from hkeid.signing.timestamping import TimestampRefused
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.own_loop import run_in_own_loop
from hkeid.testing.papers import paper
from hkeid.webauthn import CeremonyRefused


def signatures(bureau, pdf: bytes):
    """pyHanko's opinion on each signature of a signed document."""
    certification = bureau.certification
    root = asn1_x509.Certificate.load(certification.root.certificate)
    issuing = asn1_x509.Certificate.load(certification.authority.certificate.encoded)
    context = ValidationContext(
        trust_roots=[root],
        other_certs=[issuing],
        allow_fetching=False,
        moment=bureau.hub.clock.now(),
    )
    reader = PdfFileReader(io.BytesIO(pdf))
    return [
        run_in_own_loop(async_validate_pdf_signature(one, context))
        for one in reader.embedded_regular_signatures
    ]


def test_a_document_comes_back_signed_and_pyhanko_trusts_it(bureau) -> None:
    status, asked = bureau.ask()
    assert status == 201
    assert asked["sign_url"] == f"https://id.example.hk/sign/{asked['request_id']}"
    assert len(asked["code"]) == 4
    assert asked["expires_in"] == 900
    request_id = asked["request_id"]
    assert bureau.result(request_id) == (200, {"status": "waiting", "expires_in": 900})
    bureau.sign(request_id)
    status, result = bureau.result(request_id)
    assert (status, result["status"]) == (200, "signed")
    (signed,) = result["documents"]
    assert (signed["name"], signed["level"]) == ("Declaration.pdf", "B-LTA")
    pdf = base64.b64decode(signed["pdf"])
    (opinion,) = signatures(bureau, pdf)
    assert opinion.bottom_line
    assert opinion.timestamp_validity.trusted
    assert len(PdfFileReader(io.BytesIO(pdf)).embedded_timestamp_signatures) == 1
    name = x509.load_der_x509_certificate(base64.b64decode(result["certificates"][0])).subject
    assert "CHAN Tai Man" in name.rfc4514_string()


def test_the_result_names_the_resident_as_this_client_knows_them(bureau) -> None:
    request_id = bureau.asked()
    bureau.sign(request_id)
    resident_id = bureau.session.authentication.resident_id
    expected = pairwise_subject(bureau.hub.keys, "hko.example.hk", resident_id)
    assert bureau.result(request_id)[1]["sub"] == expected


def test_evidence_comes_with_the_result_and_verifies_with_what_was_displayed(bureau) -> None:
    content = paper(pages=2)
    request_id = bureau.asked(bureau.document("Ünique.pdf", content))
    code = bureau.requests.viewing.open(request_id, bureau.session).particulars.code
    bureau.sign(request_id)
    _, result = bureau.result(request_id)
    evidence = SignatureEvidence.loads(base64.b64decode(result["evidence"]))
    verify_evidence(evidence, rp_id="id.example.hk", origins={"https://id.example.hk"})
    shown = json.loads(evidence.display)
    assert shown["code"] == code
    assert shown["client"]["name"] == "Observatory"
    (document,) = shown["documents"]
    assert document["sha256"] == hashlib.sha256(content).hexdigest()
    assert document["pages"] == 2
    images = [bureau.pages.draw((content,), number, 1)[0].png for number in range(2)]
    whole = hashlib.sha256(b"".join(hashlib.sha256(one).digest() for one in images)).hexdigest()
    assert document["images"] == whole
    assert document["name"] == "Ünique.pdf"
    statement = evidence.activation.statement
    assert statement.documents[0].document == hashlib.sha256(content).digest()
    assert statement.client_id == "hko"


def test_a_bare_hash_comes_back_with_a_signature_and_its_chain(bureau) -> None:
    digest = hashlib.sha256(b"a document that stays at home").digest()
    request_id = bureau.asked({"name": "Form 12", "hash": base64.b64encode(digest).decode()})
    bureau.sign(request_id)
    _, result = bureau.result(request_id)
    (signed,) = result["documents"]
    assert base64.b64decode(signed["hash"]) == digest
    chain = [
        x509.load_der_x509_certificate(base64.b64decode(one)) for one in result["certificates"]
    ]
    chain[0].public_key().verify(
        base64.b64decode(signed["signature"]), digest, ec.ECDSA(Prehashed(hashes.SHA256()))
    )
    chain[0].verify_directly_issued_by(chain[1])


def test_a_batch_is_signed_by_one_touch_in_the_order_asked(bureau) -> None:
    papers = [paper(pages=number) for number in (1, 2, 3)]
    given = [bureau.document(f"{n}.pdf", one) for n, one in enumerate(papers)]
    digest = base64.b64encode(hashlib.sha256(b"kept").digest()).decode()
    request_id = bureau.asked(*given, {"name": "kept", "hash": digest})
    bureau.requests.viewing.document(request_id, 2, bureau.session)
    page = bureau.page(request_id)
    assert [len(one) for one in page.images] == [0, 2, 0, 0]
    bureau.send(request_id, page)
    _, result = bureau.result(request_id)
    assert [one["name"] for one in result["documents"]] == ["0.pdf", "1.pdf", "2.pdf", "kept"]
    for one, before in zip(result["documents"], papers, strict=False):
        pdf = base64.b64decode(one["pdf"])
        assert pdf.startswith(before)
        assert signatures(bureau, pdf)[0].bottom_line
    shown = json.loads(SignatureEvidence.loads(base64.b64decode(result["evidence"])).display)
    assert [one["images"] is None for one in shown["documents"]] == [True, False, True, True]


def test_two_residents_sign_one_document_in_prepared_fields(bureau) -> None:
    fields = [PlannedField(name="first"), PlannedField(name="second")]
    empty = prepare_fields(paper(), fields, engine=bureau.engine)
    first = bureau.asked(bureau.document(content=empty, field="first"))
    bureau.sign(first)
    once = base64.b64decode(bureau.result(first)[1]["documents"][0]["pdf"])
    other = SoftwareAuthenticator()
    session = bureau.resident(other)
    second = bureau.asked(bureau.document(content=once, field="second"))
    page = bureau.page(second, session)
    answer = other.get(page.ceremony.options, "https://id.example.hk")
    bureau.requests.approving.finish(second, session, page.ceremony.id, answer, binding="b1")
    twice = base64.b64decode(bureau.result(second)[1]["documents"][0]["pdf"])
    assert [one.intact and one.trusted for one in signatures(bureau, twice)] == [True, True]
    reader = PdfFileReader(io.BytesIO(twice))
    assert [one.field_name for one in reader.embedded_regular_signatures] == ["first", "second"]


# --- who, and in which state ------------------------------------------------------------------------


def test_the_first_resident_who_opens_a_request_has_it(bureau) -> None:
    request_id = bureau.asked()
    bureau.requests.viewing.open(request_id, bureau.session)
    other = bureau.resident(SoftwareAuthenticator())
    with pytest.raises(ApprovalRefused) as refused:
        bureau.requests.viewing.open(request_id, other)
    assert refused.value.reason == "other_person"
    with pytest.raises(RequestUnknown):
        bureau.requests.approving.refuse(request_id, other, "resident")
    with pytest.raises(RequestUnknown):
        bureau.requests.viewing.image(request_id, 1, 1, other)


def test_a_request_for_one_subject_opens_for_nobody_else(bureau) -> None:
    other = bureau.resident(SoftwareAuthenticator())
    resident_id = bureau.session.authentication.resident_id
    subject = pairwise_subject(bureau.hub.keys, "hko.example.hk", resident_id)
    request_id = bureau.asked(subject=subject)
    with pytest.raises(ApprovalRefused, match="other_person"):
        bureau.requests.viewing.open(request_id, other)
    assert bureau.requests.viewing.open(request_id, bureau.session).particulars is not None


@pytest.mark.parametrize("state", [EidState.ACTIVE, EidState.SUSPENDED])
def test_without_an_eid_plus_nobody_signs(bureau, state: EidState) -> None:
    session = bureau.resident(SoftwareAuthenticator(), state)
    request_id = bureau.asked()
    bureau.requests.viewing.open(request_id, session)
    with pytest.raises(ApprovalRefused, match="eid_not_upgraded"):
        bureau.requests.approving.make_key(session)
    with pytest.raises(ApprovalRefused, match="eid_not_upgraded"):
        bureau.page(request_id, session)


def test_no_key_is_made_by_looking(bureau) -> None:
    request_id = bureau.asked()
    assert not bureau.requests.approving.has_key(bureau.session)
    with pytest.raises(ApprovalRefused, match="signing_key_missing"):
        bureau.requests.approving.start(request_id, bureau.session, bureau_shown(), binding="b1")
    bureau.page(request_id)
    assert bureau.requests.approving.has_key(bureau.session)


def bureau_shown():
    from hkeid.signing.requests import ShownAs

    return ShownAs(name="Observatory", domain="rp.example.hk", language="en")


def test_a_refusal_destroys_the_documents_and_is_told(bureau) -> None:
    request_id = bureau.asked()
    bureau.requests.viewing.open(request_id, bureau.session)
    refused = bureau.requests.approving.refuse(request_id, bureau.session, "code_differs")
    assert bureau.requests.way_back(refused).startswith("https://rp.example.hk/eid/signed?")
    assert "outcome=refused" in bureau.requests.way_back(refused)
    assert "state=s-1" in bureau.requests.way_back(refused)
    assert bureau.evidence.names(request_id) == ()
    assert bureau.result(request_id) == (200, {"status": "refused"})
    (event,) = bureau.hub.bodies("signing:request:refused")
    assert event["reason"] == "code_differs"
    with pytest.raises(RequestOver):
        bureau.requests.approving.refuse(request_id, bureau.session, "resident")


def test_a_request_expires_and_its_documents_with_it(bureau) -> None:
    request_id = bureau.asked()
    bureau.requests.viewing.open(request_id, bureau.session)
    page = bureau.page(request_id)
    bureau.hub.clock.pass_(minutes=15)
    with pytest.raises(RequestOver, match="signature_request_expired"):
        bureau.send(request_id, page)
    assert bureau.result(request_id) == (200, {"status": "expired"})
    assert bureau.evidence.names(request_id) == ()
    assert bureau.hub.events("signing:request:expired") == ["signing:request:expired"]
    opened = bureau.requests.viewing.open(request_id, bureau.session)
    assert opened.particulars is None


def test_the_sweep_expires_what_nobody_asks_about(bureau) -> None:
    request_id = bureau.asked()
    assert expire_overdue(bureau.hub.store, bureau.evidence, bureau.hub.clock) == 0
    bureau.hub.clock.pass_(minutes=15)
    assert expire_overdue(bureau.hub.store, bureau.evidence, bureau.hub.clock) == 1
    assert bureau.state(request_id) == "expired"
    assert expire_overdue(bureau.hub.store, bureau.evidence, bureau.hub.clock) == 0


def test_an_older_page_does_not_sign(bureau) -> None:
    request_id = bureau.asked()
    old = bureau.page(request_id)
    new = bureau.page(request_id)
    with pytest.raises(ApprovalRefused, match="page_outdated"):
        bureau.send(request_id, old)
    bureau.send(request_id, new)
    assert bureau.state(request_id) == "signed"


@pytest.mark.parametrize("kept", [b"{}", b"[]", b'{"ceremony":1,"key":2,"display":3}'])
def test_a_page_that_another_release_made_does_not_sign(bureau, kept) -> None:
    request_id = bureau.asked()
    page = bureau.page(request_id)
    bureau.evidence.put(request_id, "attempt", kept)
    with pytest.raises(ApprovalRefused, match="page_outdated"):
        bureau.send(request_id, page)
    bureau.sign(request_id)
    assert bureau.state(request_id) == "signed"


def test_an_answer_counts_once_and_in_its_browser(bureau) -> None:
    request_id = bureau.asked()
    page = bureau.page(request_id)
    with pytest.raises(CeremonyRefused):
        bureau.send(request_id, page, binding="another browser")
    page = bureau.page(request_id)
    bureau.send(request_id, page)
    with pytest.raises(RequestOver):
        bureau.send(request_id, page)
    assert len(bureau.hub.bodies("signing:signatures:made")) == 1


def test_a_synced_passkey_does_not_sign(bureau) -> None:
    synced = SoftwareAuthenticator(synced=True)
    session = bureau.resident(synced)
    request_id = bureau.asked()
    page = bureau.page(request_id, session)
    answer = synced.get({**page.ceremony.options, "allowCredentials": []}, "https://id.example.hk")
    with pytest.raises((SignatureActivationRefused, CeremonyRefused)):
        bureau.requests.approving.finish(
            request_id, session, page.ceremony.id, answer, binding="b1"
        )
    assert bureau.state(request_id) == "waiting"


class NoTime:
    """A time-stamp authority that does not stamp."""

    def __init__(self, error: HkeidError) -> None:
        self._error = error

    def stamp(self, digest: bytes, *, hash_name: str = "sha256") -> bytes:
        del digest, hash_name
        raise self._error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Unavailable("timestamp_unavailable"), "timestamp_unavailable"),
        # That the authority refuses is no refusal of the resident.
        (TimestampRefused("badAlg"), "signature_not_completed"),
    ],
)
def test_without_a_time_stamp_nothing_is_given_out_and_the_resident_may_try_again(
    bureau, error, reason
) -> None:
    good, bureau.timestamps = bureau.timestamps, NoTime(error)
    bureau.open()
    request_id = bureau.asked()
    with pytest.raises(Unavailable, match=reason):
        bureau.sign(request_id)
    assert bureau.result(request_id)[1]["status"] == "waiting"
    bureau.timestamps = good
    bureau.open()
    bureau.sign(request_id)
    assert bureau.result(request_id)[1]["status"] == "signed"


# --- collecting -------------------------------------------------------------------------------------


def test_the_level_is_that_of_the_signature_whatever_is_configured_since(bureau) -> None:
    bureau.open(level=Level.B_T)
    request_id = bureau.asked()
    bureau.sign(request_id)
    bureau.open(level=Level.B_LTA)
    assert [one["level"] for one in bureau.result(request_id)[1]["documents"]] == ["B-T"]


def test_a_result_may_be_fetched_again_for_a_moment_and_then_is_gone(bureau) -> None:
    request_id = bureau.asked()
    bureau.sign(request_id)
    first = bureau.result(request_id)
    bureau.hub.clock.pass_(minutes=1)
    assert bureau.result(request_id) == first
    assert bureau.state(request_id) == "collected"
    bureau.hub.clock.pass_(minutes=1)
    status, answer = bureau.result(request_id)
    assert (status, answer["reason"]) == (410, "result_collected")
    assert bureau.evidence.names(request_id) == ()
    assert len(bureau.hub.bodies("signing:request:collected")) == 1


def test_what_nobody_collects_is_gone_after_the_window(bureau) -> None:
    request_id = bureau.asked()
    bureau.sign(request_id)
    bureau.hub.clock.pass_(minutes=15)
    status, answer = bureau.result(request_id)
    assert (status, answer["reason"]) == (410, "result_expired")


def test_another_client_knows_nothing_of_a_request(bureau) -> None:
    request_id = bureau.asked()
    assert bureau.result(request_id, "ird") == (
        404,
        {"error": "not_found", "reason": "signature_request_unknown"},
    )
    assert bureau.result("A" * 22)[0] == 404


def test_a_resident_sees_what_was_signed_long_after(bureau) -> None:
    request_id = bureau.asked(bureau.document("Tax return.pdf"))
    bureau.sign(request_id)
    bureau.result(request_id)
    bureau.hub.clock.pass_(days=400)
    resident_id = bureau.session.authentication.resident_id
    ((request, said),) = bureau.requests.signed_by(resident_id)
    assert request.id == request_id
    assert said.documents == ("Tax return.pdf",)
    assert said.client == "Observatory"
    assert bureau.requests.signed_by("somebody else") == ()


def test_page_images_are_png_and_only_those_that_were_drawn(bureau) -> None:
    request_id = bureau.asked(bureau.document(content=paper(pages=3)))
    bureau.requests.viewing.open(request_id, bureau.session)
    with pytest.raises(NotFound):
        bureau.requests.viewing.image(request_id, 1, 1, bureau.session)
    _, _, drawn = bureau.requests.viewing.document(request_id, 1, bureau.session)
    assert [(one.width, one.height) for one in drawn] == [(1200, 1699)] * 3
    image = bureau.requests.viewing.image(request_id, 1, 3, bureau.session)
    assert image.startswith(b"\x89PNG")
    with pytest.raises(NotFound):
        bureau.requests.viewing.image(request_id, 1, 4, bureau.session)
    with pytest.raises(RequestUnknown):
        bureau.requests.viewing.document(request_id, 2, bureau.session)


def test_nothing_of_a_document_is_in_the_trail_or_in_the_clear(bureau) -> None:
    request_id = bureau.asked(
        bureau.document("QWXZ Vkjh Plmr.pdf"), purpose="Canary of purposes 77", state="s"
    )
    bureau.sign(request_id)
    bureau.result(request_id)
    kept = b"".join(
        record.body.encode() if isinstance(record.body, str) else record.body
        for record in bureau.hub.records()
    )
    with bureau.hub.memory.transaction() as tx:
        kept += repr(tx.signature_requests.get(request_id)).encode()
        kept += tx.signature_requests.get(request_id).record
        kept += b"".join(
            tx.evidence_items.get(request_id, one) for one in tx.evidence_items.names(request_id)
        )
    assert b"Vkjh" not in kept
    assert b"Canary of purposes" not in kept
    assert bureau.hub.trail_is_sound()


def test_the_window_of_the_settings_counts(bureau) -> None:
    bureau.open(lifetime=timedelta(minutes=3))
    assert bureau.ask()[1]["expires_in"] == 180
