"""An honest device registers and logs in, in every ordinary variation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.authenticator_ca import AAGUID, AttestationAuthority, new_batch
from hkeid.webauthn import (
    CeremonyKind,
    presented_credential_id,
    verify_assertion,
    verify_registration,
)


@pytest.mark.parametrize("algorithm", [-7, -8, -257], ids=["ES256", "EdDSA", "RS256"])
@pytest.mark.parametrize("synced", [False, True], ids=["bound", "synced"])
def test_registers_and_logs_in(desk: Any, algorithm: int, *, synced: bool) -> None:
    phone = SoftwareAuthenticator(algorithms=(algorithm,), synced=synced)
    credential = desk.register(phone)
    assert credential.algorithm == algorithm
    assert credential.backup_eligible is credential.backed_up is synced
    assert credential.attestation == credential.attestation_format == "none"
    assert credential.resident_id == desk.resident.id
    proof = desk.login(phone, credential)
    assert proof.credential_id == credential.id
    assert proof.user_verified
    assert proof.backed_up is synced
    assert proof.sign_count == (0 if synced else 1)


@pytest.mark.parametrize("form", [str, bytes, dict])
def test_takes_text_bytes_and_parsed_json(desk: Any, phone: Any, form: type) -> None:
    def shaped(answer: dict[str, Any]) -> Any:
        text = json.dumps(answer)
        return {str: text, bytes: text.encode(), dict: answer}[form]

    start = desk.start_registration()
    answer = shaped(phone.create(start.options, desk.origin))
    new = verify_registration(answer, desk.claim(start), desk.policy)
    credential = new.as_credential(desk.resident.id, b"", desk.clock.now())
    start = desk.start_login()
    answer = shaped(phone.get(start.options, desk.origin))
    assert presented_credential_id(answer) == credential.id
    handle = desk.resident.user_handle
    assert verify_assertion(answer, desk.claim(start), credential, handle, desk.policy)


@pytest.mark.parametrize("attestation", ["none", "self", "packed"])
def test_what_attestation_amounts_to(desk: Any, attestation: Any) -> None:
    authority = AttestationAuthority()
    phone = SoftwareAuthenticator(attestation=attestation, batch=new_batch(authority))
    asking = desk.with_policy(attestation="direct", trust=authority)
    new = asking.register_new(phone)
    assert new.attestation == {"none": "none", "self": "self", "packed": "verified"}[attestation]
    assert len(new.trust_chain) == (2 if attestation == "packed" else 0)
    assert bytes.fromhex(new.aaguid.replace("-", "")) == AAGUID
    assert desk.register_new(phone).attestation == "none"  # not asked, so not sent


def test_step_up_with_the_credential_named(desk: Any, phone: Any) -> None:
    credential = desk.register(phone)
    proof = desk.login(
        phone,
        credential,
        kind=CeremonyKind.STEP_UP,
        allow=(credential,),
        resident_id=desk.resident.id,
    )
    assert proof.credential_id == credential.id


def test_an_exported_passkey_works_elsewhere(desk: Any, phone: Any) -> None:
    credential = desk.register(phone)
    exported = json.loads(json.dumps(phone.export_credential(credential.id)))
    other = SoftwareAuthenticator()
    other.import_credential(exported)
    assert desk.login(other, credential).credential_id == credential.id
