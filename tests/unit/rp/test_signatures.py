"""Asking for signatures: what is sent, what comes back, and what is not believed."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from hkeid.rp import (
    LoginFailed,
    ProviderMisbehaved,
    RelyingParty,
    SignatureDeclined,
    SignatureNotTaken,
    StartAgain,
)
from hkeid.rp.signature_records import DocumentToSign, SignatureState
from hkeid.testing.fake_provider import FakeProvider
from hkeid.testing.fake_signing import FakeSigning

BACK = "https://service.example.hk/eid/signed"
PDF = b"%PDF-1.7 a document"
DIGEST = hashlib.sha256(b"kept here").digest()


@pytest.fixture
def signing() -> FakeSigning:
    return FakeSigning(FakeProvider())


@pytest.fixture
def party(signing) -> RelyingParty:
    return RelyingParty(signing.provider.issuer, client_id="service", http=signing)


def ask(party: RelyingParty, **more: Any) -> Any:
    wanted = {"pdf": PDF, "document_name": "Paper.pdf", "redirect_uri": BACK}
    return party.request_signature(**{**wanted, **more})


def test_a_pdf_comes_back_signed(party, signing) -> None:
    asked = ask(party)
    assert asked.url.startswith(signing.provider.issuer + "/sign/")
    assert (asked.code, asked.expires_in) == ("K7WM", 900)
    signed = party.finish_signature(asked.state, signing.sign(asked.url))
    assert signed.pdf.startswith(PDF)
    assert signed.sub == "a-fictional-resident"
    assert len(signed.certificates) == 1
    with pytest.raises(ValueError, match="PDF"):
        _ = signed.signature


def test_a_hash_comes_back_with_its_signature(party, signing) -> None:
    asked = ask(party, pdf=None, hash=DIGEST)
    signed = party.finish_signature(asked.state, signing.sign(asked.url))
    assert signed.documents[0].hash == DIGEST
    assert signed.signature
    with pytest.raises(ValueError, match="hash"):
        _ = signed.pdf


def test_several_documents_keep_their_order(party, signing) -> None:
    documents = [DocumentToSign(name=f"{n}", pdf=PDF + b"%d" % n) for n in range(3)]
    asked = ask(party, pdf=None, documents=documents)
    signed = party.finish_signature(asked.state, signing.sign(asked.url))
    assert [one.name for one in signed.documents] == ["0", "1", "2"]


def test_a_document_is_one_of_the_two(party) -> None:
    with pytest.raises(ValueError, match="one of the two"):
        ask(party, hash=DIGEST)
    with pytest.raises(ValueError, match="one of the two"):
        ask(party, pdf=None)


@pytest.mark.parametrize("status", ["refused", "waiting"])
def test_no_signature_is_told_by_its_reason(party, signing, status) -> None:
    asked = ask(party)
    back = signing.refuse(asked.url)
    if status == "waiting":
        signing._requests[asked.request_id].status = "waiting"
    with pytest.raises(SignatureDeclined) as refused:
        party.finish_signature(asked.state, back)
    assert (refused.value.reason, refused.value.error) == (f"signature_{status}", status)


def test_what_the_browser_says_of_the_outcome_counts_nothing(party, signing) -> None:
    asked = ask(party)
    back = signing.refuse(asked.url).replace("outcome=refused", "outcome=signed")
    with pytest.raises(SignatureDeclined, match="signature_refused"):
        party.finish_signature(asked.state, back)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda url: url.replace("state=", "state=x"), "state_mismatch"),
        (lambda url: url.replace("state=", "other="), "state_missing"),
        (lambda url: url.replace("request_id=0", "request_id=9"), "signature_request_other"),
        (lambda url: url.replace("iss=", "no="), "callback_issuer_missing"),
        (lambda url: url.replace("eid.example.hk", "evil.example.hk"), "callback_issuer_mismatch"),
        (lambda url: url + "&state=again", "callback_parameter_repeated"),
    ],
)
def test_another_callback_is_refused(party, signing, change, reason) -> None:
    asked = ask(party)
    with pytest.raises(LoginFailed, match=reason):
        party.finish_signature(asked.state, change(signing.sign(asked.url)))


def _documents(answer: dict[str, Any], **changes: Any) -> None:
    answer["documents"] = [{**one, **changes} for one in answer["documents"]]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda a: _documents(a, pdf=base64.b64encode(b"%PDF another").decode()),
         "signature_documents_other"),
        (lambda a: a.update(documents=[]), "signature_documents_other"),
        (lambda a: a.update(documents=a["documents"] * 2), "signature_documents_other"),
        (lambda a: a.update(documents=["x"]), "signature_documents_other"),
        (lambda a: _documents(a, pdf="?"), "signature_answer_malformed"),
        (lambda a: a.update(certificates=[]), "signature_certificates_missing"),
        (lambda a: a.update(sub=7), "signature_answer_malformed"),
        (lambda a: a.update(evidence=None), "signature_answer_malformed"),
        (lambda a: a.update(status="perhaps"), "signature_status_unknown"),
        (lambda a: a.pop("status"), "signature_answer_malformed"),
    ],
)  # fmt: skip
def test_another_result_is_not_believed(party, signing, spoil, reason) -> None:
    asked = ask(party)
    back = signing.sign(asked.url)

    def change(answer: dict[str, Any]) -> None:
        spoil(answer)

    signing.spoil = change
    with pytest.raises(ProviderMisbehaved, match=reason):
        party.finish_signature(asked.state, back)


@pytest.mark.parametrize("value", [b"", b"no signature", b"\x30\x06\x02\x01\x01\x02\x01\x01"])
def test_a_value_that_is_no_signature_over_the_hash_is_not_believed(party, signing, value) -> None:
    asked = ask(party, pdf=None, hash=DIGEST)
    back = signing.sign(asked.url)
    signing.spoil = lambda answer: _documents(answer, signature=base64.b64encode(value).decode())
    with pytest.raises(ProviderMisbehaved, match=r"signature_value_wrong|malformed"):
        party.finish_signature(asked.state, back)


def test_another_resident_is_not_believed(party, signing) -> None:
    asked = ask(party, subject="the-one")
    with pytest.raises(ProviderMisbehaved, match="signature_subject_other"):
        party.finish_signature(asked.state, signing.sign(asked.url))
    signing.sub = "the-one"
    assert party.finish_signature(asked.state, signing.sign(asked.url)).sub == "the-one"


@pytest.mark.parametrize(
    ("answer", "reason", "document"),
    [
        ((422, {"error": "document_refused", "reason": "pdf_javascript", "document": 2}),
         "signature_not_taken_pdf_javascript", 2),
        ((403, {"error": "access_denied", "reason": "too_many_open"}),
         "signature_not_taken_too_many_open", None),
        ((401, {"error": "invalid_client"}), "signature_not_taken_invalid_client", None),
        ((400, {"error": ["x"], "reason": "<b>"}), "signature_not_taken_unknown", None),
    ],
)  # fmt: skip
def test_what_is_not_taken_on_is_told_with_the_reason(
    party, signing, answer, reason, document
) -> None:
    signing.refusal = answer
    with pytest.raises(SignatureNotTaken) as refused:
        ask(party)
    assert (refused.value.reason, refused.value.document) == (reason, document)


def test_a_state_of_another_party_or_out_of_time_is_refused(party, signing) -> None:
    asked = ask(party)
    back = signing.sign(asked.url)
    members = json.loads(asked.state)
    for changes, reason in (
        ({"client_id": "another"}, "signature_state_foreign"),
        ({"created": members["created"] - 4000}, "signature_state_expired"),
        ({"v": 2}, "signature_state_malformed"),
        ({"sizes": ["x"]}, "signature_state_malformed"),
        ({"created": "now"}, "signature_state_malformed"),
    ):
        with pytest.raises(StartAgain, match=reason):
            party.finish_signature(json.dumps({**members, **changes}), back)
    with pytest.raises(StartAgain, match="malformed"):
        party.finish_signature("nothing", back)


def test_states_survive_encoding(party) -> None:
    state = SignatureState.decode(ask(party, subject="sub").state)
    assert SignatureState.decode(state.encode()) == state
    assert state.subject == "sub"
    assert timedelta(0) <= state.created.tzinfo.utcoffset(state.created) == timedelta(0)
