"""Evidence verifies offline, and not after any change."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.signing.activation.conftest import ORIGIN, certificate_for

from hkeid.kernel.errors import HkeidError, MalformedInput
from hkeid.signing.activation import (
    ActivationStatement,
    DocumentHashes,
    SignatureEvidence,
    verify_evidence,
)

RP_ID = "id.example.hk"


@pytest.fixture
def evidence(notary) -> SignatureEvidence:
    request = notary.request("a.pdf", "b.pdf")
    made = notary.sign(notary.approve(request), request)
    return replace(made.evidence, display=request.display)


def verify(evidence: SignatureEvidence, **named) -> str:
    try:
        verify_evidence(evidence, **{"rp_id": RP_ID, "origins": {ORIGIN}, **named})
    except HkeidError as error:
        return error.reason
    return "verified"


def test_survives_its_text(evidence) -> None:
    again = SignatureEvidence.loads(evidence.dumps())
    assert again == evidence
    assert verify(again) == "verified"


def test_of_another_service_is_refused(evidence) -> None:
    assert verify(evidence, rp_id="other.example.hk") == "rp_id_mismatch"
    assert verify(evidence, origins={"https://other.example.hk"}) == "origin_mismatch"


def test_of_other_signatures_is_refused(evidence) -> None:
    first, second = evidence.signatures
    assert verify(replace(evidence, signatures=(second, first))) == "signature_invalid"
    assert verify(replace(evidence, signatures=(first,))) == "signature_count"


def test_of_another_display_is_refused(evidence) -> None:
    assert verify(replace(evidence, display=b'{"who":"nobody"}')) == "display_mismatch"


def test_used_after_its_end_is_refused(evidence) -> None:
    activation = evidence.activation
    late = replace(activation, activated_at=activation.statement.expires_at)
    assert verify(replace(evidence, activation=late)) == "activation_expired"


def test_of_an_earlier_time_is_refused(evidence) -> None:
    """Nothing signs the moment: it must fit the end of the activation, which is signed."""
    activation = evidence.activation
    for back in ({"days": 3650}, {"hours": 1, "seconds": 1}):
        early = replace(
            activation, activated_at=activation.statement.expires_at - timedelta(**back)
        )
        assert verify(replace(evidence, activation=early)) == "activation_time_mismatch"


def test_with_another_name_for_the_same_key_is_refused(notary, evidence) -> None:
    """Anybody can make a certificate for a public key, whoever they say is its holder."""
    forged = certificate_for(notary.key.public_key, notary.hub.clock.now())
    other = replace(evidence, certificates=(forged,))
    assert verify(other) == "certificate_mismatch"


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_changed_byte_verifies(evidence, data) -> None:
    members = json.loads(evidence.dumps())
    activation = members["activation"]
    places = [
        (activation["statement"], "displayed"),
        (activation["statement"], "certificate"),
        (activation["statement"], "nonce"),
        (activation["statement"]["documents"][0], "document"),
        (activation["statement"]["documents"][1], "to_be_signed"),
        (activation, "client_data"),
        (activation, "authenticator_data"),
        (activation, "assertion"),
        (activation, "public_key"),
    ]
    where, name = data.draw(st.sampled_from(places))
    text = where[name]
    index = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("ABCDEFabcdef0189-_"))
    if text[index] == letter:
        return
    where[name] = text[:index] + letter + text[index + 1 :]
    try:
        changed = SignatureEvidence.loads(json.dumps(members).encode())
    except HkeidError:
        return
    assert verify(changed) != "verified"


@settings(max_examples=100)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["format", "activation", "signatures", "certificates", "display", "statement"]
                ),
                inner,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_raises_only_our_errors(value) -> None:
    try:
        SignatureEvidence.loads(json.dumps(value).encode())
    except MalformedInput:
        return
    raise AssertionError("parsed")


def statement(**changes) -> ActivationStatement:
    from datetime import UTC, datetime

    values = {
        "rp_id": RP_ID,
        "client_id": "ird",
        "key_id": "key",
        "certificate": b"c" * 32,
        "hash_name": "sha256",
        "documents": (DocumentHashes(document=b"d" * 32, to_be_signed=b"t" * 32),),
        "displayed": sha256(b"{}").digest(),
        "nonce": b"n" * 32,
        "expires_at": datetime(2026, 11, 28, tzinfo=UTC),
    }
    return ActivationStatement(**{**values, **changes})


def test_no_two_statements_share_a_challenge_by_moving_text_between_fields() -> None:
    assert (
        statement(client_id="ab", key_id="c").challenge()
        != statement(client_id="a", key_id="bc").challenge()
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"documents": ()}, "documents_missing"),
        ({"hash_name": "sha1"}, "hash_unknown"),
        ({"hash_name": "sha384"}, "hash_length"),
        ({"nonce": b"n"}, "statement_malformed"),
        ({"displayed": b"n"}, "statement_malformed"),
        ({"certificate": b"n"}, "statement_malformed"),
        ({"documents": (DocumentHashes(document=b"", to_be_signed=b"t" * 32),)}, "hash_length"),
    ],
)
def test_a_statement_is_well_formed(changes, expected) -> None:
    with pytest.raises(MalformedInput) as caught:
        statement(**changes)
    assert caught.value.reason == expected
